"""Tables: rows of CSV, TSV, JSONL and Parquet files."""
