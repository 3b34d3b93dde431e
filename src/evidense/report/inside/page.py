"""Page: what the page of a dissection prints, the answer first, then the ledger, then each analysis with its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import count, level
from evidense.parts import AnalysisWords
from evidense.records import Finding
from evidense.report.analysis_words import estimand_of, words_of
from evidense.report.banner import banner
from evidense.report.comparison import proof, setup_table
from evidense.report.comparison.proof import RecordLine
from evidense.report.contents import Contents
from evidense.report.inside import answer
from evidense.report.inside.distributions import Distribution, spreads, summaries
from evidense.report.inside.heat import HeatMaps, heats
from evidense.report.inside.methods import bibtex, paragraph
from evidense.report.inside.plots import Colours, LayerPlots, draw
from evidense.report.inside.tables import Estimates, FindingsTable, estimates, missing, table
from evidense.report.ledger.entries import entries, tally
from evidense.report.ledger.latex import latex
from evidense.report.places import Figure, figures, grouped, said
from evidense.report.words import CLAIM_WORDS

LEDGER_CAPTION = "Claims of the literature and what these findings say of them."
MOST_LINES = 600
"""Records that the page lists one by one; of more, findings are in findings.csv only."""


@dataclass(frozen=True)
class FigureView:
    """One figure with everything that is drawn of it."""

    anchor: str
    title: str
    common: str
    see: str
    drawn: LayerPlots | None
    heats: HeatMaps | None
    spreads: tuple[Distribution, ...]
    estimates: Estimates | None
    table: FindingsTable | None
    n_rows: int


@dataclass(frozen=True)
class AnalysisSection:
    """One analysis on one collection."""

    anchor: str
    about: AnalysisWords
    analysis: str
    summary: tuple[Distribution, ...]
    """Curves that several figures make together."""
    leads: tuple[FigureView, ...]
    scalars: tuple[FigureView, ...]
    """Those of the leads that have no layers: one table."""
    others: tuple[FigureView, ...]
    missing: tuple[tuple[str, str, int], ...]
    n_findings: int

    @property
    def figures(self) -> tuple[FigureView, ...]:
        """Return all of its figures."""
        return (*self.leads, *self.scalars, *self.others)


@dataclass(frozen=True)
class CollectionSection:
    """One collection of one dissection."""

    anchor: str
    dissection: str
    collection: str
    subjects: tuple[tuple[str, str, str], ...]
    """(name, role, class)"""
    parts: tuple[AnalysisSection, ...]


def is_dissection(contents: Contents) -> bool:
    """Say whether a study looked inside."""
    return bool(contents.inside)


def grounds(contents: Contents) -> list[CollectionSection]:
    """Return every collection of every dissection with its analyses and figures."""
    sections = []
    places = grouped(contents.inside, lambda f: (str(f.site.get("dissection", "")), str(f.site.get("collection", ""))))
    for number, ((dissection, collection), findings) in enumerate(places.items(), 1):
        colours = Colours(findings)
        parts = [
            _part(f"d{number}-a{place}", analysis, group, colours)
            for place, (analysis, group) in enumerate(_in_order(findings), 1)
        ]
        sections.append(
            CollectionSection(f"d{number}", dissection, collection, _subjects(findings, colours), tuple(parts))
        )
    return sections


def _in_order(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Return analysis → findings, in the order of the places that the analyses ask for."""
    by_analysis = grouped(findings, lambda f: str(f.site["analysis"])).items()
    return sorted(by_analysis, key=lambda item: words_of(item[0]).place)


_ROLES = {"base": "base", "tuned": "tuned", "seed": "another seed of the tuning", "random": "random weights"}


def _subjects(findings: Sequence[Finding], colours: Colours) -> tuple[tuple[str, str, str], ...]:
    firsts = {str(f.site["subject"]): f for f in findings if f.site.get("subject") and f.site.get("role") in _ROLES}
    against = [
        (str(f.site["against"]), "base", "is-base")
        for f in findings
        if f.site.get("against") and f.site.get("role") == "tuned"
    ]
    rows = [(name, _ROLES[str(f.site["role"])], colours.of(f)) for name, f in firsts.items()]
    known = {r[0] for r in rows}
    subjects = dict.fromkeys([*(a for a in against if a[0] not in known), *rows])
    return tuple(sorted(subjects, key=lambda r: list(_ROLES.values()).index(r[1])))


def _part(anchor: str, analysis: str, findings: Sequence[Finding], colours: Colours) -> AnalysisSection:
    about = words_of(analysis)
    shown = [_shown(f"{anchor}-f{i}", figure, colours) for i, figure in enumerate(figures(findings), 1)]
    shown = [s for s in shown if s.n_rows or s.heats]
    leads = sorted((s for s in shown if s.title in about.leads), key=lambda s: about.leads.index(s.title)) or shown[:4]
    scalars = [s for s in leads if s.estimates is not None]
    others = [s for s in shown if s not in leads]
    leads = [s for s in leads if s not in scalars]
    return AnalysisSection(
        anchor,
        about,
        analysis,
        tuple(summaries(findings)),
        tuple(leads),
        tuple(scalars),
        tuple(others),
        tuple(missing(findings)),
        len(findings),
    )


def _shown(anchor: str, figure: Figure, colours: Colours) -> FigureView:
    common = " · ".join(said(k, v) for k, v in figure.common)
    maps = heats(figure)
    plots = draw(figure, colours)
    return FigureView(
        anchor=anchor, title=figure.estimand, common=common, see=estimand_of(figure.analysis, figure.estimand).see, drawn=plots, heats=maps,
        spreads=tuple(spreads(figure, colours)), estimates=estimates(figure) if not maps else None, table=table(figure), n_rows=len(figure.measured),
    )  # fmt: skip


def context(contents: Contents) -> Mapping[str, object]:
    """Return what the template prints, beside styles, script and the page's frame."""
    study = contents.study
    claims = entries(contents.ledger, contents.inside)
    without = {e.code for e in claims if not e.has_evidence}
    return {
        "study": study, "contents": contents, "banner": banner(contents), "proof": proof, "confidence": level(study.confidence),
        "says": answer.box(contents), "decided": [e for e in claims if e.has_evidence], "open": [e for e in claims if not e.has_evidence],
        "open_words": tally([v for v in contents.ledger if v.details["code"] in without]),
        "meanings": list(CLAIM_WORDS.values()),
        "setup": setup_table.rows(contents) if contents.everyone and contents.rankings else [], "everyone": contents.everyone,
        "roles": {s: setup_table.role_of(contents, s) for s in contents.everyone} if contents.rankings else {},
        "methods": paragraph(contents), "latex": latex(contents.ledger, LEDGER_CAPTION) if contents.ledger else "", "bibtex": bibtex(contents),
        "lines": lines(contents), "n_records": len(contents.records), "n_findings": count(len(contents.inside)), "is_compared": is_compared(contents),
        "has_queries": bool(contents.texts),
    }  # fmt: skip


def is_compared(contents: Contents) -> bool:
    """Say whether the study compared or trained systems, too: then that page stands beside."""
    return bool(contents.verdicts or contents.claims or contents.rankings or contents.is_trained)


def lines(contents: Contents) -> list[RecordLine]:
    """Return the records to list; without the findings of analyses where these are very many."""
    if len(contents.records) <= MOST_LINES:
        return proof.lines(contents)
    inside = {f.id for f in contents.inside}
    return [line for line in proof.lines(contents) if line.id not in inside]
