"""Sharing: collections that share queries, or what queries are about, count as one where their means are averaged.

Collections that share anything are one *part*. The queries of a part form one row, weighted so that every collection has equal weight
in the mean, with one grouping over all of them. So a query that stands in five collections is drawn once, and five copies carry no
more information than one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Int

from evidense.stats.bounds import Bounds
from evidense.stats.crossed import Seeded
from evidense.stats.dependence.clusters import connected
from evidense.stats.dependence.overlap import Grouping, Overlap, labels_of, part_of
from evidense.stats.differences import Differences
from evidense.stats.flat import commonest

FAMILY = 0.1
"""Two collections belong to one family if more than this share of either's queries is shared."""


@dataclass(frozen=True)
class LinkedCollections:
    """Collections that share anything with one another, by their indices, and how their queries depend on each other.

    `clusters` covers the queries of all members, one collection after the other. It is None for a single collection, whose own
    grouping holds.
    """

    members: tuple[int, ...]
    clusters: Grouping | None = None


@dataclass(frozen=True)
class Sharing:
    """What the collections of a mean share: every collection is a member of exactly one of `parts`.

    >>> Sharing.nothing(2).parts
    (LinkedCollections(members=(0,), clusters=None), LinkedCollections(members=(1,), clusters=None))
    """

    parts: tuple[LinkedCollections, ...]

    @classmethod
    def nothing(cls, n: int) -> "Sharing":
        """Return the sharing of n collections that have nothing in common."""
        return cls(tuple(LinkedCollections((member,)) for member in range(n)))

    @property
    def n_collections(self) -> int:
        """Return the number of collections."""
        return sum(len(part.members) for part in self.parts)

    @property
    def shares_nothing(self) -> bool:
        """Say whether every collection stands alone."""
        return len(self.parts) == self.n_collections

    def scale(self, part: LinkedCollections) -> float:
        """Return the factor of a part's mean that makes the plain mean over parts equal the mean over collections."""
        return len(part.members) * len(self.parts) / self.n_collections

    def of(self, selected: Sequence[int], sizes: Sequence[int]) -> "Sharing":
        """Return the sharing of the selected collections, numbered anew; `sizes` is the number of queries of every collection."""
        parts = []
        for part in self.parts:
            left = [member for member in part.members if member in selected]
            if not left:
                continue
            clusters = None
            if part.clusters is not None and len(left) > 1:
                clusters = part_of(part.clusters, np.isin(_owners(part, sizes), left))
            parts.append(LinkedCollections(tuple(list(selected).index(member) for member in left), clusters))
        return Sharing(tuple(parts))

    def families(self, sizes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Return the independent families of collections; each counts as one in estimates for a new collection."""
        families: list[tuple[int, ...]] = []
        for part in self.parts:
            families += [part.members] if part.clusters is None else _families(part, part.clusters, sizes)
        return tuple(sorted(families))


def _families(part: LinkedCollections, clusters: Grouping, sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Split a part into families: connected collections of which more than `FAMILY` is shared."""
    members = np.array(part.members)
    is_near = _shares(clusters, np.searchsorted(members, _owners(part, sizes))) > FAMILY
    labels = connected(len(members), [(int(a), int(b)) for a, b in np.argwhere(is_near)])
    return [tuple(members[labels == label].tolist()) for label in dict.fromkeys(labels.tolist())]


def _owners(part: LinkedCollections, sizes: Sequence[int]) -> Int[np.ndarray, " q"]:
    """Return the collection of each query of a part."""
    return np.repeat(np.array(part.members), [sizes[member] for member in part.members])


def _shares(grouping: Grouping, owners: Int[np.ndarray, " q"]) -> Float[np.ndarray, "k k"]:
    """Return the share of each collection's queries (row) that each other collection (column) has too, by weight."""
    from scipy.sparse import csr_matrix

    labels = np.unique(labels_of(grouping), return_inverse=True)[1]
    queries = np.arange(len(labels))
    rows = grouping.rows if isinstance(grouping, Overlap) else csr_matrix((np.ones(len(labels)), (queries, labels)))
    member = csr_matrix((np.ones(len(owners)), (owners, queries)))
    weight, occurs = member @ rows.multiply(rows), (member @ rows) > 0
    shares: Float[np.ndarray, "k k"] = (weight @ occurs.T.astype(np.float64)).toarray() / np.bincount(owners)[:, None]
    return shares


# --- one row for what is shared


@dataclass(frozen=True)
class Pool:
    """The differences on several collections: as given, and with each part in one row.

    The plain mean over the parts' means is the mean over the collections. The three properties differ in the centre around which a
    collection's differences are weighted: its mean, 0, or its commonest value.
    """

    given: Sequence[Differences]
    sharing: Sharing

    @cached_property
    def at_means(self) -> list[Differences]:
        """Return the rows weighted around each collection's mean; standard errors and draws are computed from these."""
        return joined(self.given, self.sharing, lambda x: x.mean(axis=-1))

    @cached_property
    def at_zero(self) -> list[Differences]:
        """Return the rows weighted around 0, so that 0 stays 0; non-zero differences are counted in these."""
        return joined(self.given, self.sharing, lambda x: np.zeros(x.shape[:-1]))

    @cached_property
    def at_modes(self) -> list[Differences]:
        """Return the rows weighted around each collection's commonest value; equal differences are looked for in these."""
        return joined(self.given, self.sharing, lambda x: np.array([commonest(row) for row in x]))


Centre = Callable[[Float[np.ndarray, "*k q"]], Float[np.ndarray, "*k"]]
_Table = TypeVar("_Table", Differences, Seeded)


def joined(family: Sequence[Differences], sharing: Sharing, centre: Centre) -> list[Differences]:
    """Return one table a part, such that the plain mean of their means is that of the collections.

    The table of several collections holds (x − its centre) · weight + (mean of the centres); a single collection stays as it is.
    """
    return _by_part(family, sharing, partial(_joined_differences, centre))


def joined_seeded(family: Sequence[Seeded], sharing: Sharing) -> list[Seeded]:
    """Return the same for tables of seeds × queries, each around the mean of its seed."""
    return _by_part(family, sharing, _joined_seeded)


def _by_part(
    family: Sequence[_Table], sharing: Sharing, join: Callable[[Sequence[_Table], Grouping, float], _Table]
) -> list[_Table]:
    tables = []
    for part in sharing.parts:
        several, scale = [family[member] for member in part.members], sharing.scale(part)
        clusters = several[0].clusters if part.clusters is None else part.clusters
        tables.append(several[0] if len(several) == scale == 1 else join(several, clusters, scale))
    return tables


def _joined_differences(
    centre: Centre, several: Sequence[Differences], clusters: Grouping, scale: float
) -> Differences:
    centres = [centre(table.values) for table in several]
    values = _beside([table.values for table in several], centres, scale)
    return Differences(values, clusters, _bounds([table.bounds for table in several], centres, scale))


def _joined_seeded(several: Sequence[Seeded], clusters: Grouping, scale: float) -> Seeded:
    values = _beside([table.values for table in several], [table.values.mean(axis=-1) for table in several], scale)
    return Seeded(values, clusters)


def _bounds(
    several: Sequence[Bounds | None], centres: Sequence[Float[np.ndarray, " s"]], scale: float
) -> Bounds | None:
    known = [bounds for bounds in several if bounds is not None]
    if len(known) < len(several):
        return None
    return Bounds(_beside([b.least for b in known], centres, scale), _beside([b.most for b in known], centres, scale))


def _beside(
    tables: Sequence[Float[np.ndarray, "*k _"]], centres: Sequence[Float[np.ndarray, "*k"]], scale: float
) -> Float[np.ndarray, "*k n"]:
    """Put the queries of several collections into one row, weighted so that all collections weigh the same."""
    n = sum(table.shape[-1] for table in tables)
    mean_centre = np.mean(centres, axis=0)[..., None]
    rows = [
        (table - centre[..., None]) * (n / (len(tables) * table.shape[-1])) + mean_centre
        for table, centre in zip(tables, centres, strict=True)
    ]
    beside: Float[np.ndarray, "*k n"] = np.concatenate(rows, axis=-1) * scale
    return beside
