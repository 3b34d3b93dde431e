"""Measured: the judge on the development folds, beside the lexical floor and the counted features. Run once, at the end."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidense import registry
from evidense.checking.calibration import Calibration, TextKind, calibration_for
from evidense.entailers._judge_table import stacked
from evidense.stats.forecasts.abstaining import risk_coverage
from evidense.stats.forecasts.calibration_error import expected_calibration_error
from judge.__main__ import macro_f1, measure
from judge.pairs import Pairs, pairs_of
from judge.small.finish import held_out_by_net, held_out_by_regression
from judge.small.stages import Build, Tell

MARGIN = 0.02
"""Macro-F1 that the judge must gain over another entailer, at the lower end of the interval, to become the default. Set before the first run."""
N_DRAWS = 10_000
SURE = (0.10, 0.15, 0.25)
DEV: dict[TextKind, tuple[str, str]] = {"claim": ("scifact", ""), "citing sentence": ("citint", "#citing")}


@dataclass(frozen=True)
class Gain:
    """Macro-F1 of the judge minus that of another entailer, and its 95 % interval."""

    gain: float
    low: float
    high: float


def measure_kind(build: Build, kind: TextKind, tell: Tell) -> None:
    """Measure on the development fold of a kind of text; adds it to measured.json beside the judge."""
    path = build.out / "measured.json"
    known = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    known[kind] = measured(build, kind)
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    tell(f"{kind}: {json.dumps(known[kind])}")


def look(build: Build, stage: str, tell: Tell) -> None:
    """Say what a stage is worth on SciFact's training pairs, by nets and regressions that have not seen them; development stays closed."""
    of, counted = build.scifact, measure(build.scifact.pairs)
    net = held_out_by_net(build, stage)
    rows = {
        "net": net,
        "features": held_out_by_regression(counted, of, build.seed),
        "stacked": held_out_by_regression(stacked(counted, net), of, build.seed),
    }
    for name, stated in rows.items():
        found = {"macro_f1": macro_f1(of.stances, stated.argmax(axis=1)), **verdicts(of, stated, None)}
        tell(f"{stage}, training pairs, {name}: {json.dumps(found)}")
    tell(f"{stage}, training pairs, stacked − features: {vars(gained(of, rows['stacked'], rows['features']))}")


def measured(build: Build, kind: TextKind) -> dict[str, Any]:
    """Return what is measured of each entailer on one development fold."""
    folder, ending = DEV[kind]
    dev = pairs_of(build.data / folder, "dev")
    spellings = ("lexical", "features", f"judge:{build.out}{ending}")
    opened = [registry.part("entailers", spelling.partition(":")[0]).open(spelling) for spelling in spellings]
    stated = [entailer.entail(dev.pairs) for entailer in opened]
    alone = opened[2].net.entail(dev.pairs)
    calibrations = [calibration_for(opened[1].identity, kind), next(iter(opened[2].calibrations), None)]
    return {
        "n": len(dev.pairs),
        "macro_f1": {
            **{s.partition(":")[0]: macro_f1(dev.stances, rows.argmax(axis=1)) for s, rows in zip(spellings, stated, strict=True)},
            "net alone": macro_f1(dev.stances, alone.argmax(axis=1)),
        },
        "confusion": {"judge": confusion(dev, stated[2]), "net alone": confusion(dev, alone)},
        "gain": {s: vars(gained(dev, stated[2], rows)) for s, rows in zip(spellings[:2], stated[:2], strict=True)},
        "features": verdicts(dev, stated[1], calibrations[0]),
        "judge": verdicts(dev, stated[2], calibrations[1]),
    }  # fmt: skip


def confusion(dev: Pairs, stated: np.ndarray) -> list[list[int]]:
    """Return counts: truth by rows, what was said by columns."""
    table = np.zeros((3, 3), int)
    np.add.at(table, (dev.stances, stated.argmax(axis=1)), 1)
    return table.tolist()


def gained(dev: Pairs, judge: np.ndarray, other: np.ndarray, seed: int = 0) -> Gain:
    """Return the gain in macro-F1, paired: documents and claims that belong together are drawn together, with replacement."""
    tables = [by_cluster(dev, rows.argmax(axis=1)) for rows in (judge, other)]
    n = len(tables[0])
    times = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=N_DRAWS)
    drawn = f1_of(np.tensordot(times, tables[0], 1)) - f1_of(np.tensordot(times, tables[1], 1))
    low, high = np.quantile(drawn, (0.025, 0.975))
    whole = f1_of(tables[0].sum(axis=0)) - f1_of(tables[1].sum(axis=0))
    return Gain(float(whole), float(low), float(high))


def by_cluster(dev: Pairs, said: np.ndarray) -> np.ndarray:
    """Return the confusion of each cluster: clusters, truth, said."""
    labels, member = np.unique(dev.clusters, return_inverse=True)
    table = np.zeros((len(labels), 3, 3))
    np.add.at(table, (member, dev.stances, said), 1)
    return table


def f1_of(confusions: np.ndarray) -> np.ndarray:
    """Return macro-F1 of confusions, whose last two axes are truth and said."""
    right = np.diagonal(confusions, axis1=-2, axis2=-1)
    of = 2 * right / np.maximum(1, confusions.sum(axis=-1) + confusions.sum(axis=-2))
    return np.asarray(of.mean(axis=-1))


def verdicts(dev: Pairs, stated: np.ndarray, calibration: Calibration | None) -> dict[str, Any]:
    """Return of "supports" and "refutes": the risk of the surest, the calibration error, and from where on they may be printed."""
    sure = stated[:, :2].max(axis=1)
    is_wrong = stated[:, :2].argmax(axis=1) != dev.stances
    curve = risk_coverage(sure, is_wrong)
    risks = {f"{share:.2f}": float(curve.risk[np.searchsorted(curve.coverage, share)]) for share in SURE}
    table: dict[str, Any] = {"risk_of_surest": risks}
    if calibration is not None:
        forecast = np.asarray(calibration.calibrator(sure))
        threshold = calibration.threshold(0.10)
        table |= {
            "ece": expected_calibration_error(sure, ~is_wrong),
            "ece_calibrated": expected_calibration_error(forecast, ~is_wrong),
            "threshold": None if threshold is None else vars(threshold),
        }
    return table
