"""Strangers: whatever a library raises while it reads somebody's file becomes one error that names the file."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from evidense.errors import EvidenseError, InvalidInput

MOST_REASON = 300
"""Characters of a library's own words that are passed on."""


@contextmanager
def foreign(place: str, advice: str = "Expected what its name says; write or download it again.") -> Iterator[None]:
    """Read somebody's file in this block: an error that is not ours becomes an InvalidInput that names `place`.

    Our own errors pass through, and so do KeyboardInterrupt and SystemExit. A panic of a Rust library, which Python does not count among
    ordinary exceptions, is turned into the same error.

    Raises:
        InvalidInput: whatever the block raised, in its own words, with `advice`.

    >>> with foreign("ids.json"):
    ...     [].pop()
    Traceback (most recent call last):
    evidense.errors.InvalidInput: 'ids.json' cannot be read (pop from empty list). Expected what its name says; write or download it again.
    """
    try:
        yield
    except EvidenseError:
        raise
    except MemoryError:
        raise InvalidInput(f"'{place}' asks for more memory than there is. {advice}") from None
    except RecursionError:
        raise InvalidInput(f"'{place}' is nested too deeply. {advice}") from None
    except Exception as error:
        raise InvalidInput(f"'{place}' cannot be read ({reason(error)}). {advice}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise InvalidInput(f"'{place}' cannot be read ({reason(error)}). {advice}") from error


@contextmanager
def without_panic_text() -> Iterator[None]:
    """Keep what this process writes to its error stream inside the block, and pass it on where the block raises nothing.

    A Rust library prints its panic there before Python sees it; the error that `foreign` makes of it says the same.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        before = os.dup(2)
        try:
            os.dup2(kept.fileno(), 2)
            yield
        except BaseException as error:
            if not isinstance(error, EvidenseError):
                _pass_on(kept, before)
            raise
        else:
            _pass_on(kept, before)
        finally:
            os.dup2(before, 2)
            os.close(before)


def _pass_on(kept: IO[bytes], target: int) -> None:
    sys.stderr.flush()
    kept.seek(0)
    while data := kept.read(1 << 16):
        os.write(target, data)


def reason(error: BaseException) -> str:
    """Return what an error says, on one line: the system's words of an OSError, the key of a KeyError, the kind where it says nothing.

    >>> reason(KeyError("files")), reason(ValueError()), reason(OSError(2, "No such file or directory"))
    ("'files' is missing", 'ValueError', 'No such file or directory')
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is missing"[:MOST_REASON]
    words = " ".join(str(error).split())
    return words[:MOST_REASON] or type(error).__name__
