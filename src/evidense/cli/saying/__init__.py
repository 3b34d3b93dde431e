"""What commands print: lines of a run, and sentences of faults."""
