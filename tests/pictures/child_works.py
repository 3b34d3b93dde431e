"""What the tests let a child do."""

import os
import signal
import time

from evidense.boundary.child import Work, in_child
from evidense.errors import UnsafeInput


def child_pid() -> int:
    """Return the process id of this process's child."""
    return int(in_child("pictures.child_works:pid", b""))


def _spin() -> None:
    while True:
        pass


def pid() -> Work:
    return lambda data: _spin() if data else str(os.getpid()).encode()  # type: ignore[return-value]


def echo() -> Work:
    return lambda data: data


def endless() -> Work:
    return lambda data: _spin() or data  # type: ignore[func-returns-value]


def asleep() -> Work:
    return lambda data: time.sleep(60) or data  # type: ignore[func-returns-value]


def hungry() -> Work:
    return lambda data: bytes(2 << 30)


def ended_by_term() -> Work:
    return lambda data: os.kill(os.getpid(), signal.SIGTERM) or data  # type: ignore[func-returns-value]


def refusing() -> Work:
    def refuse(data: bytes) -> bytes:
        raise UnsafeInput("mine")

    return refuse


def opening() -> Work:
    def open_it(data: bytes) -> bytes:
        try:
            os.close(os.open(data, os.O_RDONLY))
        except OSError as error:
            return str(error.strerror).encode()
        return b"opened"

    return open_it
