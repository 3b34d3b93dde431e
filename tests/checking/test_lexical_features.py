"""Counted features, and the regression over them: finite on any text, the same as scikit-learn's, and above the floor on SciFact."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.checking.features import FEATURES, closest, features
from evidense.checking.labelled import labelled_pairs
from evidense.checking.softmax import Softmax, fit_softmax
from evidense.study.check.corpus import read_corpus, read_labelled
from evidense.values import EvidencePair


def of(evidence: str, claim: str) -> dict[str, float]:
    return dict(zip(FEATURES, features(EvidencePair(evidence, claim)), strict=True))


def test_a_copy_overlaps_wholly_and_a_stranger_not_at_all() -> None:
    copied, strange = (
        of("Aspirin reduces fever in adults.", "Aspirin reduces fever in adults."),
        of("Trains.", "Aspirin reduces fever."),
    )
    assert copied["rare_overlap"] == copied["ordered_overlap"] == copied["numbers_shared"] == 1
    assert strange["rare_overlap"] == strange["best_rare_overlap"] == 0
    assert strange["n_missing"] == 0.3


@pytest.mark.parametrize(
    ("evidence", "claim", "raised"),
    [
        ("Aspirin does not reduce fever.", "Aspirin reduces fever.", "denies_differ"),
        ("Aspirin decreased fever.", "Aspirin increases fever.", "opposites_named"),
        ("Aspirin lowered fever.", "Aspirin raises fever.", "opposite_direction"),
        ("There was no significant difference in fever.", "Aspirin reduces fever.", "null_in_best"),
        ("Aspirin may reduce fever.", "Aspirin reduces fever.", "best_hedges"),
        ("Aspirin reduced fever in 5 adults.", "Aspirin reduced fever in 8 adults.", "claim_has_number"),
    ],
)
def test_what_could_refute_is_counted(evidence: str, claim: str, raised: str) -> None:
    assert of(evidence, claim)[raised] > 0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=100))
def test_features_of_any_texts_are_finite(evidence: str, claim: str) -> None:
    measured = features(EvidencePair(evidence, claim))
    assert len(measured) == len(FEATURES)
    assert np.isfinite(measured).all()


def test_closest_prefers_rare_words_and_then_the_first() -> None:
    assert closest("the effect of aspirin", ["the effect of the", "aspirin", "aspirin"])[:2] == [1, 2]


@pytest.mark.parametrize("balanced", [True, False])
def test_the_fit_is_that_of_scikit_learn(balanced: bool) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(300, 6)) * [1, 5, 0.1, 2, 1, 3] + 4
    classes = (inputs[:, 0] + rng.normal(size=300) > 4).astype(int) + (inputs[:, 1] > 9)
    reference = linear_model.LogisticRegression(
        C=0.7, class_weight="balanced" if balanced else None, tol=1e-10, max_iter=10_000
    )
    scaled = StandardScaler().fit_transform(inputs)
    stated = reference.fit(scaled, classes).predict_proba(scaled)
    ours = fit_softmax(inputs, classes, 0.7, balanced)
    np.testing.assert_allclose(ours(inputs), stated, atol=2e-4)
    np.testing.assert_allclose(Softmax.of_json(ours.to_json())(inputs), ours(inputs), atol=1e-7)


def macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    return float(
        np.mean([2 * ((truth == c) & (said == c)).sum() / ((truth == c).sum() + (said == c).sum()) for c in range(3)])
    )


def test_the_shipped_weights_are_above_the_floor_on_scifacts_development_fold(shared_data: Path) -> None:
    folder = shared_data / "scifact"
    works = {work.key: work for work in read_corpus(folder / "corpus.jsonl")}
    labelled = labelled_pairs(read_labelled(folder / "claims_dev.jsonl"), works.get)
    assert len(labelled.pairs) == 339  # one claim cites an abstract twice
    parts = {name: registry.part("entailers", name).open(name) for name in ("features", "lexical")}
    f1 = {name: macro_f1(labelled.stances, part.entail(labelled.pairs).argmax(axis=1)) for name, part in parts.items()}
    assert f1["features"] >= 0.60
    assert f1["features"] > f1["lexical"] + 0.1
