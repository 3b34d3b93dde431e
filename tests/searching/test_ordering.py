"""The order of screening: TF-IDF and the linear SVM give what scikit-learn gives."""

import numpy as np
import pytest

from evidense.searching.svm import svm_scores
from evidense.searching.tfidf import tfidf

TOPICS = (
    "glacial lakes drain in summer floods",
    "moths migrate over dry islands at night",
    "clay kilns burn wood slowly",
)
RNG = np.random.default_rng(7)
WORDS = " ".join(TOPICS).split()
TEXTS = [f"{TOPICS[i % 3]} {' '.join(RNG.choice(WORDS, 8))} a Naïve x{i}" for i in range(90)] + ["", "!!", "é e"]


@pytest.mark.parametrize("with_pairs", [False, True])
def test_tfidf_equals_that_of_scikit_learn(with_pairs: bool) -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    theirs = text.TfidfVectorizer(ngram_range=(1, 2 if with_pairs else 1)).fit_transform(TEXTS)
    ours = tfidf(TEXTS, with_pairs=with_pairs)
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() < 1e-12


@pytest.mark.parametrize("c", [0.11, 1.0, 10.0])
def test_the_svm_equals_that_of_scikit_learn(c: float) -> None:
    svm = pytest.importorskip("sklearn.svm")
    features = tfidf(TEXTS)
    relevant = np.array([i % 3 == 1 for i in range(len(TEXTS))])
    labelled = np.array([i % 4 != 0 for i in range(len(TEXTS))])
    ours = svm_scores(features, labelled, relevant, c)
    fitted = svm.LinearSVC(C=c, class_weight="balanced", tol=1e-10, max_iter=200_000).fit(
        features[labelled], relevant[labelled]
    )
    assert np.abs(ours - fitted.decision_function(features)).max() < 1e-4


def test_relevant_works_come_first_after_a_few_labels() -> None:
    relevant = np.array(["moths" in text.split()[:1] for text in TEXTS])
    labelled = np.zeros(len(TEXTS), dtype=bool)
    labelled[[0, 1, 2, 3]] = True
    scores = svm_scores(tfidf(TEXTS), labelled, relevant)
    first = np.argsort(-scores)[:25]
    assert relevant[first].mean() > 0.9


def test_texts_without_words_have_a_row_and_a_score() -> None:
    features = tfidf(["", "...", "moths moths"])
    assert features.shape == (3, 1)
    assert np.isfinite(svm_scores(features, np.array([True, False, True]), np.array([False, False, True]))).all()
    assert tfidf([]).shape[0] == 0
