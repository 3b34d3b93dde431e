"""Report: records to one page, figures, tables and exports."""
