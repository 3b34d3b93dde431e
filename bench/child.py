"""Run one job and print its lines as JSON: `python -m bench.child NAME`."""

import importlib
import json
import sys

MARK = "bench-lines: "
"""Stands before the JSON, so that what libraries print does not disturb."""

if __name__ == "__main__":
    lines = importlib.import_module(f"bench.rows.{sys.argv[1]}").measure()
    print(MARK + json.dumps([line.to_json() for line in lines]))
