"""The head of a page says that a study is a toy, or that its collections are samples."""

from dataclasses import replace
from pathlib import Path

import pytest

import evidense as ev
from evidense import report
from evidense.cli.saying.lines import say_collection
from evidense.report.banner import banner
from evidense.report.contents import Contents
from report.sample import Sample


def test_a_sampled_comparison_says_what_was_drawn(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("query,document\n" + "".join(f"word {n},a text about {n}\n" for n in range(60)), encoding="utf-8")
    result = ev.compare("bm25", "char_ngrams", on=str(pairs), sample_queries=25, sample_documents=30)
    said = banner(Contents.of(result.study, result.records))
    assert said.startswith("A sample: 25 of ")
    assert said.endswith(" documents.")
    whole = ev.compare("bm25", "char_ngrams", on=str(pairs))
    assert banner(Contents.of(whole.study, whole.records)) == ""


def test_the_terminal_says_what_was_drawn_of_a_collection(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("query,document\n" + "".join(f"word {n},a text about {n}\n" for n in range(60)), encoding="utf-8")
    sampled = ev.compare("bm25", "char_ngrams", on=str(pairs), sample_queries=25, sample_documents=30)
    say_collection(sampled.study, sampled.records)
    assert capsys.readouterr().out.startswith("pairs.csv: 25 of 60 queries, 30 of 60 documents  (nDCG@10 of bm25: ")
    whole = ev.compare("bm25", "char_ngrams", on=str(pairs))
    say_collection(whole.study, whole.records)
    assert capsys.readouterr().out.startswith("pairs.csv  (nDCG@10 of bm25: ")


def test_a_toy_says_so_on_its_page(single: Sample, tmp_path: Path) -> None:
    toy = replace(single.study, name="mine-toy")
    assert banner(Contents.of(toy, single.records)) == "A toy: it shows that the study runs; its numbers mean nothing."
    page = report.write(toy, single.records, single.store, tmp_path / "out")
    assert "its numbers mean nothing" in page.read_text(encoding="utf-8")


def test_samples_of_many_collections_are_counted(single: Sample) -> None:
    first = next(r for r in single.records if hasattr(r, "collection") and isinstance(r.collection, dict))
    notes = ["a sample (seed 0): 5 of 10 queries, 7 of 70 documents; every judged document is kept"]
    records = [replace(first, collection=first.collection | {"name": f"c{n}~5q7d", "notes": notes}) for n in range(6)]
    said = banner(Contents.of(single.study, records))
    assert said.startswith("Samples: c0 5 of 10 queries, 7 of 70 documents; c1 ")
    assert said.endswith("; 2 more.")
