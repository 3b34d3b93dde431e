"""Words of the ledger: how a verdict on a claim names its pair, its margin, its findings and what would decide it."""

import re

from evidense.boundary.numerals import short
from evidense.records import Check, Finding
from evidense.report.places import said

NO_EVIDENCE = "no evidence here"
"""How the reason of a verdict begins where no finding speaks of the claim."""
REGISTERED = (
    ("estimated", "estimand"),
    ("compared with", "comparator"),
    ("why this margin", "margin_reason"),
    ("adjusted over", "family"),
    ("refuted by", "refuted_by"),
)
"""(label, key of the verdict's details) of everything that was registered before test data were read."""


def pair_of(verdict: Check) -> str:
    """Return the two encoders that a verdict compares, or the one that it is about."""
    return " − ".join(name for name in (verdict.system, verdict.baseline) if name)


def margin_of(verdict: Check) -> str:
    """Return what is claimed of the effect, in words; nothing where the claim has no margin."""
    relation, margin = str(verdict.details.get("relation", "")), verdict.margin
    if not relation:
        return ""
    return {
        "within": f"within ±{short(margin)}",
        "above": f"above {short(margin)}",
        "below": f"below {short(-margin)}",
        "raises": f"above 0; a gain of {short(margin)} matters",
    }.get(relation, short(margin))


def command(decided_by: str) -> tuple[str, str, str]:
    """Split what would decide a claim at its first command: the text before it, the command, the text after it.

    >>> command("evidense run paper_scale/x (their checkpoints), and more"), command("a study that nobody has made")
    (('', 'evidense run paper_scale/x', ' (their checkpoints), and more'), ('a study that nobody has made', '', ''))
    """
    match = re.search(r"evidense [a-z]+(?: (?!and\b|shows\b|would\b|with\b|on\b)[\w./=*#-]+)*", decided_by)
    if match is None:
        return decided_by, "", ""
    return decided_by[: match.start()], match.group(0), decided_by[match.end() :]


def anchor(finding: Finding) -> str:
    """Return the id of a finding's row in the page."""
    return f"f-{finding.id[:12]}"


def name_of(finding: Finding) -> str:
    """Return how a link names a finding: its estimand, with layer, side, module and probe."""
    site = finding.site
    where = [f"layer {site['layer']}"] if site.get("layer") is not None else []
    where += [said(key, site[key]) for key in ("side", "module", "probe") if key in site]
    return f"{finding.estimand} ({', '.join(where)})" if where else finding.estimand
