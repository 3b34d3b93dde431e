"""Log of what was computed: a line for each step, encoding and part, by whom and when. It shows that nothing finished is computed twice."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evidense.store.lines import append_line, lines

ROOM = "computed"
LOGGED = frozenset({"steps", "vectors", "indexes", "states", "leaks"})
"""Rooms of the store whose notes say that something was computed."""


@dataclass(frozen=True)
class Computed:
    """Something that a process finished: where and under which key the store has it, when (UTC), on which computer, by which process."""

    room: str
    key: str
    at: str
    host: str
    pid: int


def add_line(root: Path, room: str, key: str) -> None:
    """Note that this process finished something that is now in the store."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    append_line(root, ROOM, {"at": at, "key": key, "pid": os.getpid(), "room": room})


def logged(root: Path) -> Iterator[Computed]:
    """Yield the lines of all computers, those of each in order."""
    for host, entry in lines(root, ROOM):
        with suppress(ValueError, KeyError, TypeError):
            yield Computed(entry["room"], entry["key"], entry["at"], host, int(entry["pid"]))
