"""Tables: the verdicts as LaTeX and Markdown."""

import html
import re

from markupsafe import Markup

from evidense.boundary.shown import shown
from evidense.records import Verdict
from evidense.report.comparison.answer import answer, family
from evidense.report.comparison.looks import best_sentence, sentences
from evidense.report.comparison.shared import shared_sentences
from evidense.report.contents import Contents
from evidense.report.numerals import count, interval, plain, signed
from evidense.report.words import WORDS, margin_text

_LATEX = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}",
          "^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "→": r"$\to$", "<": r"\textless{}", ">": r"\textgreater{}"}  # fmt: skip


def escape_latex(text: str) -> str:
    r"""Return a text that LaTeX prints as it is.

    >>> escape_latex("100%_{a}")
    '100\\%\\_\\{a\\}'
    """
    return "".join(_LATEX.get(c, c) for c in shown(" ".join(text.split())))


def escape_markdown(text: str) -> str:
    r"""Return a text that Markdown prints as it is, inside a table cell too.

    >>> escape_markdown("a|b <b>")
    'a\\|b &lt;b&gt;'
    """
    plain_ = shown(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", plain_)


def latex(contents: Contents) -> str:
    """Return a table for a paper (it needs the package booktabs)."""
    several = len(contents.systems) > 1
    rows: list[str] = []
    for system in contents.systems:
        rows += [r"\midrule"] if rows else []
        rows += [_latex_row(v, several) for v in contents.worst_first(system)]
        pooled = contents.pooled.get(system)
        if pooled is not None and len(contents.collections) > 1:
            head = f"{escape_latex(system)} & " if several else ""
            effect = f"${_math(signed(pooled.value))}$ ${_math(interval(pooled.low, pooled.high))}$"
            label = pooled.details.get("label", "")
            rows.append(f"{head}\\emph{{mean of these}} & {count(pooled.n)} & & & {effect} & {label} \\\\")
    columns, head = ("ll", "System & Collection") if several else ("l", "Collection")
    return "\n".join([
        r"\begin{table}", r"\centering",
        f"\\caption{{{_caption(contents)}}}",
        rf"\begin{{tabular}}{{{columns}rrrrl}}", r"\toprule", f"{head} & $n$ & Baseline & System & Difference [interval] & Verdict \\\\", r"\midrule",
        *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}", "",
    ])  # fmt: skip


def _caption(contents: Contents) -> str:
    study = contents.study
    level = f"{study.confidence * 100:.0f}\\% interval, {escape_latex(family(contents))}"
    what = f"{escape_latex(study.primary)}: difference from {escape_latex(contents.baseline)} with its {level}"
    return f"{what}; margin ${_math(margin_text(study.margin))}$."


def _latex_row(v: Verdict, several: bool) -> str:
    head = f"{escape_latex(v.system)} & " if several else ""
    effect = f"${_math(signed(v.effect))}$ ${_math(interval(v.low, v.high))}$"
    return f"{head}{escape_latex(v.collection)} & {count(v.n)} & {plain(v.base_mean)} & {plain(v.system_mean)} & {effect} & {v.verdict} \\\\"


def _math(text: str) -> str:
    return text.replace("−", "-").replace("±", r"\pm ").replace("—", r"\text{--}")


def markdown(contents: Contents) -> str:
    """Return answer, gate and table in Markdown, as a CI log shows them."""
    study = contents.study
    lines = [
        f"### {_title(contents)}",
        "",
        f"{study.primary} · margin {margin_text(study.margin)} · {study.confidence:.0%}, {family(contents)}",
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
        "| | verdict | system | collection | baseline | system | difference [interval] | n | win / tie / loss |",
        "|---|---|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [_markdown_row(v) for s in contents.systems for v in contents.worst_first(s)]
    return "\n".join([*lines, ""])


def unmarked(sentence: Markup) -> str:
    """Return a sentence as plain text."""
    return html.unescape(re.sub(r"</?bdi>", "", str(sentence)))


def _markdown_row(v: Verdict) -> str:
    d = v.details
    cells = [WORDS[v.verdict].icon, v.verdict, escape_markdown(v.system), escape_markdown(v.collection), plain(v.base_mean), plain(v.system_mean),
             f"{signed(v.effect)} {interval(v.low, v.high)}", count(v.n), " / ".join(count(d.get(k, 0)) for k in ("win", "tie", "loss"))]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _title(contents: Contents) -> str:
    who = contents.systems[0] if len(contents.systems) == 1 else f"{len(contents.systems)} systems"
    return f"{escape_markdown(who)} vs {escape_markdown(contents.baseline)}"
