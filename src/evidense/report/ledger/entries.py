"""Ledger: claims of the literature with their verdicts, what each rests on, and what would decide those that are open."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidense.boundary.numerals import count, interval, short, signed
from evidense.parts import code_order
from evidense.records import Check, Finding, Json
from evidense.report.latex import escape_latex
from evidense.report.places import grouped, said
from evidense.report.words import CLAIM_ICONS

ORDER = ("HOLDS", "FAILS", "UNDECIDED", "NOT_TESTABLE")
CSS = {"HOLDS": "is-helps", "FAILS": "is-harms", "UNDECIDED": "is-undecided", "NOT_TESTABLE": "is-none"}
MEANING = {
    "HOLDS": "the whole interval lies on the claimed side of the margin, and every control passed",
    "FAILS": "the whole interval lies on the other side of it, and every control passed",
    "UNDECIDED": "neither: too few data, a control that did not pass, or no evidence here; the reason stands beside it",
    "NOT_TESTABLE": "no experiment can test this sentence; the reason stands beside it",
}
LINKED = 4
"""Findings that a row links to; of more, the deciding ones first."""


@dataclass(frozen=True)
class Row:
    """One verdict: one level of a claim, for one pair of encoders on one collection."""

    word: str
    icon: str
    css: str
    level: str
    about: str
    """Which pair, on which collection."""
    effect: str
    """Empty where there is no evidence."""
    interval: str
    margin: str
    n: str
    controls: tuple[tuple[bool, str], ...]
    """(passed, what was found)"""
    reason: str
    decided_by: tuple[str, str, str]
    """What would decide it: before the command, the command, after it."""
    links: tuple[tuple[str, str], ...]
    """(anchor, text)"""
    n_findings: int
    registered: tuple[tuple[str, str], ...]
    id: str
    others: tuple["Row", ...] = ()
    """Further levels that this row stands for."""


@dataclass(frozen=True)
class Entry:
    """One claim with all its verdicts."""

    code: str
    sentence: str
    source: str
    decided_by: str
    rows: tuple[Row, ...]

    @property
    def has_evidence(self) -> bool:
        """Say whether any level was estimated."""
        return any(r.effect for r in self.rows)


def entries(verdicts: Sequence[Check], findings: Sequence[Finding]) -> list[Entry]:
    """Return the claims in the order of their codes."""
    known = {f.id: f for f in findings}
    found = grouped(verdicts, lambda v: str(v.details["code"]))
    return [
        Entry(code, str(some[0].details["sentence"]), str(some[0].details.get("source", "")), str(some[0].details.get("decided_by", "")),
              _merged([_row(v, known) for v in some]))
        for code, some in sorted(found.items(), key=lambda x: code_order(x[0]))
    ]  # fmt: skip


NOBODY = ("", "", "")


def _row(v: Check, known: dict[str, Finding]) -> Row:
    d, has = v.details, v.effect is not None
    is_open = v.verdict == "UNDECIDED" and not has
    return Row(
        word=v.verdict.replace("_", " "),
        icon=CLAIM_ICONS[v.verdict],
        css=CSS[v.verdict],
        level=str(d.get("level", "")),
        about=" · ".join(x for x in (_pair(v), v.collection) if x),
        effect=signed(v.effect) if has else "",
        interval=interval(v.low, v.high) if has else "",
        margin=_margin(v),
        n=count(v.n) if has else "",
        controls=tuple((bool(c["passed"]), str(c["found"])) for c in d.get("controls", ())),
        reason=NO_EVIDENCE if v.reason.startswith(NO_EVIDENCE) else v.reason,
        decided_by=command(str(d.get("decided_by", ""))) if is_open else NOBODY,
        links=_links(v, known),
        n_findings=sum(p in known for p in v.parents),
        registered=tuple((words, str(d[key])) for words, key in _REGISTERED if d.get(key)),
        id=v.id,
    )


_REGISTERED = (
    ("estimated", "estimand"),
    ("compared with", "comparator"),
    ("why this margin", "margin_reason"),
    ("adjusted over", "family"),
    ("refuted by", "refuted_by"),
)


def _pair(v: Check) -> str:
    return " − ".join(x for x in (v.system, v.baseline) if x)


def _margin(v: Check) -> str:
    relation = str(v.details.get("relation", ""))
    if not relation:
        return ""
    return {
        "within": f"within ±{short(v.margin)}",
        "above": f"above {short(v.margin)}",
        "below": f"below {short(-v.margin)}",
    }.get(relation, short(v.margin))


def command(decided_by: str) -> tuple[str, str, str]:
    """Return what a claim says would decide it, cut where its first command begins and ends.

    >>> command("evidense run paper_scale/x (their checkpoints), and more"), command("a study that nobody has made")
    (('', 'evidense run paper_scale/x', ' (their checkpoints), and more'), ('a study that nobody has made', '', ''))
    """
    found = re.search(r"evidense [a-z]+(?: (?!and\b|shows\b|would\b|with\b|on\b)[\w./=*#-]+)*", decided_by)
    return (decided_by[: found.start()], found.group(0), decided_by[found.end() :]) if found else (decided_by, "", "")


NO_EVIDENCE = "no evidence here"


def _merged(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows, levels without evidence for one and the same reason as one."""
    found = grouped(rows, lambda r: r.id if r.effect else f"{r.word} {r.reason}")
    return tuple(replace(some[0], level=", ".join(dict.fromkeys(r.level for r in some if r.level)), margin=some[0].margin if len(some) == 1 else "",
                         others=tuple(some[1:])) for some in found.values())  # fmt: skip


def _links(v: Check, known: dict[str, Finding]) -> tuple[tuple[str, str], ...]:
    own = [known[p] for p in v.parents if p in known]
    site: Json = v.details.get("site")
    own.sort(key=lambda f: dict(f.site) != site if site else False)
    return tuple((anchor(f), _named(f)) for f in own[:LINKED])


def anchor(finding: Finding) -> str:
    """Return the id of a finding's row in the page."""
    return f"f-{finding.id[:12]}"


def _named(finding: Finding) -> str:
    place = [said(k, finding.site[k]) for k in ("side", "module", "probe") if k in finding.site]
    layer = [f"layer {finding.site['layer']}"] if finding.site.get("layer") is not None else []
    return " ".join([finding.estimand, *(f"({', '.join([*layer, *place])})" for _ in (1,) if layer or place)])


def tally(verdicts: Sequence[Check]) -> list[tuple[str, str, str, list[str]]]:
    """Return (verdict, icon, class, codes) of claims: a claim stands under each verdict that one of its levels has."""
    found = grouped(verdicts, lambda v: v.verdict)
    return [
        (w, CLAIM_ICONS[w], CSS[w], sorted({str(v.details["code"]) for v in found[w]}, key=code_order))
        for w in ORDER
        if w in found
    ]


def latex(verdicts: Sequence[Check]) -> str:
    """Return the ledger as a table for a paper (it needs the package booktabs)."""
    rows = [_latex_row(v) for v in sorted(verdicts, key=lambda v: code_order(str(v.details["code"])))]
    return "\n".join([
        r"\begin{table}", r"\centering", r"\caption{Claims of the literature and what these findings say of them.}",
        r"\begin{tabular}{lllrrl}", r"\toprule", r"Claim & Level & Pair, collection & Effect [interval] & $n$ & Verdict \\", r"\midrule",
        *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}", "",
    ])  # fmt: skip


def _latex_row(v: Check) -> str:
    has, d = v.effect is not None, v.details
    effect = f"{signed(v.effect)} {interval(v.low, v.high)}" if has else ""
    where = ", ".join(x for x in (_pair(v), v.collection) if x)
    cells = [
        str(d["code"]),
        str(d.get("level", "")),
        where,
        effect,
        count(v.n) if has else "",
        v.verdict.replace("_", " "),
    ]
    return f"{' & '.join(escape_latex(c) for c in cells)} \\\\"
