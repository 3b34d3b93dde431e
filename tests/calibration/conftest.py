"""The long simulations share their worlds with the short ones, and their cells with the table of the docs."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "stats")]
