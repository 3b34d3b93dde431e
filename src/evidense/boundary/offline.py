"""Offline: makes any network connection of this process and of its children an error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from evidense.errors import UnsafeInput

VARIABLE = "EVIDENSE_OFFLINE"
"""Set in the environment of every child process while connections are forbidden."""
_EVENTS = frozenset(["socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.sendto"])
_hooks: list[str] = []


@contextmanager
def without_network(is_offline: bool = True) -> Iterator[None]:
    """Forbid connections in this block, also to child processes that import Evidense; does nothing unless `is_offline`.

    Raises:
        UnsafeInput: something tried to open one.
    """
    before = os.environ.get(VARIABLE)
    if is_offline:
        os.environ[VARIABLE] = "1"
        obey()
    try:
        yield
    finally:
        if is_offline:
            _restore(before)


def obey() -> None:
    """Watch every connection of this process from now on, and refuse it while the environment says so."""
    if os.environ.get(VARIABLE) and not _hooks:
        _hooks.append(VARIABLE)
        sys.addaudithook(_refuse)


def is_offline() -> bool:
    """Say whether connections are forbidden."""
    return bool(os.environ.get(VARIABLE))


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = before


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse an event that reaches for the network; sockets of this machine's file system (their address is a path) pass."""
    if event not in _EVENTS or not os.environ.get(VARIABLE):
        return
    if event in ("socket.connect", "socket.bind") and isinstance(arguments[1], str | bytes):
        return
    raise UnsafeInput(
        f"a network connection was tried ({event}) while working offline; expected none; run without --offline to ask indexes"
    )
