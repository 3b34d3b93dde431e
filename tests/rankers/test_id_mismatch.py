"""A run whose ids are written otherwise than those of the judgements is refused, and told what to mend."""

from collections.abc import Callable

import pytest

import evidense as ev
from evidense.compute.search.id_mismatch import id_difference
from evidense.errors import InvalidInput

N = 40

WRITINGS: list[tuple[str, Callable[[int], str], Callable[[int], str]]] = [
    ("leading zeros", lambda i: str(i), lambda i: f"{i:03d}"),
    ("'.0' at the end", lambda i: f"{i}.0", lambda i: str(i)),
    ("upper and lower case", lambda i: f"DOC{i}", lambda i: f"doc{i}"),
    ("stands before the last", lambda i: f"corpus/{i}x", lambda i: f"{i}x"),
    ("letters before the number", lambda i: f"d{i}", lambda i: str(i)),
    ("stands after the first", lambda i: f"p{i}x#0", lambda i: f"p{i}x"),
    ("ending of a file name", lambda i: f"p{i}x.txt", lambda i: f"p{i}x"),
    ("upper and lower case and leading zeros", lambda i: f"D{i}", lambda i: f"d{i:04d}"),
]


def written(tmp_path, doc_of_run, doc_of_qrels, query_of_run=lambda i: f"q{i}"):
    (tmp_path / "run.trec").write_text("".join(f"{query_of_run(i)} Q0 {doc_of_run(i)} 1 2.0 r\n" for i in range(N)))
    (tmp_path / "qrels.txt").write_text("".join(f"q{i} 0 {doc_of_qrels(i)} 1\n" for i in range(N)))
    return str(tmp_path / "run.trec"), str(tmp_path / "qrels.txt")


@pytest.mark.parametrize(("named", "ours", "theirs"), WRITINGS)
def test_results_without_any_judged_document_are_refused_by_compare_and_score(tmp_path, named, ours, theirs):
    run, qrels = written(tmp_path, ours, theirs)
    for call in (lambda: ev.score(run, qrels), lambda: ev.compare(run, run, qrels=qrels)):
        with pytest.raises(InvalidInput) as refused:
            call()
        assert named in str(refused.value)
        for one in (*(f"'{ours(i)}'" for i in range(2)), *(f"'{theirs(i)}'" for i in range(2))):
            assert one in str(refused.value)


def test_results_without_any_judged_query_are_refused_with_the_difference_in_writing(tmp_path):
    run, qrels = written(tmp_path, lambda i: f"d{i}", lambda i: f"d{i}", lambda i: f"Q{i}")
    with pytest.raises(InvalidInput, match="match without upper and lower case"):
        ev.score(run, qrels)


def test_ids_without_anything_in_common_are_refused_without_a_guess(tmp_path):
    assert id_difference(["red", "blue"], ["17", "18"]) == ""
    run, qrels = written(tmp_path, lambda i: "abc"[i % 3] * (i + 1), lambda i: f"{i}")
    with pytest.raises(InvalidInput, match="judgements of its own corpus"):
        ev.score(run, qrels)


def test_a_run_that_matches_partly_is_scored_with_a_note(tmp_path):
    run, qrels = written(tmp_path, lambda i: "7" if i == 7 else f"x{i}", str)
    (row,) = ev.score(run, qrels, ["RR@10"])
    assert row.mean == pytest.approx(1 / N)
    assert any(
        "almost no judged document is in the top 10 (1 of the 40 that could be there): do the" in text
        for text in row.warnings
    )
