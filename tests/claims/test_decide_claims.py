"""Findings and claims come to verdicts: layers joined, controls asked, what is missing named."""

from dataclasses import replace

import pytest

from evidense import registry
from evidense.claims._literature import Literature
from evidense.parts import Control, Hypothesis, Sought
from evidense.records import Finding, Study
from evidense.store import Store
from evidense.verbs.decide_claims import decide_claims, literature, registered, sought

STUDY = Study(name="s", question="q", systems=("base", "tuned"), collections=("c",))
WHERE = {
    "subject": "tuned",
    "against": "base",
    "role": "tuned",
    "collection": "c",
    "probe": "hadamard",
    "control": "none",
}


def finding(layer: int, value: float, half: float = 0.01, estimand: str = "change in accuracy", **more) -> Finding:
    fields = {
        "n": 500,
        "n_clusters": 400,
        "unit": "accuracy",
        "details": {},
        **{k: more.pop(k) for k in ("details", "n_clusters") if k in more},
    }
    return Finding(
        estimand=estimand,
        site={**WHERE, "layer": layer, **more},
        value=value,
        low=value - half,
        high=value + half,
        **fields,
    )


def controls(gain: float = 0.3) -> list[Finding]:
    return [finding(x, gain, estimand=e, against="") for e in ("relevance gain", "selectivity") for x in (0, 1, 2)]


def verdict(findings, name="probe_accuracy_is_equal"):
    return decide_claims(STUDY, findings, names=[name])[0]


def test_equal_at_every_layer_holds_and_the_embeddings_do_not_count() -> None:
    rows = [finding(0, 0.4), finding(1, 0.01), finding(2, -0.02), *controls()]
    check = verdict(rows)
    assert (check.verdict, check.system, check.baseline, check.effect) == ("HOLDS", "tuned", "base", -0.02)
    assert set(check.parents) == {STUDY.id, *(f.id for f in rows if f.site["layer"] > 0)}
    assert check.details["smallest_margin"] == pytest.approx(0.03)
    assert [c["passed"] for c in check.details["controls"]] == [True, True]


def test_one_layer_beyond_the_margin_fails_by_intervals_that_hold_together() -> None:
    layers = [finding(1, 0.0), finding(2, 0.065)]
    assert verdict([*layers, *controls()]).verdict == "FAILS"
    wide = [replace(f, details={"together": [f.value - 0.02, f.value + 0.02]}) for f in layers]
    assert verdict([*wide, *controls()]).verdict == "UNDECIDED"


@pytest.mark.parametrize("gain", [0.04, 0.0])
def test_a_failed_control_leaves_the_claim_undecided_and_is_named(gain: float) -> None:
    check = verdict([finding(1, 0.0), *controls(gain)])
    assert check.verdict == "UNDECIDED"
    assert "the probe reads the query" in check.reason


def test_an_unmeasured_control_is_named() -> None:
    assert "not measured" in verdict([finding(1, 0.0)]).reason


def test_a_finding_with_a_failed_check_decides_nothing() -> None:
    check = verdict([finding(1, 0.0, details={"failed": ["weights were read"]}), *controls()])
    assert (check.verdict, check.reason) == (
        "UNDECIDED",
        "an analogue of B1: a control did not pass: weights were read",
    )


def test_without_evidence_the_deciding_command_is_named() -> None:
    for name, claim in literature().items():
        for check in decide_claims(STUDY, [], names=[name]):
            assert check.verdict == ("NOT_TESTABLE" if claim.untestable else "UNDECIDED")
            assert check.reason
            assert check.effect is None
            assert claim.untestable or claim.decided_by in check.reason


def test_a_finding_without_value_gives_its_reason() -> None:
    nothing = replace(finding(1, 0.0, details={"reason": "widths 64 and 96"}), value=None, low=None, high=None)
    assert "widths 64 and 96" in verdict([nothing]).reason


def test_too_few_groups_decide_nothing() -> None:
    assert "too few" in verdict([finding(1, 0.0, n_clusters=19), *controls()]).reason


def test_each_pair_and_collection_has_its_own_verdict() -> None:
    rows = [finding(1, 0.0), finding(1, 0.0, subject="other"), finding(1, 0.0, collection="d")]
    checks = decide_claims(STUDY, rows, names=["probe_accuracy_is_equal"])
    assert {(v.system, v.collection) for v in checks if v.effect is not None} == {
        ("tuned", "c"),
        ("other", "c"),
        ("tuned", "d"),
    }


def test_depth_is_relative_to_the_last_layer() -> None:
    rows = [finding(x, 0.0) for x in range(13)]
    assert [f.site["layer"] for f in sought(rows, Sought("change in accuracy", {}, (0.5, 1.0)))] == list(range(6, 13))
    assert sought(rows, Sought("change in accuracy", {"probe": ("cosine", "hadamard")})) == rows
    assert sought(rows, Sought("change in accuracy", {"probe": "cosine"})) == []


def test_only_claims_of_the_literature_are_decided_and_verdicts_are_records(tmp_path) -> None:
    store = Store(tmp_path)
    study = replace(STUDY, claims=("helps", "probe_accuracy_is_equal"))
    checks = decide_claims(study, [finding(1, 0.0), *controls()], store)
    assert {v.claim for v in checks} == {"probe_accuracy_is_equal"}
    assert [store.get(v.id) for v in checks] == checks


def test_the_registration_changes_with_the_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "probe_accuracy_is_equal"
    before, part = registered([name]), registry.part("claims", name)
    first: Hypothesis = part.hypotheses[0]
    bent: Literature = replace(part, hypotheses=(replace(first, margin=0.07), *part.hypotheses[1:]))
    monkeypatch.setattr(registry, "part", lambda shelf, name: bent)
    after = registered([name])
    assert [k for k in before if before[k] != after[k]] == [f"{name}/1 level"]
    assert registered([]) == {}


def test_a_control_of_another_role_is_checked_on_that_role() -> None:
    part = registry.part("claims", "high_accuracy_suggests_structure")
    control = Control("random weights stay below", Sought("accuracy", {"role": "random"}), 0.2, relation="below")
    assert control.joined == "any"
    assert part.hypotheses[1].relation == "below"


def test_codes_are_those_of_the_literature() -> None:
    assert [c.code for c in literature().values()] == [*(f"A{i}" for i in range(1, 11)), *(f"B{i}" for i in range(1, 6)), "E1",
                                                       *(f"S{i}" for i in range(1, 7)), *(f"V{i}" for i in range(1, 4))]  # fmt: skip


def test_an_undecided_control_has_not_passed() -> None:
    """Its interval, .04 to .08, leaves both sides of the .05 that is needed."""
    open_control = [
        replace(f, value=0.06, low=0.04, high=0.08) if f.estimand == "relevance gain" else f for f in controls()
    ]
    check = verdict([finding(1, 0.0), *open_control])
    assert check.verdict == "UNDECIDED"
    assert [c["passed"] for c in check.details["controls"]] == [False, True]
    assert check.reason.startswith("an analogue of B1: a control did not pass: the probe reads the query")


def test_controls_of_another_collection_or_pair_do_not_count() -> None:
    elsewhere = [replace(f, site={**f.site, "collection": "d"}) for f in controls()]
    assert "not measured" in verdict([finding(1, 0.0), *elsewhere]).reason
    others = [replace(f, site={**f.site, "subject": "other"}) for f in controls()]
    assert "not measured" in verdict([finding(1, 0.0), *others]).reason


def test_the_reading_of_a_layer_follows_its_interval_and_the_margin() -> None:
    """The margin is .05: within it, across it, and beyond it."""
    words = {value: verdict([finding(1, value), *controls()]).verdict for value in (0.03, 0.045, -0.045, 0.07, -0.07)}
    assert words == {0.03: "HOLDS", 0.045: "UNDECIDED", -0.045: "UNDECIDED", 0.07: "FAILS", -0.07: "FAILS"}


@pytest.mark.parametrize(("n_layers", "word"), [(1, "FAILS"), (2, "UNDECIDED")])
def test_intervals_without_a_joint_one_are_widened_by_the_number_of_layers(n_layers: int, word: str) -> None:
    """By Bonferroni for two layers, .051 to .071 becomes .0496 to .0724, around the margin of .05."""
    rows = [finding(1, 0.061), finding(2, 0.0)][:n_layers]
    assert verdict([*rows, *controls()]).verdict == word
