"""Paper table: systems as rows, collections as columns, the best value bold, marks where a difference from the baseline is shown.

One table a measure, in LaTeX (paper.tex) and in Markdown (paper.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evidense import measures
from evidense.boundary.numerals import count, level, plain
from evidense.report.comparison.seeds import over_seeds
from evidense.report.comparison.tables import escape_markdown, label_of
from evidense.report.contents import Contents
from evidense.report.latex import RULE, TablePart, escape_latex, math, table_in_parts
from evidense.report.names import measure_name
from evidense.report.rendering import ShortName, without_sample
from evidense.report.words import margin_text

MARKS = {"HELPS": "+", "HARMS": "-", "SAME": "=", "IDENTICAL": "="}
RAISED = {"+": "⁺", "-": "⁻", "=": "⁼", "": ""}
"""Mark → as plain text prints it."""
NONE = "–"
"""Stands where a system has no value."""
MOST_COLUMNS = 6
COLUMN_PT, GAP_PT = 240.0, 6.0
"""Width of a column of text in a paper of two, and of what stands between two columns of the table."""
_CAPITAL_PT, _LETTER_PT = 6.5, 4.7
"""Width of letters and digits of Computer Modern in `small`, on average."""


@dataclass(frozen=True)
class PaperCell:
    """A value as it is printed, whether it is the best of its column, and the mark of its verdict."""

    value: str
    is_best: bool = False
    mark: str = ""


@dataclass(frozen=True)
class PaperTable:
    """The values of all systems by one measure."""

    measure: str
    """As the study spells it."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[PaperCell, ...]], ...]
    """System, then a cell a column."""
    n_compared: int
    """Rows above the references."""


def paper_table(contents: Contents) -> str:
    """Return one LaTeX table of the primary measure, of the other measures one table each below; with captions and labels.

    A mark speaks of the difference from the baseline on the primary measure; other measures have no verdicts and no marks.
    A table that is wider than a column of text is set in parts below each other, under one caption.
    """
    return "\n".join(_latex(contents, table) for table in paper_tables(contents))


def paper_markdown(contents: Contents) -> str:
    """Return the same tables in Markdown, each below its caption."""
    return "\n".join(_markdown(contents, table) for table in paper_tables(contents))


def paper_tables(contents: Contents) -> list[PaperTable]:
    """Return a table for each measure of quality that was asked for, the primary one first; more judged documents are no better result."""
    measured = {measure for _, _, measure in contents.means if measures.parse(measure).NAME != "Judged"}
    return [_table(contents, measure) for measure in contents.study.measures if measure in measured]


def _table(contents: Contents, measure: str) -> PaperTable:
    has_mean = len(contents.collections) > 1
    values = {s: [rounded(contents, s, c, measure) for c in contents.collections] for s in contents.everyone}
    for system, row in values.items():
        row += [_mean(contents, system, measure)] if has_mean else []
    best = [max(column) for column in zip(*values.values(), strict=True)]
    rows = tuple((s, _cells(contents, s, measure, values[s], best)) for s in contents.everyone)
    columns = (*column_heads(contents.collections), *(["Mean"] if has_mean else []))
    return PaperTable(measure, columns, rows, len(contents.everyone) - len(contents.references))


def rounded(contents: Contents, system: str, collection: str, measure: str) -> float:
    """Return a value as it is printed; what is not there is less than every value."""
    finding = contents.means.get((system, collection, measure))
    return -1.0 if finding is None else round(finding.value, 3)


def _mean(contents: Contents, system: str, measure: str) -> float:
    findings = [contents.means.get((system, c, measure)) for c in contents.collections]
    values = [finding.value for finding in findings if finding is not None]
    return round(sum(values) / len(values), 3) if len(values) == len(findings) else -1.0


def _cells(
    contents: Contents, system: str, measure: str, values: Sequence[float], best: Sequence[float]
) -> tuple[PaperCell, ...]:
    marks = [""] * len(values)
    if measure == contents.study.primary:
        for place, collection in enumerate(contents.collections):
            verdict = contents.verdicts.get((system, collection))
            marks[place] = MARKS.get(verdict.verdict, "") if verdict else ""
        pooled = contents.pooled.get(system)
        if pooled is not None and len(values) > len(contents.collections):
            marks[-1] = MARKS.get(str(pooled.details.get("label", "")), "")
    return tuple(
        PaperCell(NONE) if value < 0 else PaperCell(plain(value), value == most, mark)
        for value, most, mark in zip(values, best, marks, strict=True)
    )


def column_heads(collections: Sequence[str]) -> list[str]:
    """Return names that fit a column: the study's short names, else without sample sizes and, where it stays clear, what follows a slash.

    >>> column_heads(["beir/nfcorpus/test~80q", "docstrings~60q"]), column_heads(["beir/nfcorpus", "beir/scifact"])
    (['beir', 'docstrings'], ['beir/nfcorpus', 'beir/scifact'])
    """
    whole = [without_sample(c) for c in collections]
    short = [c if isinstance(c, ShortName) else c.partition("/")[0] or c for c in whole]
    return [brief if short.count(brief) == 1 else long for brief, long in zip(short, whole, strict=True)]


# --- LaTeX


def _latex(contents: Contents, table: PaperTable) -> str:
    parts = [
        TablePart(
            ("System", *(escape_latex(table.columns[column]) for column in columns)),
            _with_rule(
                [(escape_latex(s), *(_latex_cell(cells[column]) for column in columns)) for s, cells in table.rows],
                table.n_compared,
            ),
        )
        for columns in parts_of(table)
    ]
    label = label_of(contents, table.measure)
    return table_in_parts(caption(contents, table.measure, escape_latex, _latex_mark), label, parts)


def parts_of(table: PaperTable) -> list[list[int]]:
    """Return the columns of each part: as many as fit, beside the names of the systems, into a column of text."""
    room = COLUMN_PT - max(width_pt(system) for system, _ in table.rows)
    parts: list[list[int]] = [[]]
    used = 0.0
    for column, head in enumerate(table.columns):
        width = GAP_PT + max(
            map(width_pt, [head, *(cells[column].value + cells[column].mark for _, cells in table.rows)])
        )
        if parts[-1] and (used + width > room or len(parts[-1]) == MOST_COLUMNS):
            parts.append([])
            used = 0.0
        parts[-1].append(column)
        used += width
    return parts


def width_pt(text: str) -> float:
    """Return about how wide LaTeX sets a text in `small`, in points."""
    return sum(_CAPITAL_PT if letter.isupper() else _LETTER_PT for letter in text)


def _with_rule(rows: list[tuple[str, ...]], n_compared: int) -> list[tuple[str, ...]]:
    return [*rows[:n_compared], RULE, *rows[n_compared:]] if n_compared < len(rows) else rows


def _latex_cell(cell: PaperCell) -> str:
    if cell.value == NONE:
        return "--"
    return (f"\\textbf{{{cell.value}}}" if cell.is_best else cell.value) + _latex_mark(cell.mark)


def _latex_mark(mark: str) -> str:
    return f"$^{{{mark}}}$" if mark else ""


# --- Markdown


def _markdown(contents: Contents, table: PaperTable) -> str:
    heads = ["System", *map(escape_markdown, table.columns)]
    lines = [
        caption(contents, table.measure, escape_markdown, RAISED.__getitem__),
        "",
        f"| {' | '.join(heads)} |",
        "|".join(["", "---", *["---:"] * len(table.columns), ""]),
    ]
    lines += [f"| {' | '.join([escape_markdown(s), *map(_markdown_cell, cells)])} |" for s, cells in table.rows]
    return "\n".join([*lines, ""])


def _markdown_cell(cell: PaperCell) -> str:
    return (f"**{cell.value}**" if cell.is_best else cell.value) + RAISED[cell.mark]


def caption(contents: Contents, measure: str, escape: Callable[[str], str], mark: Callable[[str], str]) -> str:
    """Return what stands above a table of a measure; `escape` and `mark` write it as LaTeX or Markdown."""
    study = contents.study
    sentence = f"{escape(measure_name(study, measure))} of every system; best values in bold. {escape(_queries(contents, measure))}"
    if measure != study.primary:
        return sentence
    margin = margin_text(study.margin)
    within = math(margin) if escape is escape_latex else margin
    seeds = f" Intervals are {escape(over)}." if (over := over_seeds(contents)) else ""
    return (
        f"{sentence} {mark('+')} better, {mark('-')} worse than {escape(contents.baseline)} "
        f"(simultaneous {escape(level(study.confidence))} intervals that leave out 0), {mark('=')} equal within {within}; unmarked: undecided.{seeds}"
    )


def _queries(contents: Contents, measure: str) -> str:
    """Return how many queries each collection has."""
    n_of = {c: f.n for (_, c, m), f in contents.means.items() if m == measure}
    sizes = [n_of.get(c, 0) for c in contents.collections]
    if len(set(sizes)) == 1:
        return f"{count(sizes[0])} queries{' on each collection' if len(sizes) > 1 else ''}."
    heads = column_heads(contents.collections)
    return f"Queries: {', '.join(f'{head} {count(n)}' for head, n in zip(heads, sizes, strict=True))}."
