"""Page of a published study: its own numbers, and the claims of the literature decided from them."""

from pathlib import Path

from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import prepare, publish
from evidense.published.facts import Published, read
from evidense.published.findings import findings
from evidense.records import Check, Finding, Study
from evidense.report.comparison import exports
from evidense.report.published import page as report
from evidense.verbs.decide_claims import decide_claims, literature, registered

_NAMES = ("report.html", "findings.csv", "claims.tex", "verdicts.json", "records.json")


def published_page(name: str, out: Path) -> Path:
    """Write report.html, findings.csv, verdicts.json, claims.tex and records.json into `out`, and return the page's path.

    Raises:
        UnknownName: no published study of this name ships.
        InvalidInput: `out` is a file, or holds files of somebody else.
        StoreError: the disk is full or the folder cannot be written.
    """
    published = read(name)
    claim = FolderClaim(out, {"name": name, "kind": "published numbers"})
    prepare(claim, list(_NAMES))
    study, published_findings, verdicts = decided(published)
    material = report.Material(published, published_findings, verdicts, f"evidense dissect --published {name}")
    files = {
        "report.html": report.page(material).encode(),
        "findings.csv": report.table(published_findings).encode(),
        "claims.tex": report.latex(material).encode(),
        "verdicts.json": exports.pretty([v.to_json()["content"] for v in verdicts]),
        "records.json": exports.pretty([r.to_json() for r in (study, *published_findings, *verdicts)]),
    }
    publish(claim, files)
    return out / "report.html"


def decided(published: Published) -> tuple[Study, list[Finding], list[Check]]:
    """Return the registered study, all findings, and the verdicts on all claims of the literature."""
    claims = tuple(literature())
    study = Study(
        name=published.name, question=published.title, systems=tuple(dict.fromkeys(c.model for c in published.curves)),
        collections=tuple(f"{published.name}/{d.name}" for d in published.datasets), measures=("accuracy",), claims=claims,
        dissect=({"published": published.name},), registered=registered(claims),
    )  # fmt: skip
    published_findings = findings(published, study.id)
    return study, published_findings, decide_claims(study, published_findings)
