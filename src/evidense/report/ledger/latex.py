"""LaTeX of the ledger: verdicts on claims as a table for a paper."""

from collections.abc import Callable, Sequence

from evidense.boundary.numerals import count
from evidense.parts import code_order
from evidense.published.claim_verdicts import apart_words
from evidense.records import Check
from evidense.report.latex import LatexTable, effect_cell, escape_latex
from evidense.report.ledger.words import pair_of

HEADS = ("Claim", "Level", "Contrast", "Effect [interval]", "$n$", "Clusters", "Verdict")


def latex(verdicts: Sequence[Check], caption: str, title_of: Callable[[str], str] = str) -> str:
    """Return the table, one row a verdict; `title_of` names a collection, and the caption is LaTeX already."""
    in_order = sorted(verdicts, key=lambda v: code_order(str(v.details["code"])))
    return LatexTable(caption, "lllrrrl", HEADS, [_row(v, title_of(v.collection)) for v in in_order]).text()


def _row(verdict: Check, collection: str) -> tuple[str, ...]:
    code, level = (escape_latex(str(verdict.details.get(key, ""))) for key in ("code", "level"))
    of = f"an analogue of {code}" if verdict.details.get("analogue") else ""
    apart = apart_words(verdict.details.get("at", {}))
    where = ", ".join(text for text in (of, pair_of(verdict), collection, apart) if text)
    contrast = escape_latex(": ".join(text for text in (where, verdict.measure) if text))
    word = escape_latex(verdict.verdict.replace("_", " "))
    if verdict.effect is None:
        return code, level, contrast, "", "", "", word
    numbers = (count(verdict.n), count(verdict.n_clusters))
    return code, level, contrast, effect_cell(verdict.effect, verdict.low, verdict.high), *numbers, word
