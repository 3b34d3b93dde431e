"""LaTeX: one writer for all tables that go into papers; they need the package booktabs."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import interval, signed
from evidense.boundary.shown import shown

_ESCAPED = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}",
            "^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "→": r"$\to$", "<": r"\textless{}", ">": r"\textgreater{}"}  # fmt: skip
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
            r"\begin{table}", r"\centering", f"\\caption{{{self.caption}}}", *([f"\\label{{{self.label}}}"] if self.label else []),
            f"\\begin{{tabular}}{{{self.alignment}}}", r"\toprule", _row(self.heads), r"\midrule", *map(_row, self.rows), r"\bottomrule",
            r"\end{tabular}", r"\end{table}", "",
        ])  # fmt: skip


def _row(cells: Sequence[str]) -> str:
    if not cells:
        return r"\midrule"
    return " &".join(f" {cell}" if cell else "" for cell in cells).lstrip() + r" \\"


def escape_latex(text: str) -> str:
    r"""Return a text that LaTeX prints as it is.

    >>> escape_latex("100%_{a}")
    '100\\%\\_\\{a\\}'
    """
    return "".join(_ESCAPED.get(c, c) for c in shown(" ".join(text.split())))


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
