"""Effect tables: the effects of a factorial as LaTeX, Markdown and a flat mapping."""

from markupsafe import Markup

from evidense.boundary.numerals import count, interval, level, signed
from evidense.boundary.shown import shown
from evidense.records import Finding
from evidense.report.comparison.tables import escape_markdown
from evidense.report.contents import Contents
from evidense.report.factorial.effects import GROUPS, Effects, title
from evidense.report.latex import LatexTable, effect_cell, escape_latex
from evidense.report.words import margin_text


def latex(contents: Contents) -> str:
    """Return the effects as a table for a paper (it needs the package booktabs)."""
    effects = Effects.of(contents.study, contents.records)
    rows = [
        (escape_latex(_title(f)), escape_latex(str(f.site["collection"])), count(f.n), effect_cell(f.value, f.low, f.high), _word(effects, f))
        for f in _ordered(effects)
    ]  # fmt: skip
    intervals = f"{level(contents.study.confidence)} intervals over {effects.n_seeds} seeds and all queries"
    caption = f"{contents.study.primary}: effects with {intervals}; margin {margin_text(contents.study.margin)}."
    heads = ("Effect", "Collection", "$n$", "Effect [interval]", "Verdict")
    return LatexTable(escape_latex(caption), "llrrl", heads, rows).text()


def markdown(contents: Contents) -> str:
    """Return the effects in Markdown, as a CI log shows them."""
    effects = Effects.of(contents.study, contents.records)
    lines = [
        f"### {escape_markdown(contents.study.question)}",
        "",
        f"{contents.study.primary} · {effects.n_seeds} seeds · margin {margin_text(contents.study.margin)}",
        "",
        "| verdict | effect | collection | role | effect [interval] | n |",
        "|---|---|---|---|---:|---:|",
    ]
    for f in _ordered(effects):
        cells = [_word(effects, f), escape_markdown(_title(f)), escape_markdown(str(f.site["collection"])), str(f.site.get("role", "")),
                 f"{signed(f.value)} {interval(f.low, f.high)}", count(f.n)]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def text(contents: Contents) -> str:
    """Return the effects for a terminal: one line an effect and collection."""
    effects = Effects.of(contents.study, contents.records)
    lines = [contents.study.question, ""]
    for f in _ordered(effects):
        lines.append(
            f"{_word(effects, f):<10} {_title(f):<34} {f.site['collection']!s:<28} {signed(f.value)} {interval(f.low, f.high)}  n {count(f.n)}"
        )
    return shown("\n".join(lines))


def fragment(contents: Contents) -> str:
    """Return the effects as the HTML fragment that a notebook shows."""
    return str(Markup("<pre>{}</pre>").format(text(contents)))


def metrics(contents: Contents) -> dict[str, float]:
    """Return one flat mapping for trackers: cell means and effects with their intervals."""
    effects = Effects.of(contents.study, contents.records)
    flat: dict[str, float | None] = {}
    for (cell, collection, measure), f in effects.cells.items():
        flat |= _with_interval(f"{collection}/{cell}/{measure}", f)
    for (effect, collection, measure), f in effects.effects.items():
        flat |= _with_interval(f"{collection}/{effect}/{measure}/effect", f)
    return {name: value for name, value in flat.items() if value is not None}


def _ordered(effects: Effects) -> list[Finding]:
    primary = effects.study.primary
    return [f for key in GROUPS for e in effects.names(key) for f in effects.of_effect(e, primary)]


def _title(finding: Finding) -> str:
    return title(str(finding.site["effect"]))


def _word(effects: Effects, finding: Finding) -> str:
    verdict = effects.verdicts.get((str(finding.site["effect"]), str(finding.site["collection"])))
    return verdict.verdict if verdict else "—"


def _with_interval(name: str, f: Finding) -> dict[str, float | None]:
    return {name: f.value, f"{name}/low": f.low, f"{name}/high": f.high, f"{name}/n": float(f.n)}
