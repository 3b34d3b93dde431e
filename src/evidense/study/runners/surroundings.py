"""Surroundings: what a worker takes over from the process whose tasks it runs."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidense.boundary.consent import Consent, accept, consent
from evidense.boundary.streams import make_visible
from evidense.compute.pictures.arrays import share_pictures
from evidense.compute.threads import one_thread
from evidense.fetching.packages.kept import KEPT_IN, kept_in
from evidense.store.places import STORE

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""Variables of a worker: the bytes of an encoding depend on the number of threads."""
QUIET = {"TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True)
class Surroundings:
    """The store at `address`, which holds the weights of `checkpoint:ID`, the packages of the user's store, the working folder, and the consent."""

    address: str
    packages: Path = field(default_factory=kept_in)
    folder: Path = field(default_factory=Path.cwd)
    agreed: Consent = field(default_factory=consent)

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables of the environment that name the store and the packages."""
        return {STORE: self.address, KEPT_IN: str(self.packages.absolute())}

    def take_over(self) -> None:
        """Make them those of this process, which is a worker. What it has kept of another run is forgotten."""
        forget()
        make_visible()
        accept(self.agreed)
        os.environ.update({**ONE_THREAD, **QUIET, **self.variables})
        os.chdir(self.folder)
        share_pictures()


_MEMORIES: list[dict[Any, Any]] = []


def kept_by_worker() -> dict[Any, Any]:
    """Return a dictionary for what a worker opens and keeps for the next tasks of its run."""
    _MEMORIES.append({})
    return _MEMORIES[-1]


@contextmanager
def memory_of_one_run() -> Iterator[None]:
    """Forget, at both ends of this block, what this process has kept of a run: files may have changed since."""
    forget()
    try:
        yield
    finally:
        forget()


def forget() -> None:
    """Forget what this process has kept of a run."""
    for memory in _MEMORIES:
        memory.clear()


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment in this block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def as_worker(address: str) -> Iterator[None]:
    """Let this process compute as a worker in this block: on one thread, with the store at `address`."""
    with variables(Surroundings(address).variables), one_thread():
        yield


@contextmanager
def hidden_main() -> Iterator[None]:
    """Keep new processes from running the user's script again. Workers import the functions that they need by name."""
    main = sys.modules["__main__"]
    attributes = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    for name in attributes:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in attributes.items():
            setattr(main, name, value)
