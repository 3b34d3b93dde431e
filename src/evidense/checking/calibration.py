"""Calibration: how often the verdicts of an entailer were right on folds of labelled documents, and from which confidence on they may be printed."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from evidense.records import sha256_of
from evidense.stats.forecasts.abstaining import RiskCoverage, Threshold, bounded_risks, risk_coverage, safe_threshold
from evidense.stats.forecasts.calibration_error import expected_calibration_error
from evidense.stats.forecasts.calibrators import fit_isotonic, fit_logistic
from evidense.stats.forecasts.folds import Calibrator, Outcomes, cross_fitted, fold_rows
from evidense.values import CheckWord

TextKind = Literal["claim", "citing sentence"]
"""A sentence that stands for itself, or one that cites its source in a paper."""
Fit = Callable[[Float[np.ndarray, "..."], Outcomes], Calibrator]
"""Confidences and outcomes → how often each confidence is right."""
SHIPPED = "calibrations.json"
N_FOLDS = 10
"""Folds by cluster, of which each is calibrated by the others, to tell how far stated confidences are off."""
_VERDICTS: tuple[CheckWord, CheckWord] = ("SUPPORTED", "REFUTED")


@dataclass(frozen=True)
class Calibration:
    """Verdicts of one entailer on one kind of text, each on documents that it was not fitted on, and whether they were right."""

    entailer: str
    """The identity of the entailer."""
    kind: TextKind
    data: str
    """What was judged, in words for the page."""
    stated: tuple[float, ...]
    """The larger probability of "supports" and "refutes", one a pair."""
    is_right: tuple[bool, ...]
    clusters: tuple[int, ...]
    """Pairs that share documents or claims have one number."""

    @property
    def id(self) -> str:
        """Return the hash of everything in it."""
        return sha256_of(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return it as it ships."""
        return {
            "entailer": self.entailer, "kind": self.kind, "data": self.data, "stated": list(self.stated),
            "is_right": "".join("01"[right] for right in self.is_right), "clusters": list(self.clusters),
        }  # fmt: skip

    @classmethod
    def of_json(cls, table: Mapping[str, Any]) -> "Calibration":
        """Return what `to_json` wrote."""
        right = tuple(sign == "1" for sign in table["is_right"])
        return cls(
            table["entailer"], table["kind"], table["data"], tuple(table["stated"]), right, tuple(table["clusters"])
        )

    def rounded(self, n_digits: int) -> "Calibration":
        """Return it with its confidences rounded, as it ships."""
        return replace(self, stated=tuple(round(value, n_digits) for value in self.stated))

    @cached_property
    def calibrator(self) -> Calibrator:
        """Return the share of right verdicts at each stated probability: a logistic or an isotonic curve, whichever foresees other clusters better."""
        return self._chosen[0](self._stated, self._is_right)

    def share_right(self, stated: float) -> float:
        """Return how often a verdict of this stated probability is right."""
        return float(self.calibrator(np.array([stated]))[0])

    def error(self) -> float:
        """Return the calibration error of `share_right`, each pair by a fit on other clusters; noise is taken off.

        Raises:
            InvalidInput: a single cluster.
        """
        return expected_calibration_error(self._chosen[1], self._is_right)

    @cached_property
    def _chosen(self) -> tuple[Fit, Float64[np.ndarray, " n"]]:
        """Return the way to fit that has the lower Brier score over folds by cluster, and its shares there."""
        n_folds = max(2, min(N_FOLDS, len(set(self.clusters))))
        folds = fold_rows(self._clusters, n_folds, np.random.default_rng(0))
        fits: tuple[Fit, ...] = (fit_logistic, fit_isotonic)
        tried = [(fit, cross_fitted(fit, self._stated, self._is_right, folds)) for fit in fits]
        return min(tried, key=lambda pair: float(((pair[1] - self._is_right) ** 2).mean()))

    def threshold(self, risk: float) -> Threshold | None:
        """Return from which stated probability on verdicts have at most this risk at its 95 % upper bound; None where none has."""
        return _threshold(self, risk)

    def curve(self) -> RiskCoverage:
        """Return the risk of giving a verdict at each stated probability and above, by the share of pairs that then have one."""
        return risk_coverage(self._stated, ~self._is_right)

    def bounded(self) -> tuple[Threshold, ...]:
        """Return the risk, with its upper end, at each of ten equal steps of coverage."""
        return bounded_risks(self._stated, ~self._is_right, self._clusters)

    @property
    def _stated(self) -> Float64[np.ndarray, " n"]:
        return np.array(self.stated, np.float64)

    @property
    def _is_right(self) -> Bool[np.ndarray, " n"]:
        return np.array(self.is_right, bool)

    @property
    def _clusters(self) -> Int64[np.ndarray, " n"]:
        return np.array(self.clusters, np.int64)


@runtime_checkable
class BringsCalibrations(Protocol):
    """An entailer whose weights do not ship, and that was calibrated when they were made."""

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """Of exactly these weights, for the kinds of text that they were measured on."""
        ...


@lru_cache(maxsize=64)
def _threshold(calibration: Calibration, risk: float) -> Threshold | None:
    return safe_threshold(calibration._stated, ~calibration._is_right, calibration._clusters, target=risk)


def verdict_of(row: Float64[np.ndarray, " stances"]) -> tuple[CheckWord, float]:
    """Return the likelier of the two verdicts with its probability, whatever the probability of "neither"."""
    place = int(np.argmax(row[:2]))
    return _VERDICTS[place], float(row[place])


def calibration_for(identity: str, kind: TextKind) -> Calibration | None:
    """Return the calibration of an entailer for a kind of text; None where its verdicts were never measured on it."""
    return next((c for c in _shipped() if c.entailer == identity and c.kind == kind), None)


@cache
def _shipped() -> tuple[Calibration, ...]:
    table = json.loads((files("evidense.checking") / "shipped" / SHIPPED).read_text("utf-8"))
    return tuple(Calibration.of_json(row) for row in table["calibrations"])


def calibrations_json(calibrations: Iterable[Calibration]) -> str:
    """Return the file that ships."""
    rows = ",\n".join(json.dumps(c.to_json(), separators=(",", ":")) for c in calibrations)
    return f'{{"calibrations": [\n{rows}\n]}}\n'
