"""Judgements: one reader for every form, gains however they are written, bounds and mistakes with their lines."""

import bz2
from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.reading.runs.judgements import is_trec_qrels, read_judgements

EXPECTED = {"q1": {"d1": 2, "d2": 0}}
FORMS = {
    "TREC": "q1 0 d1 2\nq1 0 d2 0\n",
    "BEIR": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n",
    "BEIR without a heading": "q1\td1\t2\nq1\td2\t0\n",
    "gains as pandas writes them": "query-id\tcorpus-id\tscore\nq1\td1\t2.0\nq1\td2\t0.0\n",
    "exponents": "q1 0 d1 2e0\nq1 0 d2 0e0\n",
    "quoted cells": '"query-id"\t"corpus-id"\t"score"\n"q1"\t"d1"\t"2"\n"q1"\t"d2"\t"0.0"\n',
    "Windows line ends and a byte order mark": "\ufeffquery-id\tcorpus-id\tscore\r\nq1\td1\t2\r\nq1\td2\t0\r\n",
    "columns in another order": "gain\tdoc_id\tquery_id\n2\td1\tq1\n0\td2\tq1\n",
    "a heading of four": "qid Q0 docno label\nq1 0 d1 2\nq1 0 d2 0\n",
    "tabs at the ends of lines": "q1\td1\t2\t\nq1\td2\t0\t\t\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize("packed", [bytes, bz2.compress], ids=["plain", "bzip2"])
def test_every_form_of_judgements_is_read(tmp_path: Path, text: str, packed) -> None:
    (tmp_path / "qrels").write_bytes(packed(text.encode()))
    read = read_judgements(tmp_path / "qrels")
    assert (read.gains, read.mistakes) == (EXPECTED, [])


def test_negative_gains_are_kept_and_the_bounds_are_32_bits(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_text("q1 0 d1 -1\nq1 0 d2 2147483647\nq1 0 d3 2147483648\nq1 0 d4 1099511627776\n")
    read = read_judgements(tmp_path / "qrels")
    assert read.gains == {"q1": {"d1": -1, "d2": 2147483647}}
    assert [mistake.split(";")[0] for mistake in read.mistakes] == [
        "qrels line 3: the gain '2147483648' is no whole number of 32 bits",
        "qrels line 4: the gain '1099511627776' is no whole number of 32 bits",
    ]


@pytest.mark.parametrize("gain", ["0.5", "nan", "inf", "x", "1_0", "9" * 5000, "²"])
def test_gain_that_is_not_a_whole_number_is_a_mistake(tmp_path: Path, gain: str) -> None:
    (tmp_path / "qrels").write_text(f"q1 0 d1 1\nq1 0 d2 {gain}\n")
    (mistake,) = read_judgements(tmp_path / "qrels").mistakes
    assert "line 2: the gain" in mistake
    assert len(mistake) < 200


@pytest.mark.parametrize(("line", "message"), [
    ("q1 d1", "2 cells ('q1 d1')"), ("q1 0 d1 1 x", "5 cells"), ("q1\t\t1", "an id is empty"), ("q1 0 d\0 1", "NUL"),
    ("q1 0 d0 2", "judged 2 here and 1 on line 1"),
])  # fmt: skip
def test_wrong_line_of_judgements_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "qrels").write_text(f"q1 0 d0 1\n\n{line}\n")
    (mistake,) = read_judgements(tmp_path / "qrels").mistakes
    assert "line 3" in mistake
    assert message in mistake


def test_file_of_another_kind_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_bytes(b"\xff\x00\n" * 100_000)
    with pytest.raises(InvalidInput, match="more than 1,000 mistakes"):
        read_judgements(tmp_path / "qrels")


def test_trec_judgements_are_recognised_by_their_first_line(tmp_path: Path) -> None:
    for text, is_one in (
        ("q1 0 d1 1.0\n", True),
        ("qid iter docno rel\nq1 0 d1 1\n", True),
        ("q1 d1 1\n", False),
        ("a b c d\n", False),
    ):
        (tmp_path / "qrels").write_text(text)
        assert is_trec_qrels(tmp_path / "qrels") == is_one
