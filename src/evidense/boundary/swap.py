"""Swap: two folders of one disk exchange their names in one step, where the system can do that."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_EXCHANGE = 2


def exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders atomically; False where this system or disk cannot, and nothing has happened."""
    call = _call()
    if call is None:
        return False
    return bool(call(os.fsencode(one), os.fsencode(other)) == 0)


@cache
def _call() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        return lambda a, b: libc.renameat2(_AT_FDCWD, a, _AT_FDCWD, b, _EXCHANGE)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return lambda a, b: libc.renamex_np(a, b, _EXCHANGE)
    return None
