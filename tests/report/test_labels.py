"""losses.csv goes out inert and comes back with its labels."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense import report
from evidense.errors import InvalidInput
from evidense.report.labels import HEAD, inert, live
from report.sample import Sample


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, table: list[dict[str, str]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEAD, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(table)


@given(st.text() | st.sampled_from(["=1", "'=1", "''@", "'tis", "\t", "\r\n", "＝1"]))
def test_an_inert_cell_comes_back(text: str) -> None:
    assert live(inert(text)) == text
    assert not inert(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_losses_are_the_greatest_first_with_texts(sample: Sample, folder: Path) -> None:
    table = rows(folder / "losses.csv")
    assert len(table) == 5 * 9
    assert all(float(r["delta"]) < 0 and r["query"] and r["relevant document"] and not r["label wrong?"] for r in table)
    first = [float(r["delta"]) for r in table[:5]]
    assert first == sorted(first)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_labels_are_read_back_and_survive_the_next_report(sample: Sample, tmp_path: Path, delimiter: str) -> None:
    out = tmp_path / "out"
    report.write(sample.study, sample.records, sample.store, out)
    table = rows(out / "losses.csv")
    table[0]["label wrong?"], table[7]["label wrong?"] = "Yes", "no"
    gone = {**dict.fromkeys(HEAD, ""), "collection": "docstrings/text", "query_id": "'=gone", "label wrong?": "x"}
    write_rows(out / "losses.csv", [*table, gone], delimiter)
    key = ("collection", "query_id")
    expected = {
        tuple(table[0][k] for k in key): "yes",
        tuple(table[7][k] for k in key): "no",
        ("docstrings/text", "=gone"): "yes",
    }
    assert report.read_labels(out / "losses.csv") == expected
    report.write(sample.study, sample.records, sample.store, out)
    assert report.read_labels(out / "losses.csv") == expected


def test_a_label_counts_for_all_systems_alike(sample: Sample, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report.write(sample.study, sample.records, sample.store, out)
    table = rows(out / "losses.csv")
    table[0]["label wrong?"] = "yes"
    table.append({**table[0], "system": "python:stems", "label wrong?": "no"})
    write_rows(out / "losses.csv", table)
    with pytest.raises(InvalidInput, match="labelled yes and no"):
        report.read_labels(out / "losses.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "has no column 'collection', 'query_id', 'label wrong"),
        (b"", "has no column"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'collection,query_id,label wrong?\nc,"q,yes\nc,r,no\n', "unexpected end of data"),
        (b'collection,query_id,"label wrong?\n' + b"c,q,yes\n" * 50_000, "cannot be read"),
        (b"collection,query_id,label wrong?\nc,q, with a comma,yes\n", "row 2: more cells than columns; expected 3"),
        (b"collection,query_id,label wrong?\nc,q,maybe\x1b[31m\n", "row 2: label wrong. is 'maybe␛\\[31m'"),
        (b"collection,query_id,label wrong?\nc,q,maybe\nc,r,perhaps\n", "2 mistakes"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "losses.csv").write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        report.read_labels(tmp_path / "losses.csv")
