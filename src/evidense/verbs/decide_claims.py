"""Decide claims: Findings and claims of the literature → Checks, one for each level and each pair of encoders.

The findings that a hypothesis seeks are grouped by pair and collection, and their layers are joined. The joined interval is compared
with the margin (`stats.three_way`). Findings that a hypothesis holds apart (by N, by pooling) get a check each. The check is UNDECIDED if
a control fails or was not measured, if a finding's site lacks what the hypothesis needs, or if the details of a finding name something
that `failed` where the finding was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidense import registry
from evidense.boundary.numerals import plain
from evidense.parts import Condition, Control, Hypothesis, LiteratureClaim, Sought, code_order
from evidense.parts.registration import registered_hash, registration
from evidense.records import Check, Finding, Json, Study
from evidense.stats import MIN_CLUSTERS, Joined, Sited, equivalence_curve, join, three_way
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
class _Case:
    """What one check is about: a pair, and what sets its findings apart from others of the pair."""

    pair: _Pair
    apart: tuple[tuple[str, Json], ...] = ()

    @classmethod
    def of(cls, finding: Finding, keys: Sequence[str]) -> "_Case":
        return cls(_Pair.of(finding), tuple((key, finding.site[key]) for key in keys if key in finding.site))

    def holds(self, finding: Finding) -> bool:
        """Say whether a finding comes from the same collection and dissection, and does not differ where findings are held apart."""
        return _Pair.of(finding).is_beside(self.pair) and all(finding.site.get(k, v) == v for k, v in self.apart)


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
            "registration": registered_hash(claim, self.hypothesis),
        }  # fmt: skip
        return details if self.hypothesis is None else details | registration(self.hypothesis)


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
            levels = {f"{name}/{n} {h.level}": registered_hash(claim, h) for n, h in enumerate(claim.hypotheses, 1)}
            hashes |= levels or {name: registered_hash(claim, None)}
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
    by_case: dict[_Case, list[Finding]] = {}
    for finding in relevant:
        if _is_estimated(finding):
            by_case.setdefault(_Case.of(finding, hypothesis.apart), []).append(finding)
    if not by_case:
        why = next((str(f.details["reason"]) for f in relevant if f.details.get("reason")), "")
        decided_by = question.claim.decided_by
        reason = f"could not be estimated: {why}" if why else f"no evidence here; {decided_by} would decide it"
        return [_empty(question, "UNDECIDED", reason, relevant)]
    return [
        _decided(
            _Asked(question, hypothesis, case, _margin(question, hypothesis, case, findings)),
            of_case,
            [_check(control, findings, case) for control in hypothesis.controls],
        )
        for case, of_case in by_case.items()
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


def _check(control: Control, findings: Sequence[Finding], case: _Case) -> _CheckedControl:
    """Check a control on the findings of this pair's collection; of this pair only, unless the control names another role."""
    names_a_role = "role" in control.sought.site and control.sought.site["role"] not in ("base", "tuned")
    subjects = ("", case.pair.subject, case.pair.against)
    deciding = tuple(
        f
        for f in sought(findings, control.sought)
        if case.holds(f) and (names_a_role or _Pair.of(f).subject in subjects) and _is_estimated(f)
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


@dataclass(frozen=True)
class _Margin:
    """The margin of one check, and where it comes from."""

    value: float
    said: str = ""
    failed: str = ""
    """Why no margin can be set."""
    most: float | None = None
    """The largest that the rule allows, where the seeds' noise was not measured: only beyond it is a difference surely none of seeds."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """A hypothesis asked of one case, with its margin."""

    question: _Question
    hypothesis: Hypothesis
    case: _Case
    margin: _Margin

    @property
    def is_analogue(self) -> bool:
        """Say whether the claim names its encoders, and this is none of them."""
        about, subject = self.question.claim.about, self.case.pair.subject
        return bool(about and subject) and subject not in about


def _margin(question: _Question, hypothesis: Hypothesis, case: _Case, findings: Sequence[Finding]) -> _Margin:
    """Return the margin: the registered one, the study's, or the one that the hypothesis' rule comes to."""
    registered = question.study.margin if hypothesis.margin_of == "study" else hypothesis.margin
    if (rule := hypothesis.rule) is None:
        return _Margin(registered)
    trained = [f for f in sought(findings, rule.trained) if case.holds(f) and _Pair.of(f).against == case.pair.against]
    seeds = [f for f in sought(findings, rule.seeds) if case.holds(f) and _Pair.of(f).against == case.pair.subject]
    trained, seeds = ([f for f in some if _is_estimated(f)] for some in (trained, seeds))
    if not trained:
        return _Margin(
            registered, failed="a margin is at most a fifth of what training adds to random weights (not measured)"
        )
    most = -rule.share * join(sited(trained), "mean", "below", 0.0).high
    noise = join(sited(seeds), "mean", "within", 0.0) if seeds else None
    least = max(abs(noise.low), abs(noise.high)) if noise else 0.0
    rests = (*trained, *seeds)
    if most <= 0 or most < least:
        seed_words = f"seeds differ by up to {plain(least)}, " if noise else ""
        return _Margin(
            registered,
            "",
            f"no margin can be set: {seed_words}a fifth of what training adds is at least {plain(most)}",
            None,
            rests,
        )
    words = f"at most a fifth of what training adds ({plain(most)})"
    words += f", at least what seeds differ by ({plain(least)})" if noise else "; another seed was not measured"
    return _Margin(round(min(max(registered, least), most), 4), words, "", None if noise else most, rests)


def _decided(asked: _Asked, findings: Sequence[Finding], checked: Sequence[_CheckedControl]) -> Check:
    """Return the check of a hypothesis on the findings of one case."""
    question, hypothesis, pair, margin = asked.question, asked.hypothesis, asked.case.pair, asked.margin
    sites = sited(findings)
    joined = join(sites, hypothesis.joined, hypothesis.relation, margin.value)
    steps = equivalence_curve(sites, hypothesis.joined) if hypothesis.relation == "within" else None
    word, reason = _word(asked, joined, findings, checked)
    deciding = findings[max(joined.at, 0)]
    about_sites: dict[str, Json] = {"n_sites": len(findings), "joined": hypothesis.joined}
    if joined.at >= 0:
        about_sites["site"] = dict(deciding.site)
    if steps is not None:
        about_sites |= {"smallest_margin": steps.holds_from, "fails_below": steps.fails_below}
    if asked.case.apart:
        about_sites["at"] = dict(asked.case.apart)
    if margin.said:
        about_sites["margin_found"] = margin.said
    if asked.is_analogue:
        about_sites["analogue"] = True
        reason = f"an analogue of {question.claim.code}: {reason}"
    evidence = [*findings, *(f for control in checked for f in control.findings), *margin.findings]
    return Check(
        parents=tuple(dict.fromkeys([question.study.id, *(f.id for f in evidence)])), about="literature", claim=question.claim.name,
        verdict=word, system=pair.subject, baseline=pair.against, collection=pair.collection, measure=hypothesis.sought.estimand,
        effect=joined.effect, low=joined.low, high=joined.high, n=deciding.n, n_clusters=deciding.n_clusters,
        margin=margin.value, base_mean=None, system_mean=None, reason=reason,
        details={**question.details, **about_sites, "controls": [control.json() for control in checked]},
    )  # fmt: skip


def _word(
    asked: _Asked, joined: Joined, findings: Sequence[Finding], checked: Sequence[_CheckedControl]
) -> tuple[str, str]:
    """Return the word and its reason."""
    hypothesis, margin = asked.hypothesis, asked.margin
    failed = [control.sentence for control in checked if not control.passed]
    failed += dict.fromkeys(str(why) for f in findings for why in f.details.get("failed", ()))
    failed += [
        _unmet(need, findings)
        for need in hypothesis.needs
        if any(f.site.get(need.key) != need.wanted for f in findings)
    ]
    failed += [margin.failed] if margin.failed else []
    if failed:
        return "UNDECIDED", f"a control did not pass: {'; '.join(failed)}"
    fewest = min(f.n_clusters for f in findings)
    if fewest < MIN_CLUSTERS:
        return "UNDECIDED", _too_few(fewest, findings)
    interval = (joined.low, joined.high)
    reason = f"{said(hypothesis.relation, interval, margin.value)}{_which_site(joined, findings)}"
    reason += f"; the margin: {margin.said}" if margin.said else ""
    if (
        joined.word == "FAILS"
        and margin.most is not None
        and three_way(hypothesis.relation, interval, margin.most) != "FAILS"
    ):
        return "UNDECIDED", f"{reason}; two seeds may differ as much"
    return joined.word, reason


def _unmet(need: Condition, findings: Sequence[Finding]) -> str:
    found = next((f.site[need.key] for f in findings if f.site.get(need.key) not in (None, need.wanted)), "not known")
    return f"{need.sentence} (here: {found})"


def _too_few(fewest: int, findings: Sequence[Finding]) -> str:
    """Say that there are too few groups; of layers, that there can never be enough."""
    if layers := max(int(f.details.get("n_layers", 0)) for f in findings):
        return (
            f"layers are what is counted, neighbours depend on each other, and {layers} count as {fewest}: "
            f"a verdict needs {MIN_CLUSTERS}, which this encoder can never have"
        )
    groups = "1 independent group is" if fewest == 1 else f"{fewest} independent groups are"
    return f"{groups} too few to say; {MIN_CLUSTERS} are needed"


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
