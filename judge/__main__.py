"""Fit the features entailer on SciFact's training claims, and measure its verdicts on folds by document; writes what ships.

`python -m judge DATA` where DATA holds `scifact/` and `citint/` with corpus.jsonl, claims_train.jsonl and claims_dev.jsonl. Minutes on one core.
Only weights, counts and outcomes are written, no text: claims of SciFact are CC BY 4.0, its abstracts ODC-By 1.0, Citation-Integrity is MIT.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from evidense.checking import features as lexical
from evidense.checking.calibration import Calibration, calibrations_json
from evidense.checking.labelled import calibration_of
from evidense.checking.softmax import Softmax, fit_softmax
from evidense.records import sha256_of
from evidense.stats.forecasts.calibration_error import expected_calibration_error
from evidense.stats.forecasts.folds import fold_rows
from evidense.study.check.corpus import read_corpus
from evidense.texts.stems import stems
from evidense.values import EvidencePair
from judge.pairs import Pairs, pairs_of

SHIPPED = Path(__file__).parents[1] / "src" / "evidense" / "checking" / "shipped"
SEED, N_FOLDS, STRENGTH, LEAST = 16, 10, 1.0, 20
"""STRENGTH: the best of .01 … 3 by macro-F1 over folds of the training claims. LEAST: documents that hold a stem whose count ships."""
CARD = {
    "what": "multinomial logistic regression over counted features of a passage and a statement",
    "fitted_on": "SciFact training claims, each beside every abstract that it cites: title and the three closest sentences",
    "licences": "claims CC BY 4.0, abstracts ODC-By 1.0 (S2ORC); only weights are kept",
    "by": "make judge",
    "not_for": "verdicts: at a target risk of .10 none may be printed; it ranks passages",
}


def main(folder: Path) -> None:
    """Write rarity.json, features.json and calibrations.json."""
    write("rarity.json", rarity_json(folder / "scifact" / "corpus.jsonl"))
    train, dev = (pairs_of(folder / "scifact", fold) for fold in ("train", "dev"))
    measured = measure(train.pairs)
    model = fit_softmax(measured, train.stances, STRENGTH)
    table = {
        "version": lexical.VERSION,
        "features": list(lexical.FEATURES),
        "card": CARD,
        "n_pairs": len(train.pairs),
        **model.to_json(),
    }
    write("features.json", json.dumps(table, separators=(",", ":")) + "\n")
    identity = sha256_of(["features", table])
    held_out = across_folds(measured, train)
    print(f"folds of train: macro-F1 {macro_f1(train.stances, held_out.argmax(axis=1)):.3f}")
    print(f"dev: macro-F1 {macro_f1(dev.stances, model(measure(dev.pairs)).argmax(axis=1)):.3f}")
    citing = pairs_of(folder / "citint", "train")
    stated = model(measure(citing.pairs))
    print(f"citing sentences, train: macro-F1 {macro_f1(citing.stances, stated.argmax(axis=1)):.3f}")
    folds = "SciFact training claims beside the abstracts that they cite, ten folds by document"
    sentences = "Citation-Integrity training sentences beside what they cite"
    rows = [
        calibration_of(identity, "claim", folds, held_out, train),
        calibration_of(identity, "citing sentence", sentences, stated, citing),
    ]
    rows = [row.rounded(4) for row in rows]
    write("calibrations.json", calibrations_json(rows))
    for row, name in zip(rows, ("scifact", "citint"), strict=True):
        held = pairs_of(folder / name, "dev")
        told(row, calibration_of(identity, row.kind, "", model(measure(held.pairs)), held))


def rarity_json(corpus: Path) -> str:
    """Count in how many abstracts each frequent stem is."""
    works = read_corpus(corpus)
    counts = Counter(stem for work in works for stem in set(stems(f"{work.work.title} {work.text.text}")))
    kept = {stem: n for stem, n in sorted(counts.items()) if n >= LEAST}
    table = {"n_documents": len(works), "n_unlisted": 5, "counts": kept}
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n"


def measure(pairs: list[EvidencePair]) -> np.ndarray:
    """Return the features of pairs, a row each."""
    return np.array([lexical.features(pair) for pair in pairs])


def across_folds(measured: np.ndarray, train: Pairs) -> np.ndarray:
    """Return each pair's probabilities by weights that were fitted on other documents and claims."""
    folds = fold_rows(train.clusters, N_FOLDS, np.random.default_rng(SEED))
    stated = np.empty((len(folds), 3))
    for fold in range(N_FOLDS):
        out = folds == fold
        model: Softmax = fit_softmax(measured[~out], train.stances[~out], STRENGTH)
        stated[out] = model(measured[out])
    return stated


def macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    """Return the mean of the three stances' F1."""
    of = [2 * ((truth == c) & (said == c)).sum() / max(1, (truth == c).sum() + (said == c).sum()) for c in range(3)]
    return float(np.mean(of))


def told(fitted: Calibration, held: Calibration) -> None:
    """Print how far the stated confidences of a calibration are off, across its folds and on a development fold."""
    sure, is_right = np.array(held.stated), np.array(held.is_right)
    error = expected_calibration_error(fitted.calibrator(sure), is_right)
    tenth = np.argsort(-sure, kind="stable")[: len(sure) // 10]
    print(
        f"{fitted.kind}s: {type(fitted.calibrator).__name__}, calibration error {fitted.error():.3f} by folds, {error:.3f} on dev"
    )
    print(
        f"{fitted.kind}s, dev: {(~is_right[tenth]).mean():.3f} of the surest {len(tenth)} wrong; threshold at .10: {fitted.threshold(0.10)}"
    )


def write(name: str, text: str) -> None:
    """Write one file that ships."""
    (SHIPPED / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(text):,} characters")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
