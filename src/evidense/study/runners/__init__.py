"""Runners: take steps that are ready and run them, in this process, in processes here, or on a Ray cluster. Equal steps give equal bytes."""
