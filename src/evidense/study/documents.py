"""Documents: files of papers, each read once while a question is answered: the search reads them for their heads, then their findings are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from evidense import registry
from evidense.values import ReadDocument

MOST = 200
"""Documents that are held."""
_asking: list[object] = []
"""One for each question that is being answered: documents are held while there is one."""


@contextmanager
def each_read_once() -> Iterator[None]:
    """Hold documents until the block ends; nothing is held outside of one.

    >>> with each_read_once():
    ...     len(_asking)
    1
    >>> len(_asking)
    0
    """
    _asking.append(None)
    try:
        yield
    finally:
        _asking.pop()
        if not _asking:
            _read.cache_clear()


def read_document(path: Path) -> ReadDocument:
    """Read a file; inside `each_read_once`, return what was read of it, as long as it has not changed.

    Raises:
        InvalidInput: it cannot be read.
        UnsafeInput: it is not safe to read.
        AmbiguousName: several readers know it.
    """
    if not _asking:
        return registry.read(path)
    try:
        seen = path.stat()
    except OSError:
        return registry.read(path)
    return _read(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=MOST)
def _read(path: Path, _changed_ns: int, _size: int) -> ReadDocument:
    return registry.read(path)
