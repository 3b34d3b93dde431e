"""Consent: whose code may run. What a study, a page or a folder brings along runs only where the user named it or said so."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from evidense.errors import UnsafeInput


@dataclass(frozen=True)
class Consent:
    """What the user agreed to: the code that the command itself names, or everything that a study names."""

    named: tuple[str, ...] = ()
    everything: bool = False
    nothing: bool = False
    """A plan is made: no code runs, whoever named it."""

    def covers(self, code: str) -> bool:
        """Say whether code (`module:function`) was named, whatever options followed."""
        is_named = any(name.partition("@")[0] == f"python:{code}" for name in self.named)
        return not self.nothing and (self.everything or is_named)


_NOTHING_NAMED = Consent()
_GIVEN: ContextVar[Consent] = ContextVar("consent", default=_NOTHING_NAMED)


def consent() -> Consent:
    """Return what the user agreed to; a worker is given it by its parent."""
    return _GIVEN.get()


@contextmanager
def consenting(named: Iterable[str] = (), *, everything: bool = False, nothing: bool = False) -> Iterator[None]:
    """Let code run in this block that the user named on the command line or in a call, or everything, or nothing."""
    given = consent()
    token = _GIVEN.set(Consent((*given.named, *named), everything or given.everything, nothing or given.nothing))
    try:
        yield
    finally:
        _GIVEN.reset(token)


def accept(given: Consent) -> None:
    """Take over, in a worker, what the user agreed to."""
    _GIVEN.set(given)


def require(code: str, where: str) -> None:
    """Refuse to run code that the user did not ask for.

    Raises:
        UnsafeInput: with the module, and the file that it lies in.

    >>> require("evil:f", "evil.py")
    Traceback (most recent call last):
    evidense.errors.UnsafeInput: 'python:evil:f' would run evil.py, which this command does not name. Read that file; if you trust it, \
name the system on the command line, or add --allow-code (in Python: allow_code=True).
    """
    if not consent().covers(code):
        raise UnsafeInput(
            f"'python:{code}' would run {where}, which this command does not name. Read that file; if you trust it, name the system on the "
            "command line, or add --allow-code (in Python: allow_code=True)."
        )
