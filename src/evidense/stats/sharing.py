"""Sharing: collections that share queries, or what queries are about, count as one where their means are averaged.

Collections that share anything are one *part*: their queries stand in one row, each weighted by what its collection weighs in the mean, with one
grouping over all of them. So a query that stands in five collections is drawn once, and five copies say as much as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from evidense.stats.bounds import Bounds
from evidense.stats.crossed import Seeded
from evidense.stats.dependence.clusters import connected
from evidense.stats.dependence.overlap import Grouping, Overlap, labels_of, part_of
from evidense.stats.differences import Differences
from evidense.stats.flat import commonest

FAMILY = 0.1
"""Two collections are one family where more than this share of either's queries is shared."""


@dataclass(frozen=True)
class Part:
    """Collections that share anything with one another, by their places, and how their queries depend on each other.

    `clusters` is of the queries of all of them, one collection after the other; None of a collection by itself, whose own grouping holds.
    """

    places: tuple[int, ...]
    clusters: Grouping | None = None


@dataclass(frozen=True)
class Sharing:
    """What the collections of a mean share: `parts` hold every collection once.

    >>> Sharing.nothing(3).parts
    (Part(places=(0,), clusters=None), Part(places=(1,), clusters=None), Part(places=(2,), clusters=None))
    """

    parts: tuple[Part, ...]

    @classmethod
    def nothing(cls, n: int) -> "Sharing":
        """Return that of collections which share nothing."""
        return cls(tuple(Part((at,)) for at in range(n)))

    @property
    def n_collections(self) -> int:
        """How many collections there are."""
        return sum(len(part.places) for part in self.parts)

    def scale(self, part: Part) -> float:
        """By what a part's mean is multiplied, so that the plain mean over parts is that over collections."""
        return len(part.places) * len(self.parts) / self.n_collections

    def of(self, places: Sequence[int], sizes: Sequence[int]) -> "Sharing":
        """Return the sharing of some collections, numbered anew; `sizes` says how many queries each of all collections has."""
        found = []
        for part in self.parts:
            kept = [at for at in part.places if at in places]
            if not kept:
                continue
            new = tuple(list(places).index(at) for at in kept)
            own = None
            if part.clusters is not None and len(kept) > 1:
                own = part_of(part.clusters, np.isin(_owners(part, sizes), kept))
            found.append(Part(new, own))
        return Sharing(tuple(found))

    def families(self, sizes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Return the collections that count as one each, where it is asked what a new collection would show."""
        found: list[tuple[int, ...]] = []
        for part in self.parts:
            if part.clusters is None:
                found.append(part.places)
                continue
            owners, k = _owners(part, sizes), range(len(part.places))
            near = _shares(part.clusters, np.searchsorted(np.array(part.places), owners)) > FAMILY
            labels = connected(len(part.places), [(a, b) for a in k for b in k if near[a, b]])
            found += [
                tuple(np.array(part.places)[labels == label].tolist()) for label in dict.fromkeys(labels.tolist())
            ]
        return tuple(sorted(found))


def _owners(part: Part, sizes: Sequence[int]) -> Int[np.ndarray, " q"]:
    """Return the collection of each query of a part."""
    return np.repeat(np.array(part.places), [sizes[at] for at in part.places])


def _shares(grouping: Grouping, owners: Int[np.ndarray, " q"]) -> Float[np.ndarray, "k k"]:
    """Return which share of each collection's queries (row), by the weight of what they are about, each other one (column) has too."""
    from scipy.sparse import csr_matrix

    labels = np.unique(labels_of(grouping), return_inverse=True)[1]
    places = np.arange(len(labels))
    rows = grouping.rows if isinstance(grouping, Overlap) else csr_matrix((np.ones(len(labels)), (places, labels)))
    member = csr_matrix((np.ones(len(owners)), (owners, places)))
    weight, there = member @ rows.multiply(rows), (member @ rows) > 0
    shares: Float[np.ndarray, "k k"] = (weight @ there.T.astype(np.float64)).toarray() / np.bincount(owners)[:, None]
    return shares


# --- one row for what is shared


@dataclass(frozen=True)
class Pool:
    """The differences on several collections, as they were given and with each part in one row.

    The plain mean over the parts' means is that over the collections. What is added to a row so that its collections have something in
    common (their mean, their commonest value, nothing) is a matter of what is asked.
    """

    given: Sequence[Differences]
    sharing: Sharing

    @cached_property
    def at_means(self) -> list[Differences]:
        """Each collection's differences around the mean over its part, as far from it as they are from their own: for standard errors and draws."""
        return joined(self.given, self.sharing, lambda x: x.mean(axis=-1))

    @cached_property
    def at_zero(self) -> list[Differences]:
        """The weighted differences as they are, 0 where they are 0: for what counts differences."""
        return joined(self.given, self.sharing, lambda x: np.zeros(x.shape[:-1]))

    @cached_property
    def at_modes(self) -> list[Differences]:
        """The same around the commonest value: for what looks for equal ones."""
        return joined(self.given, self.sharing, lambda x: np.array([commonest(row) for row in x]))


Centre = Callable[[Float[np.ndarray, "*k q"]], Float[np.ndarray, "*k"]]


def joined(family: Sequence[Differences], sharing: Sharing, centre: Centre) -> list[Differences]:
    """Return one table a part, such that the plain mean of their means is that of the collections.

    A table of several collections has (x − its centre) · weight + (mean of the centres); one by itself stays as it is.
    """
    found = []
    for part in sharing.parts:
        some, scale = [family[at] for at in part.places], sharing.scale(part)
        if len(some) == scale == 1:
            found.append(some[0])
            continue
        centres = [centre(one.values) for one in some]
        values = _beside([one.values for one in some], centres, scale)
        clusters = some[0].clusters if part.clusters is None else part.clusters
        found.append(Differences(values, clusters, _bounds([one.bounds for one in some], centres, scale)))
    return found


def _bounds(
    several: Sequence[Bounds | None], centres: Sequence[Float[np.ndarray, " s"]], scale: float
) -> Bounds | None:
    known = [one for one in several if one is not None]
    if len(known) < len(several):
        return None
    return Bounds(_beside([b.least for b in known], centres, scale), _beside([b.most for b in known], centres, scale))


def joined_seeded(family: Sequence[Seeded], sharing: Sharing) -> list[Seeded]:
    """Return the same of tables of seeds × queries, each around the mean of its seed."""
    found = []
    for part in sharing.parts:
        some, scale = [family[at] for at in part.places], sharing.scale(part)
        if len(some) == scale == 1:
            found.append(some[0])
            continue
        values = _beside([one.values for one in some], [one.values.mean(axis=-1) for one in some], scale)
        found.append(Seeded(values, some[0].clusters if part.clusters is None else part.clusters))
    return found


def _beside(
    tables: Sequence[Float[np.ndarray, "*k _"]], centres: Sequence[Float[np.ndarray, "*k"]], scale: float
) -> Float[np.ndarray, "*k n"]:
    """Put the queries of several collections into one row, those of each weighted so that all collections weigh the same."""
    n = sum(table.shape[-1] for table in tables)
    middle = np.mean(centres, axis=0)[..., None]
    rows = [
        (table - centre[..., None]) * (n / (len(tables) * table.shape[-1])) + middle
        for table, centre in zip(tables, centres, strict=True)
    ]
    beside: Float[np.ndarray, "*k n"] = np.concatenate(rows, axis=-1) * scale
    return beside
