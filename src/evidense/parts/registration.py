"""Registration: what a claim of the literature fixes before test data are read, and its hash."""

from collections.abc import Mapping

from evidense.parts.claims import Hypothesis, LiteratureClaim, Sought
from evidense.records import Json, sha256_of


def registration(hypothesis: Hypothesis) -> dict[str, Json]:
    """Return what a hypothesis registers: everything but its worlds."""
    h, sought = hypothesis, hypothesis.sought
    return {
        "level": h.level, "estimand": h.estimand, "comparator": h.comparator, "relation": h.relation, "joined": h.joined,
        "margin": h.margin, "margin_reason": h.margin_reason, "family": h.family, "refuted_by": h.refuted_by,
        "sought": _sought(sought),
        "required": [
            {"sentence": c.sentence, "estimand": c.sought.estimand, "site": _json(c.sought.site), "depth": list(c.sought.depth),
             "least": c.least, "relation": c.relation, "joined": c.joined} for c in h.controls
        ],
        **_further(h),
    }  # fmt: skip


def _further(h: Hypothesis) -> dict[str, Json]:
    """Return what only some hypotheses register."""
    more: dict[str, Json] = {}
    if h.apart:
        more["apart"] = list(h.apart)
    if h.needs:
        more["needs"] = [{"key": need.key, "wanted": need.wanted, "sentence": need.sentence} for need in h.needs]
    if h.margin_of != "claim":
        more["margin_of"] = h.margin_of
    if h.rule is not None:
        more["rule"] = {"trained": _sought(h.rule.trained), "seeds": _sought(h.rule.seeds), "share": h.rule.share}
    return more


def _sought(sought: Sought) -> dict[str, Json]:
    return {"estimand": sought.estimand, "site": _json(sought.site), "depth": list(sought.depth)}


def _json(site: Mapping[str, Json]) -> dict[str, Json]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in site.items()}


def registered_hash(claim: LiteratureClaim, hypothesis: Hypothesis | None) -> str:
    """Return the hash of everything about a claim at one level that could be changed after the results are known."""
    content: Json = {"sentence": claim.sentence, "untestable": claim.untestable}
    content |= {"about": list(claim.about)} if claim.about else {}
    if hypothesis is not None:
        content |= registration(hypothesis)
    return sha256_of(content)
