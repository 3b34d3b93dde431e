"""Swap: exchanges the names of two folders of one disk in one step, if the system can."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_EXCHANGE = 2


def exchange(first: Path, second: Path) -> bool:
    """Exchange the names of two folders atomically; return False, and change nothing, if this system or disk cannot."""
    call = _call()
    if call is None:
        return False
    return bool(call(os.fsencode(first), os.fsencode(second)) == 0)


@cache
def _call() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        return lambda a, b: libc.renameat2(_AT_FDCWD, a, _AT_FDCWD, b, _EXCHANGE)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return lambda a, b: libc.renamex_np(a, b, _EXCHANGE)
    return None
