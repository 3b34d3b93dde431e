"""Lines: logs of a store. Each computer appends to a file of its own; a line is one write at its end, which no other process divides."""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def append_line(root: Path, room: str, entry: Mapping[str, Any]) -> None:
    """Append an entry to a log. A full disk loses the line, not the run."""
    line = json.dumps(entry, sort_keys=True) + "\n"
    with suppress(OSError):
        path = root / room / f"{re.sub('[^A-Za-z0-9.-]', '-', platform.node()) or 'unnamed'}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def lines(root: Path, room: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of the computer and each of its entries, in order. A line that a full disk cut is left out."""
    for path in sorted((root / room).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    yield path.stem, entry
