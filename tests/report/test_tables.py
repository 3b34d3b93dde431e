"""The small tables: notebook, CI, terminal."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import evidense as ev
from evidense import report
from evidense.boundary.numerals import plain
from evidense.records import Verdict
from evidense.report.comparison.paper.table import (
    COLUMN_PT,
    GAP_PT,
    MARKS,
    MOST_COLUMNS,
    PaperCell,
    PaperTable,
    paper_markdown,
    paper_table,
    paper_tables,
    parts_of,
    width_pt,
)
from evidense.report.comparison.tables import escape_markdown
from evidense.report.contents import Contents
from evidense.report.rendering import without_sample
from report.hostile import hostile
from report.sample import Sample


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_the_terminal_table_keeps_its_width(sample: Sample, width: int) -> None:
    lines = report.table_text(sample.study, sample.records, width).splitlines()
    assert max(map(len, lines)) <= width
    assert sum("UNDECIDED" in line or "HELPS" in line or "HARMS" in line for line in lines) >= 9


OLD_WORDS = re.compile(
    r".{,60}(?:could hide|would decide|and hides|contains none of your|yours to know|in training data of|\b1 independent (?:groups|clusters)"
    r"|does not help|\b\d+/\d+/\d+\b|win / tie).{,20}"
)
"""Words and forms that readers stumbled over."""


def test_no_output_falls_back_to_words_that_readers_stumbled_over(sample: Sample, tmp_path: Path) -> None:
    page = report.write(
        sample.study, sample.records, sample.store, tmp_path / "page", text=True, command="", study_file=""
    )
    written = [
        path.read_text(encoding="utf-8")
        for path in page.parent.iterdir()
        if path.suffix in (".html", ".md", ".tex", ".svg")
    ]
    tables = [
        table(sample.study, sample.records) for table in (report.table_html, report.table_text, report.table_markdown)
    ]
    assert len(written) >= 4
    for text in (*written, *tables):
        visible = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert not OLD_WORDS.findall(re.sub(r"<[^>]+>", " ", visible))


def test_the_terminal_is_not_steered_by_a_name(sample: Sample) -> None:
    bad = hostile(sample)
    records = [r for r in bad.records if not isinstance(r, Verdict)]
    records += [Verdict(**{**vars(v), "collection": "x\x1b[2Jy\u202e"}) for v in bad.records if isinstance(v, Verdict)]
    assert not re.search(r"[\x1b\u202e]", report.table_text(bad.study, records))


def test_the_notebook_table_is_a_fragment_that_cannot_clash(sample: Sample) -> None:
    html = report.table_html(sample.study, sample.records)
    assert not re.search(r"<(script|style|link)|(class|id)=", html)
    assert html.count("<tr") == 1 + 9 + 3
    rows = [re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL) for row in html.split("<tr")[2:]]
    cells = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in rows]
    verdicts = [v for v in sample.records if isinstance(v, Verdict)]
    said = {(row[1], row[2], row[4].split(" · ")[0]) for row in cells}  # behind it: references
    assert said >= {
        (v.system, without_sample(v.collection), f"{plain(v.base_mean)} → {plain(v.system_mean)}") for v in verdicts
    }


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


def _cells(tabular: str) -> list[list[str]]:
    """Return the cells of one tabular environment, row by row."""
    lines = tabular.split(r"\end{tabular*}")[0].splitlines()
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith(r" \\")]
    assert {len(row) for row in rows} == {1 + lines[0].count("r", lines[0].index("}l"))}
    return rows


def test_the_paper_table_has_systems_as_rows_and_the_best_value_bold(sample: Sample) -> None:
    contents = Contents.of(sample.study, sample.records)
    tables = paper_table(contents).split(r"\end{table}")[:-1]
    measures = [measure for measure in contents.measures if not measure.startswith("Judged")]
    assert len(tables) == len(measures)
    for measure, text in zip(measures, tables, strict=True):
        assert text.count(r"\label{tab:sample-") == text.count(r"\caption{") == 1
        parts = [_cells(part) for part in text.split(r"\begin{tabular*}{\columnwidth}")[1:]]
        assert all([row[0].replace("\\", "") for row in part[1:]] == contents.everyone for part in parts)
        rows = [
            [row[0][0], *(cell for row_of_part in row for cell in row_of_part[1:])] for row in zip(*parts, strict=True)
        ]
        assert rows[0] == ["System", *contents.collections, "Mean"]
        for column, collection in enumerate(contents.collections, 1):
            values = {s: plain(contents.means[s, collection, measure].value) for s in contents.everyone}
            for row, system in zip(rows[1:], contents.everyone, strict=True):
                verdict = contents.verdicts.get((system, collection)) if measure == sample.study.primary else None
                mark = MARKS.get(verdict.verdict, "") if verdict else ""
                mark = f"$^{{{mark}}}$" if mark else ""
                is_best = values[system] == max(values.values())
                assert row[column] == (rf"\textbf{{{values[system]}}}" if is_best else values[system]) + mark
        for row, system in zip(rows[1:], contents.everyone, strict=True):
            pooled = contents.pooled.get(system) if measure == sample.study.primary else None
            mark = MARKS.get(str(pooled.details["label"]), "") if pooled is not None else ""
            assert row[-1].endswith(f"$^{{{mark}}}$") if mark else "$" not in row[-1]


def test_the_markdown_table_holds_the_cells_of_the_latex_table(sample: Sample) -> None:
    contents = Contents.of(sample.study, sample.records)
    in_markdown = paper_markdown(contents)
    for table in paper_tables(contents):
        for system, cells in table.rows:
            row = [
                (f"**{cell.value}**" if cell.is_best else cell.value)
                + {"+": "⁺", "-": "⁻", "=": "⁼", "": ""}[cell.mark]
                for cell in cells
            ]
            assert f"| {' | '.join([escape_markdown(system), *row])} |" in in_markdown


@pytest.mark.parametrize("n_collections", [1, 2, 6, 7, 15])
def test_no_part_of_the_paper_table_is_wider_than_a_column(n_collections: int) -> None:
    cells = tuple(PaperCell(".123", mark="+") for _ in range(n_collections))
    rows = tuple((name, cells) for name in ("base", "tuned", "much tuned"))
    table = PaperTable("nDCG@10", tuple(f"corpus {n}" for n in range(n_collections)), rows, 3)
    parts = parts_of(table)
    assert [column for part in parts for column in part] == list(range(n_collections))
    for part in parts:
        heads = ["much tuned", *(table.columns[column] for column in part)]
        assert sum(map(width_pt, heads)) + GAP_PT * len(part) <= COLUMN_PT
        assert len(part) <= MOST_COLUMNS


def test_the_widths_of_a_table_are_those_of_the_typeface() -> None:
    """Computer Modern ships with matplotlib; `small` is 9 points."""
    matplotlib, fonts = pytest.importorskip("matplotlib"), pytest.importorskip("PIL.ImageFont")
    roman, bold = (
        fonts.truetype(str(Path(matplotlib.__file__).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"), 900)
        for name in ("cmr10", "cmb10")
    )
    for text in (
        "MARCO",
        "TREC-COVID",
        "NFCorpus",
        "HotpotQA",
        "SCIDOCS",
        "ColBERTv2",
        "docstrings",
        "tuned-e5-base-v2 (ours)",
    ):
        assert 0.9 < width_pt(text) / (roman.getlength(text) / 100) < 1.25
    assert 0.9 < width_pt(".583") / (bold.getlength(".583") / 100) < 1.25


def test_a_paper_has_a_table_for_each_measure_that_was_asked_for(tmp_path: Path) -> None:
    lines = [f"q{n} Q0 d{(n + k) % 30} {k + 1} {9 - k} r\n" for n in range(30) for k in range(5)]
    (tmp_path / "old.run").write_text("".join(lines))
    (tmp_path / "new.run").write_text("".join(lines[5:]))
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 d{n} 1\nq{n} 0 d{(n + 1) % 30} 0\n" for n in range(30)))
    result = ev.compare(str(tmp_path / "old.run"), str(tmp_path / "new.run"), qrels=str(tmp_path / "qrels.txt"))
    contents = Contents.of(result.study, result.records)
    assert "nDCG(judged_only=True)@10" in contents.measures
    assert [table.measure for table in paper_tables(contents)] == ["nDCG@10", "RR@10", "R@100"]
