"""Short names: people read them everywhere, the full name is one glance away, and files for programs keep the full names."""

import csv
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from evidense import report
from evidense.report.contents import Contents
from evidense.report.names import with_short_names
from report.sample import Sample

NAMES = {
    "systems": {"char_ngrams": "Letters & Co", "python:stems": "Stems"},
    "collections": {"docstrings/network": "Net", "docstrings/text": "Text"},
    "measures": {"RR@10": "MRR@10"},
}


@pytest.fixture(scope="module")
def named(sample: Sample) -> Sample:
    """The sample, whose study gives short names."""
    study = replace(sample.study, names=NAMES)
    return Sample(study, [study, *sample.records[1:]], sample.store)


@pytest.fixture(scope="module")
def out(named: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of `named`."""
    return report.write(named.study, named.records, named.store, tmp_path_factory.mktemp("names") / "out").parent


@pytest.mark.parametrize(
    "name", ["table.tex", "table.md", "paper.tex", "paper.md", "figures/forest.svg", "figures/ranks.svg"]
)
def test_tables_and_figures_hold_the_short_names_alone(out: Path, name: str) -> None:
    text = (out / name).read_text(encoding="utf-8")
    assert "docstrings/network" not in text
    assert "python:stems" not in text
    assert "Net" in text or "ranks" in name
    assert "Stems" in text


def test_a_paper_calls_a_measure_by_its_short_name(out: Path) -> None:
    assert "MRR@10 of every system" in (out / "paper.tex").read_text(encoding="utf-8")
    assert "MRR@10 of every system" in (out / "paper.md").read_text(encoding="utf-8")


def test_the_page_shows_short_names_and_the_full_ones_in_tooltips(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<bdi title="docstrings/network">Net</bdi>' in page
    assert '<bdi title="python:stems">Stems</bdi>' in page
    assert '<bdi title="char_ngrams">Letters &amp; Co</bdi>' in page
    methods = html.unescape(page)
    assert "Stems (python:stems)" in methods
    assert "Net (docstrings/network): " in methods
    assert "initials" in page


def test_the_page_differs_from_that_without_names_in_names_alone(out: Path, folder: Path) -> None:
    numbers = re.compile(r"[−+]?\.\d{2,3}\b")
    pages = [(where / "report.html").read_text(encoding="utf-8") for where in (out, folder)]
    assert numbers.findall(pages[0]) == numbers.findall(pages[1])


def test_records_on_the_page_keep_their_ids(named: Sample) -> None:
    plain, short = Contents.of(named.study, named.records), with_short_names(Contents.of(named.study, named.records))
    assert [r.id for r in short.records] == [r.id for r in plain.records]
    assert short.study.id == plain.study.id


def test_files_for_programs_keep_the_full_names(out: Path, folder: Path) -> None:
    for name in ("verdicts.json", "metrics.json", "scores.csv", "losses.csv"):
        if name == "verdicts.json":
            rows = json.loads((out / name).read_text(encoding="utf-8"))
            assert {row["system"] for row in rows} == {"bm25", "python:stems", "python:initials"}
        else:
            assert (out / name).read_bytes() == (folder / name).read_bytes()
    with (out / "scores.csv").open(encoding="utf-8") as file:
        assert {row["collection"] for row in csv.DictReader(file)} == set(named_collections(folder))
    assert {p.name for p in (out / "runs").iterdir()} == {p.name for p in (folder / "runs").iterdir()}


def named_collections(folder: Path) -> list[str]:
    with (folder / "scores.csv").open(encoding="utf-8") as file:
        return [row["collection"] for row in csv.DictReader(file)]


def test_the_tables_of_a_notebook_and_a_terminal_show_short_names(named: Sample) -> None:
    for table in (report.table_html, report.table_text, report.table_markdown):
        assert "Stems" in table(named.study, named.records)
        assert "python:stems" not in table(named.study, named.records)
