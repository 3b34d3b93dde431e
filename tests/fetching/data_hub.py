"""A hub of data sets on this machine: the folders OWNER/NAME below a root, at one commit, as huggingface_hub asks for them."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fetching.loopback import Said, Seen, serving

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def hub_of(root: Path, broken: str) -> Iterator[str]:
    """Yield the address of the hub. The bytes of the files of this name are refused once."""
    left = [broken]

    def answer(seen: Seen) -> Said:
        match seen.path.strip("/").split("/"):
            case ["api", "datasets", owner, name]:
                return _json({"id": f"{owner}/{name}", "sha": COMMIT, "private": False, "tags": [], "siblings": []})
            case ["api", "datasets", owner, name, "revision", _]:
                return _json({"id": f"{owner}/{name}", "sha": COMMIT, "private": False, "tags": [], "siblings": []})
            case ["api", "datasets", owner, name, "tree", _, *inside]:
                return _listing(root / owner / name, "/".join(inside))
            case ["datasets", owner, name, "resolve", _, *inside]:
                path = root.joinpath(owner, name, *inside)
                return Said(status=403) if _is_due(left, path, seen) else _file(path, seen)
        return Said(status=404)

    with serving(answer) as loopback:
        yield loopback.url


def _is_due(left: list[str], path: Path, seen: Seen) -> bool:
    """Say whether this request is the one that fails: the first for bytes of the file."""
    is_due = path.name in left and seen.method == "GET"
    if is_due:
        left.remove(path.name)
    return is_due


def _json(value: Any) -> Said:
    return Said(json.dumps(value).encode())


def _listing(repository: Path, inside: str) -> Said:
    folder = repository / inside
    if not folder.is_dir():
        return Said(status=404)
    return _json([_entry(repository, path) for path in sorted(folder.iterdir())])


def _entry(repository: Path, path: Path) -> dict[str, Any]:
    name = str(path.relative_to(repository))
    if path.is_dir():
        return {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
    return {"type": "file", "oid": _oid(path.read_bytes()), "size": path.stat().st_size, "path": name}


def _file(path: Path, seen: Seen) -> Said:
    if not path.is_file():
        return Said(status=404)
    data = path.read_bytes()
    headers = {"etag": f'"{_oid(data)}"', "x-repo-commit": COMMIT, "accept-ranges": "bytes"}
    if "range" not in seen.headers:
        return Said(data, kind="application/octet-stream", headers=headers)
    first, _, last = seen.headers["range"].removeprefix("bytes=").partition("-")
    piece = data[int(first) : int(last or len(data)) + 1]
    headers["content-range"] = f"bytes {first}-{int(first) + len(piece) - 1}/{len(data)}"
    return Said(piece, 206, "application/octet-stream", headers)


def _oid(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
