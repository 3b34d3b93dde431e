"""TREC files: every form is read, every mistake is named at once, ids with spaces survive."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense import trec
from evidense.errors import InvalidInput
from evidense.values import RankedLists

FORMS = {
    "tabs, six columns": ("q1\tQ0\td1\t1\t2.5\tsys\nq1\tQ0\td2\t2\t1.5\tsys\n", {"q1": {"d1": 2.5, "d2": 1.5}}),
    "spaces, six columns": ("q1 Q0 d1 1 2.5 sys\n\nq1  Q0 d2 2 1.5 sys\r\n", {"q1": {"d1": 2.5, "d2": 1.5}}),
    "six columns whose ranks lie": ("q1 Q0 d1 2 2.5 sys\nq1 Q0 d2 1 1.5 sys\n", {"q1": {"d1": 2.5, "d2": 1.5}}),
    "MS MARCO": ("7\t11\t1\n7\t12\t2\n8\t11\t1\n", {"7": {"11": -1, "12": -2}, "8": {"11": -1}}),
    "Tevatron": ("q1\td1\t33.25\nq1\td2\t-1e-2\n", {"q1": {"d1": 33.25, "d2": -0.01}}),
    "whole-number scores that fall": ("q1 d1 2\nq1 d2 1\n", {"q1": {"d1": 2, "d2": 1}}),
    "a byte order mark": ("\ufeffq1 Q0 d1 1 1 sys\n", {"q1": {"d1": 1}}),
    "ids with spaces between tabs": ("q 1\tQ0\td 1\t1\t1\tsys\n", {"q 1": {"d 1": 1}}),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=list(FORMS))
def test_a_run_is_read(tmp_path: Path, text: str, expected: dict) -> None:
    (tmp_path / "a.trec").write_text(text, encoding="utf-8")
    (tmp_path / "a.trec.gz").write_bytes(gzip.compress(text.encode()))
    assert trec.read_run(tmp_path / "a.trec").results == expected
    assert trec.read_run(tmp_path / "a.trec.gz").results == expected


def test_it_says_as_what_it_read_it(tmp_path: Path) -> None:
    (tmp_path / "a.run").write_text("7 11 1\n7 12 2\n")
    assert trec.read_run(tmp_path / "a.run").form.startswith("MS MARCO run")
    (tmp_path / "a.run").write_text("7 Q0 11 1 3 x\n7 Q0 12 2 3 x\n")
    assert trec.read_run(tmp_path / "a.run").n_ties == 1


def test_ranks_out_of_order_could_be_scores(tmp_path: Path) -> None:
    (tmp_path / "a.run").write_text("7 11 2\n7 12 1\n7 13 3\n")
    with pytest.raises(InvalidInput, match="could be ranks or scores"):
        trec.read_run(tmp_path / "a.run")


def test_all_mistakes_of_a_run_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.trec").write_text(
        "q1 Q0 d1 1 3 s\nq1 Q0 d1 2 2 s\nq1 Q0 d2 3 nan s\nq1 Q0 d3 4 1\nq1 Q0 d4 5 x s\nq1 Q0 d5 6 inf s\n"
    )
    with pytest.raises(InvalidInput) as caught:
        trec.read_run(tmp_path / "bad.trec")
    message = str(caught.value)
    assert "bad.trec: 5 mistakes" in message
    assert "line 2: query 'q1' has document 'd1' a second time" in message
    assert "line 3: 'nan' is no finite number" in message
    assert "line 4: 5 columns; expected 6, as in line 1" in message
    assert "line 5: 'x' is no finite number" in message
    assert "line 6: 'inf' is no finite number" in message


@pytest.mark.parametrize(("data", "message"), [
    (b"q1 Q0 d1 1 3\n", "line 1: 5 columns; expected 6"),
    (b"", "holds no results"),
    (b"\n \n", "holds no results"),
    (b"q1 Q0 d1 1 3 s\nq\xff Q0 d2 2 1 s\n", "line 2 is no valid UTF-8"),
])  # fmt: skip
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.trec").write_bytes(data)
    with pytest.raises(InvalidInput, match=message):
        trec.read_run(tmp_path / "a.trec")


def test_a_missing_or_truncated_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        trec.read_run(tmp_path / "none.trec")
    (tmp_path / "a.trec.gz").write_bytes(gzip.compress(b"q1 Q0 d1 1 3 s\n" * 50)[:20])
    with pytest.raises(InvalidInput, match="cannot be read"):
        trec.read_run(tmp_path / "a.trec.gz")


@pytest.mark.parametrize(
    "text", ["q1 0 d1 2\nq1 0 d2 0\n", "q1\td1\t2\nq1\td2\t0\n", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"]
)
def test_judgements_are_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "qrels").write_text(text)
    assert trec.read_qrels(tmp_path / "qrels") == {"q1": {"d1": 2, "d2": 0}}


def test_all_mistakes_of_judgements_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_text("q1 0 d1 1\nq1 0 d1 1\nq1 0 d2 0.5\nq1 0 d3\nq1\n")
    with pytest.raises(InvalidInput, match="4 mistakes") as caught:
        trec.read_qrels(tmp_path / "qrels")
    for text in (
        "line 2: query 'q1' has document 'd1' a second",
        "line 3: the gain is '0.5'",
        "line 4: 3 columns; expected 4, as in line 1",
        "line 5: 1 columns",
    ):
        assert text in str(caught.value)


@given(name=st.text())
def test_every_id_survives_and_holds_no_space(name: str) -> None:
    shown = trec.escaped(name)
    assert trec.unescaped(shown) == name
    assert len(shown.split()) == 1


@pytest.mark.parametrize("name", ["doc-1", "../../etc/passwd", "=1+2", "<b>x</b>", "a/b", "100%", "é"])
def test_ids_without_spaces_stay_as_they_are(name: str) -> None:
    assert trec.escaped(name) == name


def test_a_written_run_comes_back_in_the_same_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scores = -np.sort(-rng.integers(-2, 3, (5, 30)).astype(np.float32), axis=1)
    documents = np.stack([rng.permutation(30) for _ in range(5)]).astype(np.int32)
    lists = RankedLists(tuple("vwxyz"), tuple(f"doc {i}" for i in range(30)), documents, scores)
    (tmp_path / "a.trec").write_text(trec.run_text(lists, "my system"))
    back = trec.read_run(tmp_path / "a.trec")
    assert back.n_ties == 0
    for query_id, found in lists.items():
        assert [trec.unescaped(d) for d in back.results[query_id]] == [d for d, _ in found]
        read = np.array(list(back.results[query_id].values()), dtype=np.float32)
        assert (np.diff(read) < 0).all()
        np.testing.assert_allclose(read, [s for _, s in found], atol=1e-5)


def test_a_pool_holds_what_runs_and_judgements_name(tmp_path: Path) -> None:
    (tmp_path / "a.trec").write_text("q1 Q0 d1 1 3 s\nq2 Q0 d9 1 3 s\n")
    run = trec.read_run(tmp_path / "a.trec")
    collection = trec.pooled("mine", {"q1": {"d2": 1}, "q2": {"d2": 0}}, [run])
    assert collection.doc_ids == ("d1", "d2", "d9")
    assert collection.query_ids == ("q1",)
    assert "1 queries without a relevant document were left out" in collection.provenance.notes[0]
    assert trec.ranked(run, 2).documents.tolist() == [[0, -1], [1, -1]]
