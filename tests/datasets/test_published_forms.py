"""Folders of FiQA's and ArguAna's form: empty documents, judgements of absent documents and queries, queries that are documents.

The numbers are those of pytrec_eval over the whole file of judgements, as BEIR and mteb compute them.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval

from evidense import registry
from evidense.compute.search import scoring
from evidense.reading.training_pairs import pairs_of
from evidense.values import Collection, RankedLists, Spelling

WORDS = "egg boil water six minutes paris france capital planet jupiter light speed moon tide bond yield tax fund rate stock".split()
MEASURES = {"nDCG@10": "ndcg_cut_10", "R@10": "recall_10", "AP@100": "map_cut_100", "RR": "recip_rank"}


def texts(rng: np.random.Generator, n: int) -> list[str]:
    return [" ".join([*rng.choice(WORDS, 5), f"word{i}"]) for i in range(n)]


def written(at: Path, documents: dict[str, str], queries: dict[str, str], qrels: dict[str, dict[str, int]]) -> Path:
    (at / "qrels").mkdir(parents=True)
    corpus = [{"_id": key, "title": "", "text": text} for key, text in documents.items()]
    (at / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in corpus))
    (at / "queries.jsonl").write_text("".join(json.dumps({"_id": q, "text": t}) + "\n" for q, t in queries.items()))
    lines = [f"{q}\t{d}\t{gain}\n" for q, gains in qrels.items() for d, gain in gains.items()]
    (at / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    return at


@pytest.fixture
def fiqa(tmp_path: Path) -> tuple[Path, dict[str, dict[str, int]]]:
    """Empty documents (one of them relevant), a relevant document that is not there, a judged query that is not there."""
    rng = np.random.default_rng(5)
    documents = dict(zip((f"d{i}" for i in range(60)), texts(rng, 60), strict=True))
    documents |= {"d7": "", "d8": "", "d9": ""}
    queries = {f"q{i}": " ".join(rng.choice(WORDS, 3)) for i in range(20)}
    qrels = {q: {f"d{d}": 1 for d in rng.choice(60, 3, replace=False)} for q in queries}
    qrels["q3"] = {"d7": 1, "d11": 1}
    qrels["q5"] |= {"absent-1": 1}
    qrels["q6"] = {"absent-2": 1}
    qrels["nobody"] = {"d1": 1}
    return written(tmp_path / "fiqa", documents, queries, qrels), qrels


@pytest.fixture
def arguana(tmp_path: Path) -> tuple[Path, dict[str, dict[str, int]]]:
    """Every query is a document, too; its counterargument is relevant, and one of these is not there."""
    rng = np.random.default_rng(6)
    documents = {f"{topic}{side}": text for side in "ab" for topic, text in enumerate(texts(rng, 25))}
    documents = {key: f"{text} {key}" for key, text in documents.items()}
    queries = {f"{topic}a": documents[f"{topic}a"] for topic in range(25)}
    qrels = {f"{topic}a": {f"{topic}b": 1} for topic in range(25)}
    del documents["4b"]
    return written(tmp_path / "arguana", documents, queries, qrels), qrels


def opened(at: Path) -> Collection:
    (collection,) = registry.collections(str(at))
    return collection


def ranked(collection: Collection, system: str) -> RankedLists:
    part, rest = registry.system(Spelling(system))
    return part.open(rest).rank(collection, 100)  # type: ignore[union-attr]


@pytest.mark.parametrize("system", ["bm25", "char_ngrams"])
@pytest.mark.parametrize("form", ["fiqa", "arguana"])
def test_numbers_equal_trec_eval_over_the_whole_file_of_judgements(
    form: str, system: str, request: pytest.FixtureRequest
) -> None:
    at, qrels = request.getfixturevalue(form)
    collection = opened(at)
    lists = ranked(collection, system)
    ours = scoring.score(lists, collection, list(MEASURES))
    run = {q: {d: float(-rank) for rank, (d, _) in enumerate(found)} for q, found in lists.items()}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, set(MEASURES.values())).evaluate(run)
    assert set(theirs) == set(ours.query_ids)
    for measure, name in MEASURES.items():
        expected = [theirs[q][name] for q in ours.query_ids]
        assert ours.values[measure] == pytest.approx(expected, abs=1e-9)
    assert 0.1 < ours.values["nDCG@10"].mean() < 1


def test_the_page_says_how_much_is_missing(
    fiqa: tuple[Path, dict[str, dict[str, int]]], arguana: tuple[Path, dict[str, dict[str, int]]]
) -> None:
    notes = opened(fiqa[0]).provenance.notes
    assert any(note.startswith("3 documents are empty") for note in notes)
    assert any(note.startswith("1 of 21 judged queries are not among the queries") for note in notes)
    assert any(note.startswith("2 judgements name documents that the corpus lacks (2 of ") for note in notes)
    made = opened(arguana[0])
    assert made.drop_self_matches
    assert any(
        note.startswith("1 judgements name documents that the corpus lacks (1 of 25") for note in made.provenance.notes
    )


def test_training_and_dissection_use_what_is_there(fiqa: tuple[Path, dict[str, dict[str, int]]]) -> None:
    made = opened(fiqa[0])
    assert len(pairs_of(made, "exact")) == sum(d in made.doc_ids for gains in made.qrels.values() for d in gains)
    found = made.findable()
    assert "q6" in made.query_ids
    assert "q6" not in found.query_ids
    assert all(d in made.doc_ids for gains in found.qrels.values() for d in gains)
    assert found.findable() is found
