"""Runs: every form is read by one reader, ranks are told from scores by the whole file, every mistake is named at once."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import pytest

from evidense import registry
from evidense.api import score
from evidense.errors import InvalidInput
from evidense.reading.runs.files import fingerprint, kind, read_run
from evidense.values import Spelling

COLUMNS = {
    "tabs, six columns": ("q1\tQ0\td1\t1\t2.5\tsys\nq1\tQ0\td2\t2\t1.5\tsys\n", {"q1": {"d1": 2.5, "d2": 1.5}}),
    "spaces, six columns": ("q1 Q0 d1 1 2.5 sys\n\nq1  Q0 d2 2 1.5 sys\r\n", {"q1": {"d1": 2.5, "d2": 1.5}}),
    "six columns whose ranks lie": ("q1 Q0 d1 2 2.5 sys\nq1 Q0 d2 1 1.5 sys\n", {"q1": {"d1": 2.5, "d2": 1.5}}),
    "Tevatron": ("q1\td1\t33.25\nq1\td2\t-1e-2\n", {"q1": {"d1": 33.25, "d2": -0.01}}),
    "ColBERT": ("q1\td1\t1\t33.25\nq1\td2\t2\t9\n", {"q1": {"d1": 33.25, "d2": 9}}),
    "a byte order mark": ("\ufeffq1 Q0 d1 1 1 sys\n", {"q1": {"d1": 1}}),
    "ids with spaces between tabs": ("q 1\tQ0\td 1\t1\t1\tsys\n", {"q 1": {"d 1": 1}}),
    "a heading": ("query_id\tdoc_id\tscore\trank\nq1\td1\t0.5\t1\nq1\td2\t0.25\t2\n", {"q1": {"d1": 0.5, "d2": 0.25}}),
    "a heading with ranks only": ("qid pid rank\nq1 d1 7\nq1 d2 40\n", {"q1": {"d1": -7, "d2": -40}}),
    "quoted cells": ('"q1"\t"d1"\t"0.5"\n', {"q1": {"d1": 0.5}}),
}


@pytest.mark.parametrize(("text", "expected"), COLUMNS.values(), ids=list(COLUMNS))
def test_runs_in_columns_are_read(tmp_path: Path, text: str, expected: dict) -> None:
    (tmp_path / "a.trec").write_text(text, encoding="utf-8")
    assert read_run(tmp_path / "a.trec").results == expected


def _zipped(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.trec", data)
    return archive.getvalue()


@pytest.mark.parametrize(
    "packed", [gzip.compress, bz2.compress, lzma.compress, _zipped], ids=["gzip", "bzip2", "xz", "zip"]
)
@pytest.mark.parametrize("text", ["q1 Q0 d1 1 2 s\n", '{"q1": {"d1": 2}}'], ids=["columns", "json"])
def test_packed_runs_are_read_under_any_name(tmp_path: Path, packed, text: str) -> None:
    (tmp_path / "a.trec").write_bytes(packed(text.encode()))
    (tmp_path / "plain.trec").write_text(text)
    assert read_run(tmp_path / "a.trec").results == {"q1": {"d1": 2}}
    assert fingerprint(tmp_path / "a.trec") == fingerprint(tmp_path / "plain.trec")


def lines(*columns: list[float]) -> str:
    return "".join(f"q{q}\td{d}\t{value}\n" for q, column in enumerate(columns) for d, value in enumerate(column))


RANKS = {
    "1 to n": lines([1, 2, 3], [1, 2]),
    "gaps": lines([1, 2, 4], [1, 3], [1, 2]),
    "from 0": lines([0, 1], [0, 1], [0, 1]),
    "page 2": lines([11, 12], [11, 12], [11, 12]),
    "one query": lines([1, 2, 5, 90]),
    "one query from 11": lines([11, 12, 14]),
    "the first missing in one query": lines([1, 2, 3], [2, 3], [1, 4]),
    "one document a query": lines([1], [1]),
    "as pandas writes them": lines([1.0, 2.0, 4.0], [1.0, 3.0]),
    "deep gaps": lines([1, 40, 900], [1, 77, 1000], [3, 800]),
}


@pytest.mark.parametrize("text", RANKS.values(), ids=list(RANKS))
def test_ranks_are_recognised_with_any_first_rank_and_with_gaps(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.tsv").write_text(text)
    run = read_run(tmp_path / "a.tsv")
    assert run.form.startswith("MS MARCO run")
    for found in run.results.values():
        assert [*found] == sorted(found, key=lambda d: -found[d])  # the first line is the best document


SCORES = {
    "falling": lines([2, 1], [3, 2, 1]),
    "falling with ties": lines([5, 5, 3], [9, 9]),
    "fractions in any order": lines([0.5, 0.9, 0.1], [0.3, 0.2]),
    "negative": lines([-3, -1, -2], [-5, -2]),
    "counts with ties, in any order": lines([3, 5, 5, 1], [2, 2, 7]),
    "far apart, in any order": lines([90, 20, 75], [8, 41, 30]),
    "one line out of place among many": lines(*[[9, 8, 7, 6, 5, 4] for _ in range(20)], [3, 2, 4]),
}


@pytest.mark.parametrize("text", SCORES.values(), ids=list(SCORES))
def test_scores_are_recognised(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.tsv").write_text(text)
    assert read_run(tmp_path / "a.tsv").form.startswith("Tevatron run")


UNCLEAR = {
    "ranks out of order": lines([2, 1, 3]),
    "one query out of order": lines([1, 2, 3], [1, 3, 2], [1, 2, 3]),
    "one rank twice": lines([1, 2, 2, 4], [1, 2, 3]),
    "whole numbers that rise, far apart": lines([7, 30]),
    "ranks of one query, scores of another": lines([1, 2, 3], [33.5, 31.25, 30.5]),
    "a mean of two ranks": lines([1, 2.5, 4], [1, 2, 3], [1, 2, 3]),
}


@pytest.mark.parametrize("text", UNCLEAR.values(), ids=list(UNCLEAR))
def test_ambiguous_column_of_ranks_or_scores_is_refused_without_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="could hold ranks .* or scores") as caught:
        read_run(path)
    assert "write 'a.tsv@form=ranks' or 'a.tsv@form=scores'" in str(caught.value)
    ranks, scores = read_run(path, "ranks").results, read_run(path, "scores").results
    assert ranks == {q: {d: -value for d, value in found.items()} for q, found in scores.items()}
    assert fingerprint(path, "ranks") != fingerprint(path, "scores")


def test_the_form_can_be_forced_on_every_kind_of_file(tmp_path: Path) -> None:
    six, four, objects = (tmp_path / name for name in ("a.trec", "b.tsv", "c.json"))
    six.write_text("q Q0 d1 1 0.1 s\nq Q0 d2 2 0.9 s\n")
    four.write_text("q d1 1 0.1\nq d2 2 0.9\n")
    objects.write_text('{"q": {"d1": 1, "d2": 2}}')
    for path in (six, four, objects):
        assert read_run(path, "ranks").results == {"q": {"d1": -1, "d2": -2}}
        assert (
            read_run(path, "ranks").form.endswith("the lowest rank first") or "lowest" in read_run(path, "ranks").form
        )
    assert read_run(six, "trec").results == {"q": {"d1": 0.1, "d2": 0.9}}
    for path in (four, objects):
        with pytest.raises(InvalidInput, match="as @form=trec says; drop the option"):
            read_run(path, "trec")
    with pytest.raises(InvalidInput, match="Expected ranks, scores, trec"):
        read_run(six, "rank")


def test_compare_and_score_take_the_form_from_the_spelling(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(lines([2, 1, 3]))
    (tmp_path / "qrels").write_text("q0 0 d1 1\n")
    (row,) = score(f"{tmp_path}/a.tsv@form=ranks", tmp_path / "qrels", ["RR"])
    assert (row.mean, row.form) == (1.0, "MS MARCO run: query document rank; the lowest rank first")
    (row,) = score(f"{tmp_path}/a.tsv@form=scores", tmp_path / "qrels", ["RR"])
    assert row.mean == pytest.approx(1 / 3)
    part, spelling = registry.system(Spelling.parse(f"{tmp_path}/a.tsv@form=ranks"))
    assert part.open(spelling).setup.similarity == "MS MARCO run: query document rank; the lowest rank first"


def test_scores_that_rise_with_the_ranks_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.trec").write_text("".join(f"q Q0 d{i} {i} {i / 10} s\n" for i in range(1, 6)))
    (note,) = read_run(tmp_path / "a.trec").notes
    assert "the scores rise with the rank column" in note
    assert read_run(tmp_path / "a.trec").results["q"]["d5"] == 0.5  # the score decides, as in trec_eval
    (tmp_path / "b.tsv").write_text(lines([0.1, 0.2, 0.3, 0.4]))
    assert "the scores rise with the lines" in read_run(tmp_path / "b.tsv").notes[0]


FLAT = {"q1": {"d1": 0.9, "d2": 0.5}}
JSON_FORMS = {
    "pytrec_eval": FLAT,
    "mteb 1": FLAT,
    "mteb 2": {"mteb_model_meta": {"model_name": "m", "revision": "1"}, "default": {"test": FLAT}},
    "mteb 2 without a model": {"mteb_model_meta": None, "default": {"test": FLAT}},
    "split alone": {"test": FLAT},
    "an empty query first": {"q0": {}, **FLAT},
}


@pytest.mark.parametrize("content", JSON_FORMS.values(), ids=list(JSON_FORMS))
@pytest.mark.parametrize("name", ["Task_default_predictions.json", "results.json", "a.trec", "results"])
def test_results_as_json_are_read_under_any_name(tmp_path: Path, content: dict, name: str) -> None:
    (tmp_path / name).write_text(json.dumps(content, indent=1))
    (tmp_path / "qrels").write_text("q1 0 d1 1\n")
    assert read_run(tmp_path / name).results["q1"] == FLAT["q1"]
    assert score(tmp_path / name, tmp_path / "qrels", ["RR"])[0].mean == 1.0
    registry.system(Spelling(str(tmp_path / name)))  # one part answers


@pytest.mark.parametrize(
    "name", ["e_predictions_cos_sim.jsonl", "e_predictions_dot_score.jsonl", "e_predictions.jsonl", "results.txt"]
)
def test_json_lines_are_read_under_any_name(tmp_path: Path, name: str) -> None:
    rows = [{"query_id": 7, "query": "x", "results": [{"corpus_id": 1, "score": 1}, {"corpus_id": "2", "score": 0.5}]}]
    (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_run(tmp_path / name).results == {"7": {"1": 1, "2": 0.5}}
    assert registry.system(Spelling(str(tmp_path / name)))[0].name == "st_predictions"
    assert ("(cosine)" in read_run(tmp_path / name).form) == ("cos_sim" in name)


@pytest.mark.parametrize(
    "content",
    [
        "q 0 d 1\n" * 2,
        '{"a": 1}',
        '{"name": "x", "n": {}}',
        '{"collections": {"c": {"checksum": "x"}}}',
        "[1, 2]",
        "\x93NUMPY",
        "",
        "query\tdocument\na\tb\n",
    ],
)
def test_other_files_are_not_recognised_as_runs(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").write_text(content, encoding="latin-1")
    assert kind(tmp_path / "x") is None


def test_all_mistakes_of_a_run_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.trec").write_text(
        "q1 Q0 d1 1 3 s\nq1 Q0 d1 2 2 s\nq1 Q0 d2 3 nan s\nq1 Q0 d3 4 1\nq1 Q0 d4 5 x s\nq1 Q0 d5 6 1e39 s\nq\0 Q0 d 1 1 s\nq1\tQ0\t\t1\t1\ts\n"
    )
    with pytest.raises(InvalidInput) as caught:
        read_run(tmp_path / "bad.trec")
    for text in (
        "bad.trec: 7 mistakes",
        "line 2: query 'q1' has document 'd1' a second time",
        "line 3: 'nan' is no finite number",
        "line 4: 5 columns; expected 6, as in line 1",
        "line 5: 'x' is no finite number",
        "line 6: '1e39' is no finite number",
        "line 7 holds NUL characters",
        "line 8: the id of the document is empty",
    ):
        assert text in str(caught.value)


@pytest.mark.parametrize("text", ["q1 Q0 dé 1 3 s\n", '{"q1": {"dé": 3}}', "query\tdocument\tscore\nq1\tdé\t3\n"])
def test_utf_16_run_reads_as_the_same_run_in_utf_8(tmp_path: Path, text: str) -> None:
    for name, encoding in (("plain.out", "utf-8"), ("powershell.out", "utf-16")):
        (tmp_path / name).write_text(text, encoding=encoding)
    plain, utf16 = (tmp_path / name for name in ("plain.out", "powershell.out"))
    assert kind(utf16) == kind(plain) is not None
    assert read_run(utf16).results == read_run(plain).results == {"q1": {"dé": 3.0}}


REFUSED = {
    "five columns": (b"q1 Q0 d1 1 3\n", r"line 1: 5 columns \('q1 Q0 d1 1 3'\)\. Expected 6 \(query Q0 document rank score tag\)"),
    "positions": (b"q1 d1\nq1 d2\n", "line 1: 2 columns"),
    "nothing": (b"", "holds no results"),
    "blank lines": (b"\n \n", "holds no results"),
    "latin-1": (b"q1 Q0 d1 1 3 s\nq\xff Q0 d2 2 1 s\n", "line 2, byte 2: 0xFF is not UTF-8"),
    "UTF-32": ("q1 Q0 d1 1 3 s\n".encode("utf-32"), "it looks like UTF-32"),
    "judgements": (b"q1 0 d1 1\nq1 0 d2 1\n", r"holds judgements \(line 1"),
    "a list": (b"[1, 2]", "holds a list"),
    "scores as text": (b'{"q": {"d": "1"}}', "the score is '1'; expected a finite number"),
    "huge scores": (b'{"q": {"d": 1' + b"0" * 400 + b"}}", "expected a finite number"),
    "true": (b'{"q": {"d": true}}', "the score is True"),
    "a list of documents": (b'{"q": ["d1", "d2"]}', r"query 'q' holds \['d1', 'd2'\]"),
    "a query twice": (b'{"q": {"d": 1}, "q": {"d": 2}}', "'q' stands twice in one object"),
    "deep": (b"[" * 5000 + b"]" * 5000, "is not JSON"),
    "a deep query": (b'{"q":' * 5000 + b"1" + b"}" * 5000, "is not JSON"),
    "a model that is none": (b'{"mteb_model_meta": 5, "default": {"test": {"q": {"d": 1}}}}', "the whole is 5, a whole number"),
    "a subset that is none": (b'{"en": {"test": {"q": {"d": 1}}}, "de": 5}', "stands where an object was expected"),
    "lines without results": (b'{"query_id": "q"}\n{"query_id": "r"}\n', "'results' is missing"),
    "lines whose results are none": (b'{"query_id": "q", "results": 5}\n', "'results' is 5"),
    "lines with huge scores": (b'{"query_id": "q", "results": [{"corpus_id": "d", "score": 1' + b"0" * 300 + b"}]}\n", "score"),
    "lines with surrogates": (b'{"query_id": "\\ud800", "results": []}\n', "is not JSON"),
    "lines with deep results": (b'{"query_id": "q", "results": ' + b"[" * 5000 + b"]" * 5000 + b"}\n", "is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=list(REFUSED))
def test_file_that_is_not_a_run_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.trec").write_bytes(data)
    with pytest.raises(InvalidInput, match=message) as caught:
        read_run(tmp_path / "a.trec")
    assert len(str(caught.value)) < 2000


def test_a_missing_or_truncated_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_run(tmp_path / "none.trec")
    (tmp_path / "a.trec.gz").write_bytes(gzip.compress(b"q1 Q0 d1 1 3 s\n" * 50)[:20])
    with pytest.raises(InvalidInput, match="damaged gzip file"):
        read_run(tmp_path / "a.trec.gz")
