"""Figures: one drawing on the page, as SVG and as PDF; the numbers of the page; hostile text stays text."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidense import report
from evidense.boundary.numerals import interval, plain, signed
from evidense.errors import InvalidInput
from evidense.records import Finding, Outcome, Ranking, Record, Score
from evidense.report.comparison.leaderboard import leaderboard
from evidense.report.comparison.paper import pdf
from evidense.report.comparison.paper.figures import figures_of, forest_svg, ranks_svg
from evidense.report.contents import Contents
from report.hostile import hostile
from report.sample import Sample

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_effect_stands_in_the_figure_as_on_the_page(sample: Sample, folder: Path) -> None:
    contents = Contents.of(sample.study, sample.records)
    svg = forest_svg(contents)
    assert (folder / "figures" / "forest.svg").read_text(encoding="utf-8") == svg
    shown = texts(svg)
    for system in contents.systems:
        for verdict in contents.worst_first(system):
            assert f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}" in shown
    circles = list(ET.fromstring(svg).iter(f"{SVG}circle"))
    assert len(circles) == len(contents.verdicts) + len(contents.pooled) + len(contents.beyond)
    places = [float(circle.attrib["cx"]) for circle in circles]
    assert all(236 <= x <= 536 for x in places)


def test_an_interval_lies_where_the_axis_says(single: Sample) -> None:
    contents = Contents.of(single.study, single.records)
    svg = ET.fromstring(forest_svg(contents))
    zero = float(next(svg.iter(f"{SVG}line")).attrib["x1"])
    (tick,) = [text for text in svg.iter(f"{SVG}text") if text.text == "0"][:1]
    assert float(tick.attrib["x"]) == zero


def test_the_ranks_are_those_of_the_leaderboard(sample: Sample, folder: Path) -> None:
    contents = Contents.of(sample.study, sample.records)
    svg = ranks_svg(contents)
    assert (folder / "figures" / "ranks.svg").read_text(encoding="utf-8") == svg
    standings, shown = leaderboard(contents), texts(svg)
    for standing in standings:
        assert {standing.system, standing.ranks, f"{standing.value} {standing.interval}", standing.n} <= set(shown)
    _, *bars = list(ET.fromstring(svg).iter(f"{SVG}rect"))
    column = 340 / len(standings)
    for bar, standing in zip(bars, standings, strict=True):
        best, worst = standing.order[1:]
        assert float(bar.attrib["x"]) == pytest.approx(236 + (best - 1) * column + 3, abs=0.01)
        assert float(bar.attrib["width"]) == pytest.approx((worst - best + 1) * column - 6, abs=0.01)


CHECKPOINTS = {"char_ngrams": "start", "bm25": "step-100", "python:stems": "step-200", "python:initials": "model"}


def test_a_training_is_drawn_on_each_collection_with_the_values_of_the_page(sample: Sample) -> None:
    """The sample's systems under the names of checkpoints."""
    study = replace(sample.study, systems=tuple(CHECKPOINTS.values()))
    contents = Contents.of(study, [_as_checkpoint(record) for record in sample.records])
    svgs = {name: svg for name, svg in figures_of(contents).items() if name.startswith("training")}
    assert list(svgs) == ["training-1", "training-2", "training-3"]
    for svg, collection in zip(svgs.values(), contents.collections, strict=True):
        n = contents.means["start", collection, study.primary].n
        assert f"{study.primary} on {collection}, {n} queries [95\u202f%]." in ET.fromstring(svg).attrib["aria-label"]
        values = {plain(contents.means[name, collection, study.primary].value) for name in CHECKPOINTS.values()}
        assert {"start", "step 100", "step 200", "model", *values} <= set(texts(svg))
        circles = list(ET.fromstring(svg).iter(f"{SVG}circle"))
        assert len(circles) == len(CHECKPOINTS)
        assert [float(c.attrib["cx"]) for c in circles] == sorted(float(c.attrib["cx"]) for c in circles)


def _as_checkpoint(record: Record) -> Record:
    match record:
        case Finding():
            names = {key: CHECKPOINTS.get(str(value), value) for key, value in record.site.items()}
            return record.relabelled(site=names)
        case Outcome():
            return record.relabelled(system=CHECKPOINTS.get(record.system, record.system), baseline="start")
        case Ranking() | Score():
            return record.relabelled(system=CHECKPOINTS.get(record.system, record.system))
    return record


def test_two_systems_have_no_ranks(single: Sample) -> None:
    assert set(figures_of(Contents.of(single.study, single.records))) == {"forest"}


def test_the_page_holds_the_drawings_of_the_files(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    for file in (folder / "figures").glob("*.svg"):
        assert f"<template>{file.read_text(encoding='utf-8')}</template>" in page


def test_hostile_names_stay_text(sample: Sample, tmp_path: Path) -> None:
    bad = hostile(sample)
    report.write(bad.study, bad.records, bad.store, tmp_path / "out")
    for name in ("forest", "ranks"):
        root = ET.parse(tmp_path / "out" / "figures" / f"{name}.svg").getroot()
        names = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert names <= {"svg", "title", "rect", "line", "text", "tspan", "circle"}


# --- PDF


@pytest.fixture
def pdfium() -> Any:
    """The library that reads PDF; skips where figures cannot be written as PDF."""
    pytest.importorskip("fpdf")
    pytest.importorskip("fontpkg_arimo")
    return pytest.importorskip("pypdfium2")


def test_a_pdf_holds_the_words_of_the_figure_and_is_the_same_each_time(sample: Sample, pdfium: Any) -> None:
    svg = forest_svg(Contents.of(sample.study, sample.records))
    data = pdf.pdf_of(svg)
    assert pdf.pdf_of(svg) == data
    page = pdfium.PdfDocument(data)[0]
    root = ET.fromstring(svg)
    assert page.get_size() == (float(root.attrib["width"]), float(root.attrib["height"]))
    words = page.get_textpage().get_text_range().split()
    assert sorted(words) == sorted(" ".join(texts(svg)).split())
    assert b"/FontFile2" in data  # the typeface is in the file
    assert b"/Subtype /Image" not in data  # and all of it is vectors


def test_a_pdf_shows_what_the_svg_shows(sample: Sample, pdfium: Any) -> None:
    svg = forest_svg(Contents.of(sample.study, sample.records))
    picture = pdfium.PdfDocument(pdf.pdf_of(svg))[0].render(scale=2).to_pil().convert("RGB")
    for circle in ET.fromstring(svg).iter(f"{SVG}circle"):
        x, y = (round(2 * float(circle.attrib[key])) for key in ("cx", "cy"))
        colour = circle.attrib["fill"].lstrip("#")
        fill = tuple(int(c, 16) for c in (colour if len(colour) == 3 else (colour[0:2], colour[2:4], colour[4:6])))
        fill = tuple(17 * c for c in fill) if len(colour) == 3 else fill
        assert max(abs(a - b) for a, b in zip(picture.getpixel((x, y)), fill, strict=True)) <= 2


def test_letters_that_the_typeface_lacks_are_named(sample: Sample, pdfium: Any) -> None:
    svg = forest_svg(Contents.of(sample.study, sample.records)).replace("bm25", "検索é")
    assert pdf.missing_letters(svg) == "検索"
    with pytest.raises(InvalidInput, match="holds 検索, which the typeface Arimo lacks"):
        pdf.pdf_of(svg)


def test_the_folder_has_a_pdf_beside_each_svg_where_they_can_be_written(folder: Path) -> None:
    kinds = {path.suffix for path in (folder / "figures").iterdir()}
    assert kinds == ({".svg", ".pdf"} if pdf.can_write_pdf() else {".svg"})
