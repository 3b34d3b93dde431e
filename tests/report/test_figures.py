"""forest.svg: one file, the numbers of the page, hostile text stays text."""

import xml.etree.ElementTree as ET
from pathlib import Path

from evidense import report
from evidense.boundary.numerals import interval, signed
from evidense.report.comparison.paper.figures import forest_svg
from evidense.report.contents import Contents
from report.hostile import hostile
from report.sample import Sample

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_effect_stands_in_the_figure_as_on_the_page(sample: Sample, folder: Path) -> None:
    contents = Contents.of(sample.study, sample.records)
    svg = forest_svg(contents)
    assert (folder / "forest.svg").read_text(encoding="utf-8") == svg
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


def test_hostile_names_stay_text(sample: Sample, tmp_path: Path) -> None:
    bad = hostile(sample)
    report.write(bad.study, bad.records, bad.store, tmp_path / "out")
    root = ET.parse(tmp_path / "out" / "forest.svg").getroot()
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert names == {"svg", "title", "rect", "line", "text", "tspan", "circle"}
