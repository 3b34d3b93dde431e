"""Calibrated: an entailer measured on claims with labels, and kept in the store for later checks."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from jaxtyping import Float64

from evidense.checking.calibration import Calibration, TextKind
from evidense.checking.labelled import LabelledClaim, calibration_of, labelled_pairs
from evidense.checking.library import WorkLibrary
from evidense.errors import InvalidInput, StoreError
from evidense.parts import Entailer
from evidense.records import Json, sha256_of
from evidense.store import Store
from evidense.values import EvidencePair

ROOM = "calibrations"
"""Of the store: one note for each entailer and kind of text."""
LEAST_CLUSTERS = 20
"""Groups of pairs that share no document and no claim. With fewer hardly any risk can be shown: 28 right verdicts of 28 still allow .10."""


@dataclass(frozen=True)
class RememberingEntailer:
    """An entailer that is asked about each pair once."""

    entailer: Entailer
    rows: dict[EvidencePair, Float64[np.ndarray, " stances"]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return its name."""
        return self.entailer.name

    @property
    def identity(self) -> str:
        """Return its identity."""
        return self.entailer.identity

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance."""
        asked = [pair for pair in dict.fromkeys(pairs) if pair not in self.rows]
        if asked:
            self.rows.update(zip(asked, self.entailer.entail(asked), strict=True))
        return np.array([self.rows[pair] for pair in pairs]).reshape(-1, 3)


def calibrated(
    claims: Sequence[LabelledClaim], library: WorkLibrary, entailer: Entailer, data: str
) -> tuple[Calibration, ...]:
    """Measure an entailer on claims with labels, each kind of text by itself; `data` names them for the page.

    Raises:
        InvalidInput: too few claims whose works are at hand.
    """
    return tuple(
        _measured(kind, [claim for claim in claims if claim.kind == kind], library, entailer, data)
        for kind in sorted({claim.kind for claim in claims})
    )


def _measured(
    kind: TextKind, claims: Sequence[LabelledClaim], library: WorkLibrary, entailer: Entailer, data: str
) -> Calibration:
    labelled = labelled_pairs(claims, library.get)
    n_clusters = len(np.unique(labelled.clusters))
    if n_clusters < LEAST_CLUSTERS:
        raise InvalidInput(
            f"{data} has {len(labelled.pairs):,} {kind}s beside works that are at hand, in {n_clusters:,} groups that share no work. Expected "
            f"{LEAST_CLUSTERS} groups at least; some hundred show more. Name the works with --in, or label more claims."
        )
    return calibration_of(entailer.identity, kind, data, entailer.entail(labelled.pairs), labelled)


def keep_calibrations(calibrations: Iterable[Calibration], store: Store) -> None:
    """Put calibrations into the store; one of the same entailer and kind of text is replaced."""
    for calibration in calibrations:
        note: dict[str, Json] = {"calibration": calibration.to_json()}
        store.note(ROOM, _key(calibration.entailer, calibration.kind), note)


def kept_calibrations(identity: str, store: Store) -> tuple[Calibration, ...]:
    """Return the calibrations of an entailer that were kept; a damaged one is as good as none."""
    found = []
    for kind in get_args(TextKind):
        with suppress(StoreError):
            found.append(Calibration.of_json(store.noted(ROOM, _key(identity, kind))["calibration"]))
    return tuple(found)


def _key(identity: str, kind: TextKind) -> str:
    return sha256_of(["calibration", identity, kind])


def remark_on(calibration: Calibration, name: str) -> str:
    """Say for the page on what an entailer was calibrated, and how far its confidences are off."""
    n, n_clusters = len(calibration.stated), len(set(calibration.clusters))
    return (
        f"{name} was calibrated on the labels of {calibration.data}: {n:,} {calibration.kind}s beside works, {n_clusters:,} groups that share none; its "
        f"confidences are off by {calibration.error():.3f} on average, across folds of these groups. The risk holds for other documents of this kind, "
        "if the model was trained on none of these"
    )
