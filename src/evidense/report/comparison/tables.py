"""Tables: the verdicts as LaTeX and Markdown."""

import html
import re

from markupsafe import Markup

from evidense.boundary.numerals import count, interval, level, plain, signed
from evidense.boundary.shown import shown
from evidense.records import Verdict
from evidense.report.comparison.answer import answer, family
from evidense.report.comparison.exports import slug
from evidense.report.comparison.looks import best_sentence, sentences
from evidense.report.comparison.seeds import seeds_text
from evidense.report.comparison.shared import shared_sentences
from evidense.report.contents import Contents
from evidense.report.latex import RULE, LatexTable, effect_cell, escape_latex, math
from evidense.report.names import measure_name
from evidense.report.rendering import full_name, without_sample
from evidense.report.words import WORDS, margin_text


def escape_markdown(text: str) -> str:
    r"""Return a text that Markdown prints as it is, inside a table cell too.

    >>> escape_markdown("a|b <b>")
    'a\\|b &lt;b&gt;'
    """
    plain_ = shown(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", plain_)


def latex(contents: Contents) -> str:
    """Return the verdicts as a table for a paper."""
    rows: list[tuple[str, ...]] = []
    for system in contents.systems:
        rows += [RULE] if rows else []
        rows += [_latex_row(v) for v in contents.worst_first(system)]
        pooled = contents.pooled.get(system)
        if pooled is not None and len(contents.collections) > 1:
            effect, label = effect_cell(pooled.value, pooled.low, pooled.high), str(pooled.details.get("label", ""))
            rows.append((escape_latex(system), r"\emph{mean of these}", count(pooled.n), "", "", effect, label))
    heads = ("System", "Collection", "$n$", "Baseline value", "System value", "Difference [interval]", "Verdict")
    if len(contents.systems) > 1:
        return LatexTable(_caption(contents), "llrrrrl", heads, rows, _label(contents)).text()
    return LatexTable(_caption(contents), "lrrrrl", heads[1:], [row[1:] for row in rows], _label(contents)).text()


def _label(contents: Contents) -> str:
    return label_of(contents, "differences")


def _caption(contents: Contents) -> str:
    study = contents.study
    interval_of = f"{escape_latex(level(study.confidence))} interval, {escape_latex(family(contents))}"
    what = f"{escape_latex(measure_name(study, study.primary))}: difference from {escape_latex(contents.baseline)} with its {interval_of}"
    return f"{what}; margin {math(margin_text(study.margin))}."


def _latex_row(v: Verdict) -> tuple[str, ...]:
    effect = effect_cell(v.effect, v.low, v.high)
    means = (plain(v.base_mean), plain(v.system_mean))
    return (escape_latex(v.system), escape_latex(v.collection), count(v.n), *means, effect, v.verdict)


def markdown(contents: Contents) -> str:
    """Return answer, gate and table in Markdown, as a CI log shows them."""
    study = contents.study
    lines = [
        f"### {_title(contents)}",
        "",
        f"{escape_markdown(measure_name(study, study.primary))} · margin {margin_text(study.margin)} · {level(study.confidence)}, {family(contents)}",
        "",
    ]
    lines += [
        f"- {escape_markdown(text)}"
        for text in [*map(best_sentence, contents.winners), *sentences(study), *shared_sentences(contents)]
    ]
    for system in contents.systems:
        said = answer(contents, system)
        who = f"{escape_markdown(system)}: " if len(contents.systems) > 1 else ""
        lines.append(
            f"- **{said.lead}:** {who}{escape_markdown(unmarked(said.sentence))} Gate: **{'PASS' if said.passes else 'FAIL'}**"
        )
    lines += [
        "",
        "| | verdict | system | collection | baseline value | system value | difference [interval] | n | better / equal / worse |",
        "|---|---|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [_markdown_row(v) for s in contents.systems for v in contents.worst_first(s)]
    return "\n".join([*lines, ""])


def unmarked(sentence: Markup) -> str:
    """Return a sentence as plain text."""
    return html.unescape(re.sub(r"</?bdi>", "", str(sentence)))


def _markdown_row(v: Verdict) -> str:
    d = v.details
    name = escape_markdown(f"{v.system} ({text})" if (text := seeds_text(d)) else v.system)
    cells = [WORDS[v.verdict].icon, v.verdict, name, escape_markdown(v.collection), plain(v.base_mean), plain(v.system_mean),
             f"{signed(v.effect)} {interval(v.low, v.high)}", count(v.n), " / ".join(count(d.get(k, 0)) for k in ("win", "tie", "loss"))]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _title(contents: Contents) -> str:
    who = contents.systems[0] if len(contents.systems) == 1 else f"{len(contents.systems)} systems"
    return f"{escape_markdown(who)} vs {escape_markdown(contents.baseline)}"


_BEGIN = 12
"""Letters of the baseline's name that a default name of a study is known by; long ones are cut."""


def label_of(contents: Contents, what: str) -> str:
    """Return the label of a LaTeX table of a study."""
    return f"tab:{slug(_stem(contents))}-{slug(what)}".lower()


def _stem(contents: Contents) -> str:
    """Return the name of the study, in short names where it has some and its name was made of the full ones."""
    name, has_short = contents.study.name, {"systems", "collections"} & contents.study.names.keys()
    if not has_short or f"-vs-{slug(full_name(contents.baseline))[:_BEGIN]}".lower() not in name.replace("_", "-"):
        return name
    several = (contents.systems, "systems"), ([without_sample(c) for c in contents.collections], "collections")
    who, where = (names[0] if len(names) == 1 else f"{len(names)}-{what}" for names, what in several)
    return f"{who}-vs-{contents.baseline}-on-{where}"
