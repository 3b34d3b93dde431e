"""The small tables: notebook, CI, terminal."""

import re
from html.parser import HTMLParser

import pytest

from evidense import report
from evidense.boundary.numerals import plain
from evidense.records import Verdict
from evidense.report.comparison.paper.table import MARKS, paper_table
from evidense.report.contents import Contents
from report.hostile import hostile
from report.sample import Sample


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_the_terminal_table_keeps_its_width(sample: Sample, width: int) -> None:
    lines = report.table_text(sample.study, sample.records, width).splitlines()
    assert max(map(len, lines)) <= width
    assert sum("UNDECIDED" in line or "HELPS" in line or "HARMS" in line for line in lines) >= 9


def test_the_terminal_is_not_steered_by_a_name(sample: Sample) -> None:
    bad = hostile(sample)
    records = [r for r in bad.records if not isinstance(r, Verdict)]
    records += [Verdict(**{**vars(v), "collection": "x\x1b[2Jy\u202e"}) for v in bad.records if isinstance(v, Verdict)]
    assert not re.search(r"[\x1b\u202e]", report.table_text(bad.study, records))


def test_the_notebook_table_is_a_fragment_that_cannot_clash(sample: Sample) -> None:
    html = report.table_html(sample.study, sample.records)
    assert not re.search(r"<(script|style|link)|(class|id)=", html)
    assert html.count("<tr") == 1 + 9 + 3


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def test_hostile_names_stay_text_in_notebook_markdown_and_latex(sample: Sample) -> None:
    bad = hostile(sample)
    tags = Tags()
    tags.feed(report.table_html(bad.study, bad.records))
    assert not tags.seen & {"script", "img"}
    md = report.table_markdown(bad.study, bad.records)
    assert "<script>" not in md
    assert r"bm&lt;b&gt;&amp;{{7\*7}}" in md


def test_the_paper_table_has_systems_as_rows_and_the_best_value_bold(sample: Sample) -> None:
    contents = Contents.of(sample.study, sample.records)
    tables = paper_table(contents).split(r"\end{table}")[:-1]
    assert len(tables) == len(contents.measures)
    for measure, text in zip(contents.measures, tables, strict=True):
        rows = [line.removesuffix(r" \\").split(" & ") for line in text.splitlines() if line.endswith(r" \\")]
        assert r"\label{tab:sample-" in text
        assert [row[0].replace("\\", "") for row in rows[1:]] == contents.everyone
        for column, collection in enumerate(contents.collections, 1):
            values = {s: plain(contents.means[s, collection, measure].value) for s in contents.everyone}
            for row, system in zip(rows[1:], contents.everyone, strict=True):
                verdict = contents.verdicts.get((system, collection)) if measure == sample.study.primary else None
                mark = MARKS.get(verdict.verdict, "") if verdict else ""
                is_best = values[system] == max(values.values())
                assert row[column] == (rf"\textbf{{{values[system]}}}" if is_best else values[system]) + mark
