"""Unforeseen errors: print one sentence, save the traceback for the developers, and exit with 2."""

import os
import sys
import tempfile
import traceback
from pathlib import Path

from evidense.boundary.strangers import reason

SHOW = "EVIDENSE_TRACEBACK"
"""Environment variable: if it is set, the traceback of every error is shown."""


def fault_sentence(error: BaseException) -> str:
    """Return the sentence on an unforeseen error: what happened, that it is our fault, and where the traceback is."""
    if isinstance(error, MemoryError):
        return f"the memory is full ({reason(error)}); take smaller samples (--queries, --documents), fewer resamples or a larger machine"
    if os.environ.get(SHOW):
        where = "the traceback stands above"
    elif path := _saved(error):
        where = f"the traceback lies in {path}"
    else:
        where = f"{SHOW}=1 shows the traceback"
    return (
        f"{type(error).__name__}: {reason(error)}. This is a fault of Evidense, not of yours; please report it: {where}"
    )


def show_traceback(error: BaseException) -> None:
    """Print the traceback if the user asked for tracebacks."""
    if os.environ.get(SHOW):
        print(_text(error), file=sys.stderr)


def _saved(error: BaseException) -> Path | None:
    try:
        handle, name = tempfile.mkstemp(prefix="evidense-traceback-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_text(error))
    except OSError:
        return None
    return Path(name)


def _text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
