"""Paper table: systems as rows, collections as columns, the best value bold, marks where a difference from the baseline is shown."""

from evidense.boundary.numerals import plain
from evidense.report.comparison.exports import slug
from evidense.report.contents import Contents
from evidense.report.latex import RULE, LatexTable, escape_latex, math
from evidense.report.rendering import without_sample
from evidense.report.words import margin_text

MARKS = {"HELPS": r"$^{+}$", "HARMS": r"$^{-}$", "SAME": r"$^{=}$", "IDENTICAL": r"$^{=}$"}


def paper_table(contents: Contents) -> str:
    """Return one LaTeX table of the primary measure, of the other measures one table each below; with captions and labels.

    A mark speaks of the difference from the baseline on the primary measure; other measures have no verdicts and no marks.
    """
    measures = [
        m
        for m in contents.measures
        if any((s, c, m) in contents.means for s in contents.everyone for c in contents.collections)
    ]
    return "\n".join(_table(contents, measure).text() for measure in measures)


def _table(contents: Contents, measure: str) -> LatexTable:
    is_primary = measure == contents.study.primary
    columns = contents.collections
    has_mean = len(columns) > 1
    best = {c: max(rounded(contents, s, c, measure) for s in contents.everyone) for c in columns}
    means = {s: _mean(contents, s, measure) for s in contents.everyone}
    rows = []
    for system in contents.everyone:
        rows += [RULE] if system == next(iter(contents.references), None) else []
        cells = [_cell(contents, (system, c), measure, best[c]) for c in columns]
        rows.append((escape_latex(system), *cells, *([_bold(means[system], max(means.values()))] if has_mean else [])))
    heads = ("System", *(escape_latex(_short(c)) for c in columns), *(["Mean"] if has_mean else []))
    label = f"tab:{slug(contents.study.name)}-{slug(measure)}".lower()
    return LatexTable(_caption(contents, measure, is_primary), "l" + "r" * (len(heads) - 1), heads, rows, label)


def rounded(contents: Contents, system: str, collection: str, measure: str) -> float:
    """Return a value as it is printed; what is not there is less than every value."""
    finding = contents.means.get((system, collection, measure))
    return -1.0 if finding is None else round(finding.value, 3)


def _mean(contents: Contents, system: str, measure: str) -> float:
    found = [contents.means.get((system, c, measure)) for c in contents.collections]
    values = [finding.value for finding in found if finding is not None]
    return round(sum(values) / len(values), 3) if len(values) == len(found) else -1.0


def _cell(contents: Contents, at: tuple[str, str], measure: str, best: float) -> str:
    value = rounded(contents, *at, measure)
    verdict = contents.verdicts.get(at) if measure == contents.study.primary else None
    return "--" if value < 0 else _bold(value, best) + (MARKS.get(verdict.verdict, "") if verdict else "")


def _bold(value: float, best: float) -> str:
    if value < 0:
        return "--"
    return f"\\textbf{{{plain(value)}}}" if value == best else plain(value)


def _short(collection: str) -> str:
    """Return a name that fits a column: without the size of the sample, and without a version after a slash."""
    return without_sample(collection).partition("/")[0] or collection


def _caption(contents: Contents, measure: str, is_primary: bool) -> str:
    study = contents.study
    named = f"{escape_latex(measure)} of every system; best values in bold."
    if not is_primary:
        return named
    level = f"{study.confidence * 100:.0f}\\%"
    return (
        f"{named} $^{{+}}$ better, $^{{-}}$ worse than {escape_latex(contents.baseline)} (simultaneous {level} intervals that leave out 0), "
        f"$^{{=}}$ equal within {math(margin_text(study.margin))}; unmarked: undecided."
    )
