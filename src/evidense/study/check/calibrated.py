"""Calibrated: an entailer measured on claims with labels, and the file by which other checks use that, where it is named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, log, log1p
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float64
from pydantic import Field

from evidense.boundary.documents import Form, read_as
from evidense.boundary.files import read_bytes
from evidense.boundary.numerals import percent, plain
from evidense.checking.calibration import Calibration, TextKind
from evidense.checking.labelled import LabelledClaim, calibration_of, labelled_pairs
from evidense.checking.library import WorkLibrary
from evidense.errors import InvalidInput
from evidense.parts import Entailer
from evidense.records import Json
from evidense.values import STANCES, EvidencePair

SCHEMA = "evidense/calibration-1"
WHAT = "a calibration.json that --calibrate wrote"
LEAST_CLUSTERS = 20
"""Groups of pairs that share no document and no claim. With fewer hardly any risk can be shown: 28 right verdicts of 28 still allow .10."""
_ERROR = 0.05


class _CalibratedTexts(Form):
    """One kind of text in a calibration.json."""

    entailer: str
    kind: TextKind
    data: str
    stated: list[Annotated[float, Field(ge=0, le=1)]] = Field(min_length=2)
    is_right: Annotated[str, Field(pattern="^[01]+$")]
    clusters: list[int]


class _CalibrationFile(Form):
    """A calibration.json."""

    calibrations: list[_CalibratedTexts] = Field(min_length=1)


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
        InvalidInput: too few claims whose works are at hand, or all with one label.
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
    if len(set(labelled.stances.tolist())) == 1:
        raise InvalidInput(
            f"{data} has one label alone for its {kind}s: '{STANCES[labelled.stances[0]]}'. Expected two at least, or nothing is learned of what an "
            "entailer confuses. Label claims of another kind too."
        )
    return calibration_of(entailer.identity, kind, data, entailer.entail(labelled.pairs), labelled)


def calibration_json(calibrations: Sequence[Calibration], data_sha256: str) -> dict[str, Json]:
    """Return the file that a calibration is handed on as; it names the data that it was measured on."""
    rows = [
        {**one.to_json(), "n_pairs": len(one.stated), "n_groups": len(set(one.clusters)), "sha256_of_data": data_sha256}
        for one in calibrations
    ]
    return {"schema": SCHEMA, "calibrations": rows}


def read_calibrations(path: Path | None, identity: str) -> tuple[Calibration, ...]:
    """Return what a file that `--calibrate` wrote says of an entailer; nothing where no file is named.

    Raises:
        InvalidInput: it is no such file, or was measured on another entailer.
    """
    if path is None:
        return ()
    kept = read_as(_CalibrationFile, read_bytes(path, WHAT), str(path))
    found = []
    for row in kept.calibrations:
        if not len(row.stated) == len(row.is_right) == len(row.clusters):
            raise InvalidInput(
                f"'{path}' has not one outcome and one group for each confidence; expected {WHAT}; write it again"
            )
        if row.entailer != identity:
            raise InvalidInput(
                f"'{path}' was measured on another entailer, or on other weights or settings of it; expected the one in use; name it with --entailer, "
                "or measure this one with --calibrate"
            )
        found.append(Calibration.of_json(row.model_dump()))
    return tuple(found)


def n_needed(risk: float) -> int:
    """Return how many groups a verdict wants at least, all of them right, for a risk to be shown.

    >>> n_needed(0.10), n_needed(0.05)
    (29, 59)
    """
    return ceil(log(_ERROR) / log1p(-risk))


def remark_on(calibration: Calibration, name: str, risk: float) -> str:
    """Say for the page on what an entailer was calibrated, how far its confidences are off, and where it can show no risk at all."""
    n, n_clusters = len(calibration.stated), len(set(calibration.clusters))
    needed = n_needed(risk)
    few = f". {n_clusters:,} groups are too few for any verdict at a risk of {percent(risk)}: {needed:,} are needed at least, all of them right"
    return (
        f"{name} was calibrated on the labels of {calibration.data}: {n:,} {calibration.kind}s beside works, {n_clusters:,} groups that share none; its "
        f"confidences are off by {plain(calibration.error())} on average, across folds of these groups. The risk holds for other documents of this kind, "
        "if the model was trained on none of these; other checks use it only where --calibration names calibration.json, which lies beside this page"
        f"{few if n_clusters < needed else ''}"
    )
