"""Decide claims: Findings and claims of the literature → Checks, one for each level and each pair of encoders.

The findings that a hypothesis seeks are put together by pair and collection, its layers are joined, and the interval is
read against the margin (`stats.three_way`). A control that fails, or was not measured, leaves it UNDECIDED; so does a
finding whose details say what `failed` where it was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidense import registry
from evidense.parts import Control, Hypothesis, LiteratureClaim, Sought, code_order
from evidense.records import Check, Finding, Json, Study, sha256_of
from evidense.stats import MIN_CLUSTERS, Joined, Sited, join
from evidense.stats.equivalence import apart, said
from evidense.store import Store

Pair = tuple[str, str, str, str]
"""(subject, against, collection, dissection)"""


def literature() -> dict[str, LiteratureClaim]:
    """Return the claims of the literature by name, in the order of their codes."""
    parts = (registry.part("claims", name) for name in registry.summaries("claims"))
    found = [part for part in parts if isinstance(part, LiteratureClaim)]
    return {p.name: p for p in sorted(found, key=lambda p: code_order(p.code))}


def registered(names: Sequence[str]) -> dict[str, str]:
    """Return `name`, or `name/1 level` and so on → sha256 of what is registered: everything that could be bent afterwards.

    A study keeps it, so that its id changes where a margin or an estimand does.

    Raises:
        UnknownName: a claim that is not on the shelf.
    """
    found: dict[str, str] = {}
    for name in names:
        claim = registry.part("claims", name)
        if isinstance(claim, LiteratureClaim):
            own = {f"{name}/{n} {h.level}": _sha256(claim, h) for n, h in enumerate(claim.hypotheses, 1)}
            found |= own or {name: _sha256(claim, None)}
    return found


def decide_claims(
    study: Study, findings: Sequence[Finding], store: Store | None = None, names: Sequence[str] | None = None
) -> list[Check]:
    """Return the verdicts on the study's claims of the literature (or on `names`), stored where there is a store.

    Raises:
        UnknownName: a claim that is not on the shelf.
    """
    parts = [registry.part("claims", name) for name in (study.claims if names is None else names)]
    verdicts = [v for part in parts if isinstance(part, LiteratureClaim) for v in _claim(study, part, findings)]
    if store is not None:
        for verdict in verdicts:
            store.put(verdict)
    return verdicts


def _claim(study: Study, claim: LiteratureClaim, findings: Sequence[Finding]) -> list[Check]:
    if claim.untestable:
        return [_empty(study, claim, None, ("NOT_TESTABLE", claim.untestable), ())]
    return [v for hypothesis in claim.hypotheses for v in _level(study, claim, hypothesis, findings)]


def _level(study: Study, claim: LiteratureClaim, hypothesis: Hypothesis, findings: Sequence[Finding]) -> list[Check]:
    asked = sought(findings, hypothesis.sought)
    usable = [f for f in asked if f.value is not None and f.low is not None and f.high is not None]
    if not usable:
        why = next((str(f.details["reason"]) for f in asked if f.details.get("reason")), "")
        reason = f"could not be estimated: {why}" if why else f"no evidence here; {claim.decided_by} would decide it"
        return [_empty(study, claim, hypothesis, ("UNDECIDED", reason), asked)]
    pairs = dict.fromkeys(_pair(f) for f in usable)
    return [
        _decided(study, claim, hypothesis, ([f for f in usable if _pair(f) == pair], findings), pair) for pair in pairs
    ]


def sought(findings: Sequence[Finding], wanted: Sought) -> list[Finding]:
    """Return the findings that speak; depth is a layer's place among those of the same subjects' findings."""
    found = [
        f for f in findings if f.estimand == wanted.estimand and all(_is(f.site, k, v) for k, v in wanted.site.items())
    ]
    if wanted.depth == (0.0, 1.0):
        return found
    last: dict[Pair, int] = {}
    layered = [(f, layer) for f in found if isinstance(layer := f.site.get("layer"), int)]
    for f, layer in layered:
        last[_pair(f)] = max(layer, last.get(_pair(f), 1))
    least, most = wanted.depth
    return [f for f, layer in layered if least <= layer / last[_pair(f)] <= most]


def _is(site: Mapping[str, Json], key: str, wanted: Json) -> bool:
    return key in site and (site[key] in wanted if isinstance(wanted, tuple) else site[key] == wanted)


def _pair(finding: Finding) -> Pair:
    of = finding.site.get
    return str(of("subject", "")), str(of("against", "")), str(of("collection", "")), str(of("dissection", ""))


@dataclass(frozen=True)
class _Checked:
    """One control, looked at."""

    control: Control
    passed: bool
    findings: tuple[Finding, ...]
    joined: Joined | None

    @property
    def sentence(self) -> str:
        if self.joined is None:
            return f"{self.control.sentence} (not measured)"
        return f"{self.control.sentence}: {said(self.control.relation, (self.joined.low, self.joined.high), self.control.least)}"

    def json(self) -> Json:
        return {"sentence": self.control.sentence, "passed": self.passed, "found": self.sentence,
                "findings": [f.id for f in self.findings]}  # fmt: skip


def _check(control: Control, findings: Sequence[Finding], pair: Pair) -> _Checked:
    """Look for a control among the findings on this collection, of this pair unless it names another role."""
    named = "role" in control.sought.site and control.sought.site["role"] not in ("base", "tuned")
    found = tuple(
        f for f in sought(findings, control.sought)
        if _pair(f)[2:] == pair[2:] and (named or _pair(f)[0] in ("", *pair[:2]))
        and f.low is not None and f.high is not None and f.value is not None
    )  # fmt: skip
    if not found:
        return _Checked(control, False, (), None)
    joined = join(sited(found), control.joined, control.relation, control.least)
    return _Checked(control, joined.word == "HOLDS", found, joined)


def sited(findings: Sequence[Finding]) -> list[Sited]:
    """Return effects with own and joint intervals; where a finding brings no joint one, Bonferroni over these findings."""
    plain = [Sited(float(f.value), (_end(f.low), _end(f.high)), (0.0, 0.0)) for f in findings]
    wide = apart(plain, len(plain))
    joint = [f.details.get("together") for f in findings]
    return [Sited(s.effect, s.own, (float(t[0]), float(t[1]))) if t else s for s, t in zip(wide, joint, strict=True)]


def _end(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _decided(
    study: Study,
    claim: LiteratureClaim,
    hypothesis: Hypothesis,
    found: tuple[Sequence[Finding], Sequence[Finding]],
    pair: Pair,
) -> Check:
    own, everything = found
    joined = join(sited(own), hypothesis.joined, hypothesis.relation, hypothesis.margin)
    checked = [_check(c, everything, pair) for c in hypothesis.controls]
    word, reason = _word(hypothesis, joined, own, checked)
    deciding = own[max(joined.at, 0)]
    sites: dict[str, Json] = {"n_sites": len(own), "joined": hypothesis.joined}
    if joined.at >= 0:
        sites["site"] = dict(deciding.site)
    if hypothesis.relation == "within":
        sites["smallest_margin"] = max(abs(end) for s in sited(own) for end in s.own)
    parents = dict.fromkeys([study.id, *(f.id for f in own), *(f.id for c in checked for f in c.findings)])
    return Check(
        parents=tuple(parents), about="literature", claim=claim.name, verdict=word, system=pair[0], baseline=pair[1], collection=pair[2],
        measure=hypothesis.sought.estimand, effect=joined.effect, low=joined.low, high=joined.high, n=deciding.n,
        n_clusters=deciding.n_clusters, margin=hypothesis.margin, base_mean=None, system_mean=None, reason=reason,
        details={**_details(claim, hypothesis), **sites, "controls": [c.json() for c in checked]},
    )  # fmt: skip


def _word(
    hypothesis: Hypothesis, joined: Joined, own: Sequence[Finding], checked: Sequence[_Checked]
) -> tuple[str, str]:
    failed = [c.sentence for c in checked if not c.passed]
    failed += dict.fromkeys(str(why) for f in own for why in f.details.get("failed", ()))
    if failed:
        return "UNDECIDED", f"a control did not pass: {'; '.join(failed)}"
    fewest = min(f.n_clusters for f in own)
    if fewest < MIN_CLUSTERS:
        return "UNDECIDED", f"{fewest} independent groups are too few to say; {MIN_CLUSTERS} are needed"
    reason = said(hypothesis.relation, (joined.low, joined.high), hypothesis.margin)
    if len(own) == 1:
        return joined.word, reason
    if joined.at < 0:
        return joined.word, f"{reason} (mean of {len(own)} sites)"
    where = {k: own[joined.at].site.get(k) for k in ("layer", "n_candidates", "module", "probe")}
    words = {"layer": "layer {}", "n_candidates": "N = {}", "module": "{}", "probe": "{} probe"}
    at = ", ".join(words[k].format(v) for k, v in where.items() if v is not None)
    return joined.word, f"{reason} (of {len(own)} sites, {at or 'one'} decides)"


def _empty(
    study: Study,
    claim: LiteratureClaim,
    hypothesis: Hypothesis | None,
    because: tuple[str, str],
    asked: Sequence[Finding],
) -> Check:
    word, reason = because
    return Check(
        parents=(study.id, *dict.fromkeys(f.id for f in asked)), about="literature", claim=claim.name, verdict=word, system="", baseline="",
        collection="", measure=hypothesis.sought.estimand if hypothesis else "", effect=None, low=None, high=None, n=0, n_clusters=0,
        margin=hypothesis.margin if hypothesis else 0.0, base_mean=None, system_mean=None, reason=reason,
        details=_details(claim, hypothesis),
    )  # fmt: skip


def _details(claim: LiteratureClaim, hypothesis: Hypothesis | None) -> dict[str, Json]:
    own: dict[str, Json] = {
        "code": claim.code, "sentence": claim.sentence, "source": claim.source, "decided_by": claim.decided_by,
        "registration": _sha256(claim, hypothesis),
    }  # fmt: skip
    return own if hypothesis is None else own | _registration(hypothesis)


def _registration(hypothesis: Hypothesis) -> dict[str, Json]:
    """Return everything of a hypothesis but its worlds."""
    wanted, h = hypothesis.sought, hypothesis
    return {
        "level": h.level, "estimand": h.estimand, "comparator": h.comparator, "relation": h.relation, "joined": h.joined,
        "margin": h.margin, "margin_reason": h.margin_reason, "family": h.family, "refuted_by": h.refuted_by,
        "sought": {"estimand": wanted.estimand, "site": _json(wanted.site), "depth": list(wanted.depth)},
        "required": [
            {"sentence": c.sentence, "estimand": c.sought.estimand, "site": _json(c.sought.site), "depth": list(c.sought.depth),
             "least": c.least, "relation": c.relation, "joined": c.joined} for c in h.controls
        ],
    }  # fmt: skip


def _json(site: Mapping[str, Json]) -> dict[str, Json]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in site.items()}


def _sha256(claim: LiteratureClaim, hypothesis: Hypothesis | None) -> str:
    content: Json = {"sentence": claim.sentence, "untestable": claim.untestable}
    if hypothesis is not None:
        content |= _registration(hypothesis)
    return sha256_of(content)
