"""Labelled: claims whose stance to works somebody has told, the pairs that an entailer is asked about, and what its verdicts on them come to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int, Int64

from evidense.checking.calibration import Calibration, TextKind
from evidense.checking.library import LibraryWork, closest_sentences, evidence_pair
from evidense.stats.dependence.clusters import connected
from evidense.values import STANCES, EvidencePair
from evidense.values.checking import Stance


@dataclass(frozen=True)
class LabelledClaim:
    """A claim, and how the works that it cites stand to it."""

    id: str
    text: str
    kind: TextKind
    stance_of: Mapping[str, Stance]
    """Key of a work → its stance."""

    @property
    def key(self) -> str:
        """Return its id."""
        return self.id


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs with their stance (a column of `values.STANCES`) and their cluster."""

    pairs: list[EvidencePair]
    stances: Int64[np.ndarray, " n"]
    clusters: Int[np.ndarray, " n"]
    """Pairs that share a document or a claim, directly or through others, have one number."""


def labelled_pairs(claims: Iterable[LabelledClaim], work_of: Callable[[str], LibraryWork | None]) -> LabelledPairs:
    """Put the title and the closest sentences of each work before the claim that cites it, as a check does; works that are not at hand are left out."""
    rows = [
        (claim, work, stance)
        for claim in claims
        for key, stance in claim.stance_of.items()
        if (work := work_of(key)) is not None
    ]
    return LabelledPairs(
        [pair_of(claim.text, work) for claim, work, _ in rows],
        np.array([STANCES.index(stance) for _, _, stance in rows], np.int64),
        _clusters([(claim.id, work.key) for claim, work, _ in rows]),
    )


def pair_of(claim: str, work: LibraryWork) -> EvidencePair:
    """Put a title and the closest sentences before a claim, as a check does."""
    return evidence_pair(claim, work.work.title, closest_sentences(work, claim))


def _clusters(ids: list[tuple[str, str]]) -> Int[np.ndarray, " n"]:
    """Number the groups of pairs (claim, document) that share either."""
    first: dict[tuple[str, str], int] = {}
    sides = [(row, side) for row, (claim, work) in enumerate(ids) for side in (("claim", claim), ("document", work))]
    return connected(len(ids), [(first.setdefault(side, row), row) for row, side in sides])


def calibration_of(
    identity: str, kind: TextKind, data: str, stated: Float64[np.ndarray, "n 3"], labelled: LabelledPairs
) -> Calibration:
    """Return the larger of "supports" and "refutes" of every pair, and whether it is right; `data` says in words what was judged."""
    is_right = stated[:, :2].argmax(axis=1) == labelled.stances
    confidences = tuple(map(float, stated[:, :2].max(axis=1)))
    return Calibration(
        identity, kind, data, confidences, tuple(map(bool, is_right)), tuple(map(int, labelled.clusters))
    )
