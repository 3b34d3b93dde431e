"""LaTeX: one writer for all tables that go into papers; they need the package booktabs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import interval, signed
from evidense.boundary.shown import shown

_ESCAPED = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}",
            "^": r"\textasciicircum{}", "−": "$-$", "\u202f": r"\,", "±": r"$\pm$", "→": r"$\to$", "<": r"\textless{}", ">": r"\textgreater{}"}  # fmt: skip
_SPACES = re.compile(r"[^\S\u202f]+")
_MATHS = {"−": "-", "±": r"\pm ", "—": r"\text{--}"}
RULE: tuple[str, ...] = ()
"""A row without cells: a line between two groups of rows."""


@dataclass(frozen=True)
class LatexTable:
    """A table; caption, heads and cells are LaTeX already."""

    caption: str
    alignment: str
    """One letter a column: l, r or c."""
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    label: str = ""

    def text(self) -> str:
        """Return the table as LaTeX source."""
        return "\n".join([
            *_opened(self.caption, self.label), f"\\begin{{tabular}}{{{self.alignment}}}", *_ruled(self.heads, self.rows),
            r"\end{tabular}", r"\end{table}", "",
        ])  # fmt: skip


@dataclass(frozen=True)
class TablePart:
    """Some columns of a table that is too wide for one; the first column stands in each part."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def table_in_parts(caption: str, label: str, parts: Sequence[TablePart]) -> str:
    """Return a table as wide as a column of text, its parts below each other; the first column is set left, the others right."""
    lines = [*_opened(caption, label), r"\small", r"\setlength{\tabcolsep}{3pt}"]
    for number, part in enumerate(parts):
        alignment = r"@{\extracolsep{\fill}}l" + "r" * (len(part.heads) - 1)
        lines += [r"\\[1ex]"] if number else []
        lines += [
            f"\\begin{{tabular*}}{{\\columnwidth}}{{{alignment}}}",
            *_ruled(part.heads, part.rows),
            r"\end{tabular*}",
        ]
    return "\n".join([*lines, r"\end{table}", ""])


def _opened(caption: str, label: str) -> list[str]:
    return [r"\begin{table}", r"\centering", f"\\caption{{{caption}}}", *([f"\\label{{{label}}}"] if label else [])]


def _ruled(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [r"\toprule", _row(heads), r"\midrule", *map(_row, rows), r"\bottomrule"]


def _row(cells: Sequence[str]) -> str:
    if not cells:
        return r"\midrule"
    return " &".join(f" {cell}" if cell else "" for cell in cells).lstrip() + r" \\"


def escape_latex(text: str) -> str:
    r"""Return a text that LaTeX prints as it is.

    >>> escape_latex("100%_{a}")
    '100\\%\\_\\{a\\}'
    """
    return "".join(_ESCAPED.get(c, c) for c in shown(_SPACES.sub(" ", text.strip())))


def math(text: str) -> str:
    r"""Return a number or an interval as LaTeX sets it in formulas.

    >>> math("−.043"), math("±.02")
    ('$-.043$', '$\\pm .02$')
    """
    for character, command in _MATHS.items():
        text = text.replace(character, command)
    return f"${text}$"


def effect_cell(value: float | None, low: float | None, high: float | None) -> str:
    r"""Return an effect with its interval.

    >>> effect_cell(-0.043, -0.066, -0.02)
    '$-.043$ $[-.066, -.020]$'
    """
    return f"{math(signed(value))} {math(interval(low, high))}"
