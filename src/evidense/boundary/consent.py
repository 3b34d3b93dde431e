"""Consent: decides whose code may run. Code that a study, page or folder names runs only if the user named it or allowed all code."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from evidense.errors import UnsafeInput


@dataclass(frozen=True)
class Consent:
    """The code that the user agreed to run: what the command itself names, or everything that a study names."""

    named: tuple[str, ...] = ()
    everything: bool = False
    nothing: bool = False
    """True while a plan is made: then no code runs."""
    command: str = ""
    """Random name of the command or call that it was given to: a budget is of one command, whichever process spends it."""

    def covers(self, code: str) -> bool:
        """Say whether code (`module:function`) may run: its name stands first, or behind `first=`; other options do not matter."""
        is_named = any(f"python:{code}" in re.split(r"[@\[\]]|\bfirst=", name) for name in self.named)
        return not self.nothing and (self.everything or is_named)


_NOTHING_NAMED = Consent()
_GIVEN: ContextVar[Consent] = ContextVar("consent", default=_NOTHING_NAMED)


def consent() -> Consent:
    """Return the current consent; a worker gets it from its parent."""
    return _GIVEN.get()


@contextmanager
def consenting(named: Iterable[str] = (), *, everything: bool = False, nothing: bool = False) -> Iterator[None]:
    """In this block, let the code run that the user named on the command line or in a call; or all code, or none."""
    current = consent()
    command = current.command or os.urandom(8).hex()
    token = _GIVEN.set(
        Consent((*current.named, *named), everything or current.everything, nothing or current.nothing, command)
    )
    try:
        yield
    finally:
        _GIVEN.reset(token)


def accept(agreed: Consent) -> None:
    """Set the consent in a worker."""
    _GIVEN.set(agreed)


def require(code: str, where: str) -> None:
    """Refuse to run code that the user did not agree to.

    Raises:
        UnsafeInput: the user did not agree; the message names the module and its file.

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
