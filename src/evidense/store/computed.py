"""Log of what was computed: a line for each step, encoding and part, by whom and when. It shows that nothing finished is computed twice."""

import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOM = "computed"
LOGGED = frozenset({"steps", "vectors", "states", "leaks"})
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
    """Note that this process finished something that is now in the store.

    Each computer has a file of its own, and a line is one write at the file's end, which no other process divides. A full disk loses the line, not the run.
    """
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": at, "key": key, "pid": os.getpid(), "room": room}, sort_keys=True) + "\n"
    with suppress(OSError):
        path = _path(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def logged(root: Path) -> Iterator[Computed]:
    """Yield the lines of all computers, those of each in order. A line that a full disk cut is left out."""
    for path in sorted((root / ROOM).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                yield Computed(entry["room"], entry["key"], entry["at"], path.stem, int(entry["pid"]))


def _path(root: Path) -> Path:
    return root / ROOM / f"{re.sub('[^A-Za-z0-9.-]', '-', platform.node()) or 'unnamed'}.jsonl"
