"""Decide claims: Findings and claims of the literature → Checks, one for each level and each pair of encoders.

The findings that a hypothesis seeks are grouped by pair and collection, and their layers are joined. The joined interval is compared
with the margin (`stats.three_way`). The check is UNDECIDED if a control fails or was not measured, or if the details of a finding name
something that `failed` where the finding was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidense import registry
from evidense.parts import Control, Hypothesis, LiteratureClaim, Sought, code_order
from evidense.records import Check, Finding, Json, Study, sha256_of
from evidense.stats import MIN_CLUSTERS, Joined, Sited, join
from evidense.stats.equivalence import apart, said
from evidense.store import Store


@dataclass(frozen=True)
class _Pair:
    """Two encoders that a finding compares, and the collection and dissection that it comes from."""

    subject: str
    against: str
    collection: str
    dissection: str

    @classmethod
    def of(cls, finding: Finding) -> "_Pair":
        return cls(*(str(finding.site.get(name, "")) for name in ("subject", "against", "collection", "dissection")))

    def is_beside(self, other: "_Pair") -> bool:
        """Say whether both come from the same collection and dissection."""
        return (self.collection, self.dissection) == (other.collection, other.dissection)


@dataclass(frozen=True)
class _Question:
    """A claim of the literature at one level; a claim that cannot be tested has no hypothesis."""

    study: Study
    claim: LiteratureClaim
    hypothesis: Hypothesis | None

    @property
    def details(self) -> dict[str, Json]:
        """Return what a check repeats of the claim, and the hash of what was registered."""
        claim = self.claim
        details: dict[str, Json] = {
            "code": claim.code, "sentence": claim.sentence, "source": claim.source, "decided_by": claim.decided_by,
            "registration": _sha256(claim, self.hypothesis),
        }  # fmt: skip
        return details if self.hypothesis is None else details | _registration(self.hypothesis)


def literature() -> dict[str, LiteratureClaim]:
    """Return the claims of the literature by name, in the order of their codes."""
    parts = (registry.part("claims", name) for name in registry.names("claims"))
    claims = [part for part in parts if isinstance(part, LiteratureClaim)]
    return {claim.name: claim for claim in sorted(claims, key=lambda claim: code_order(claim.code))}


def registered(names: Sequence[str]) -> dict[str, str]:
    """Return the hash of what each claim registers, by `name` or by `name/1 level`, `name/2 level` and so on.

    The hash covers everything that could be changed after the results are known. A study keeps it, so its id changes with a margin or
    an estimand.

    Raises:
        UnknownName: a claim that is not on the shelf.
    """
    hashes: dict[str, str] = {}
    for name in names:
        claim = registry.part("claims", name)
        if isinstance(claim, LiteratureClaim):
            levels = {f"{name}/{n} {h.level}": _sha256(claim, h) for n, h in enumerate(claim.hypotheses, 1)}
            hashes |= levels or {name: _sha256(claim, None)}
    return hashes


def decide_claims(
    study: Study, findings: Sequence[Finding], store: Store | None = None, names: Sequence[str] | None = None
) -> list[Check]:
    """Return the checks of the study's claims of the literature (or of `names`), stored if a store is given.

    Raises:
        UnknownName: a claim that is not on the shelf.
    """
    parts = [registry.part("claims", name) for name in (study.claims if names is None else names)]
    checks = [check for part in parts if isinstance(part, LiteratureClaim) for check in _claim(study, part, findings)]
    if store is not None:
        for check in checks:
            store.put(check)
    return checks


def _claim(study: Study, claim: LiteratureClaim, findings: Sequence[Finding]) -> list[Check]:
    if claim.untestable:
        return [_empty(_Question(study, claim, None), "NOT_TESTABLE", claim.untestable)]
    return [
        check
        for hypothesis in claim.hypotheses
        for check in _level(_Question(study, claim, hypothesis), hypothesis, findings)
    ]


def _level(question: _Question, hypothesis: Hypothesis, findings: Sequence[Finding]) -> list[Check]:
    """Return one check for each pair that has findings, or a single empty one."""
    relevant = sought(findings, hypothesis.sought)
    by_pair: dict[_Pair, list[Finding]] = {}
    for finding in relevant:
        if _is_estimated(finding):
            by_pair.setdefault(_Pair.of(finding), []).append(finding)
    if not by_pair:
        why = next((str(f.details["reason"]) for f in relevant if f.details.get("reason")), "")
        decided_by = question.claim.decided_by
        reason = f"could not be estimated: {why}" if why else f"no evidence here; {decided_by} would decide it"
        return [_empty(question, "UNDECIDED", reason, relevant)]
    return [
        _decided(question, hypothesis, of_pair, [_check(control, findings, pair) for control in hypothesis.controls])
        for pair, of_pair in by_pair.items()
    ]


def _is_estimated(finding: Finding) -> bool:
    return finding.value is not None and finding.low is not None and finding.high is not None


def sought(findings: Sequence[Finding], wanted: Sought) -> list[Finding]:
    """Return the findings that a hypothesis or control seeks; a layer's depth is relative to the last layer of the same pair's findings."""
    matching = [
        f for f in findings if f.estimand == wanted.estimand and all(_is(f.site, k, v) for k, v in wanted.site.items())
    ]
    if wanted.depth == (0.0, 1.0):
        return matching
    layered = [(f, layer) for f in matching if isinstance(layer := f.site.get("layer"), int)]
    last_layer: dict[_Pair, int] = {}
    for f, layer in layered:
        last_layer[_Pair.of(f)] = max(layer, last_layer.get(_Pair.of(f), 1))
    least, most = wanted.depth
    return [f for f, layer in layered if least <= layer / last_layer[_Pair.of(f)] <= most]


def _is(site: Mapping[str, Json], key: str, wanted: Json) -> bool:
    return key in site and (site[key] in wanted if isinstance(wanted, tuple) else site[key] == wanted)


@dataclass(frozen=True)
class _CheckedControl:
    """A control with the findings that decide it and the result; `joined` is None if nothing was measured."""

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


def _check(control: Control, findings: Sequence[Finding], pair: _Pair) -> _CheckedControl:
    """Check a control on the findings of this pair's collection; of this pair only, unless the control names another role."""
    names_a_role = "role" in control.sought.site and control.sought.site["role"] not in ("base", "tuned")
    subjects = ("", pair.subject, pair.against)
    deciding = tuple(
        f
        for f in sought(findings, control.sought)
        if (of := _Pair.of(f)).is_beside(pair) and (names_a_role or of.subject in subjects) and _is_estimated(f)
    )
    if not deciding:
        return _CheckedControl(control, False, (), None)
    joined = join(sited(deciding), control.joined, control.relation, control.least)
    return _CheckedControl(control, joined.word == "HOLDS", deciding, joined)


def sited(findings: Sequence[Finding]) -> list[Sited]:
    """Return effects with own and joint intervals; a finding without a joint interval gets one by Bonferroni over these findings."""
    plain = [Sited(float(f.value), (_end(f.low), _end(f.high)), (0.0, 0.0)) for f in findings]
    wide = apart(plain, len(plain))
    joint = [f.details.get("together") for f in findings]
    return [Sited(s.effect, s.own, (float(t[0]), float(t[1]))) if t else s for s, t in zip(wide, joint, strict=True)]


def _end(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _decided(
    question: _Question, hypothesis: Hypothesis, findings: Sequence[Finding], checked: Sequence[_CheckedControl]
) -> Check:
    """Return the check of a hypothesis on the findings of one pair."""
    sites, pair = sited(findings), _Pair.of(findings[0])
    joined = join(sites, hypothesis.joined, hypothesis.relation, hypothesis.margin)
    word, reason = _word(hypothesis, joined, findings, checked)
    deciding = findings[max(joined.at, 0)]
    about_sites: dict[str, Json] = {"n_sites": len(findings), "joined": hypothesis.joined}
    if joined.at >= 0:
        about_sites["site"] = dict(deciding.site)
    if hypothesis.relation == "within":
        about_sites["smallest_margin"] = max(abs(end) for site in sites for end in site.own)
    evidence = [*findings, *(f for control in checked for f in control.findings)]
    return Check(
        parents=tuple(dict.fromkeys([question.study.id, *(f.id for f in evidence)])), about="literature", claim=question.claim.name,
        verdict=word, system=pair.subject, baseline=pair.against, collection=pair.collection, measure=hypothesis.sought.estimand,
        effect=joined.effect, low=joined.low, high=joined.high, n=deciding.n, n_clusters=deciding.n_clusters,
        margin=hypothesis.margin, base_mean=None, system_mean=None, reason=reason,
        details={**question.details, **about_sites, "controls": [control.json() for control in checked]},
    )  # fmt: skip


def _word(
    hypothesis: Hypothesis, joined: Joined, findings: Sequence[Finding], checked: Sequence[_CheckedControl]
) -> tuple[str, str]:
    """Return the word and its reason."""
    failed = [control.sentence for control in checked if not control.passed]
    failed += dict.fromkeys(str(why) for f in findings for why in f.details.get("failed", ()))
    if failed:
        return "UNDECIDED", f"a control did not pass: {'; '.join(failed)}"
    fewest = min(f.n_clusters for f in findings)
    if fewest < MIN_CLUSTERS:
        return "UNDECIDED", f"{fewest} independent groups are too few to say; {MIN_CLUSTERS} are needed"
    reason = said(hypothesis.relation, (joined.low, joined.high), hypothesis.margin)
    return joined.word, f"{reason}{_which_site(joined, findings)}"


def _which_site(joined: Joined, findings: Sequence[Finding]) -> str:
    """Return which of several sites decides, to end a reason with."""
    if len(findings) == 1:
        return ""
    if joined.at < 0:
        return f" (mean of {len(findings)} sites)"
    names = {"layer": "layer {}", "n_candidates": "N = {}", "module": "{}", "probe": "{} probe"}
    site = findings[joined.at].site
    words = [name.format(site[key]) for key, name in names.items() if site.get(key) is not None]
    return f" (of {len(findings)} sites, {', '.join(words) or 'one'} decides)"


def _empty(question: _Question, word: str, reason: str, relevant: Sequence[Finding] = ()) -> Check:
    """Return a check without an effect."""
    hypothesis = question.hypothesis
    return Check(
        parents=(question.study.id, *dict.fromkeys(f.id for f in relevant)), about="literature", claim=question.claim.name, verdict=word,
        system="", baseline="", collection="", measure=hypothesis.sought.estimand if hypothesis else "", effect=None, low=None,
        high=None, n=0, n_clusters=0, margin=hypothesis.margin if hypothesis else 0.0, base_mean=None, system_mean=None,
        reason=reason, details=question.details,
    )  # fmt: skip


def _registration(hypothesis: Hypothesis) -> dict[str, Json]:
    """Return what a hypothesis registers: everything but its worlds."""
    h, sought = hypothesis, hypothesis.sought
    return {
        "level": h.level, "estimand": h.estimand, "comparator": h.comparator, "relation": h.relation, "joined": h.joined,
        "margin": h.margin, "margin_reason": h.margin_reason, "family": h.family, "refuted_by": h.refuted_by,
        "sought": {"estimand": sought.estimand, "site": _json(sought.site), "depth": list(sought.depth)},
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
