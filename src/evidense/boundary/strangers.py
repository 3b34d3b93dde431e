"""Strangers: turns whatever a library raises while reading somebody's file into one error that names the file."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from evidense.errors import EvidenseError, InvalidInput

MOST_REASON = 300
"""How many characters of a library's message are passed on."""


@contextmanager
def foreign(place: str, advice: str = "Expected what its name says; write or download it again.") -> Iterator[None]:
    """Turn any error of a library in this block into an InvalidInput that names `place`.

    Errors of Evidense, KeyboardInterrupt and SystemExit pass. A panic of a Rust library, which is no Exception in Python, is turned
    into the same error.

    Raises:
        InvalidInput: the block raised; the message has the reason and `advice`.

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
    """Hold back what this process writes to stderr in this block, and pass it on unless the block raises an error of Evidense.

    A Rust library prints its panic there before Python sees it; the error from `foreign` says the same.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as captured:
        before = os.dup(2)
        try:
            os.dup2(captured.fileno(), 2)
            yield
        except BaseException as error:
            if not isinstance(error, EvidenseError):
                _pass_on(captured, before)
            raise
        else:
            _pass_on(captured, before)
        finally:
            os.dup2(before, 2)
            os.close(before)


def _pass_on(captured: IO[bytes], target: int) -> None:
    sys.stderr.flush()
    captured.seek(0)
    while data := captured.read(1 << 16):
        os.write(target, data)


def reason(error: BaseException) -> str:
    """Return the message of an error on one line: the system's words of an OSError, the key of a KeyError, the class name if it is empty.

    >>> reason(KeyError("files")), reason(ValueError()), reason(OSError(2, "No such file or directory"))
    ("'files' is missing", 'ValueError', 'No such file or directory')
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is missing"[:MOST_REASON]
    words = " ".join(str(error).split())
    return words[:MOST_REASON] or type(error).__name__
