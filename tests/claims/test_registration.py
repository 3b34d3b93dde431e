"""What is registered of a claim, spelt out: its hash is that of everything that could be bent afterwards."""

import hashlib
import json
from dataclasses import replace

import pytest

from evidense import registry
from evidense.claims._literature import Literature
from evidense.parts import Control, Hypothesis, Sought
from evidense.verbs.decide_claims import registered


def no_world(seed: int) -> None:
    raise AssertionError(f"world {seed} was drawn")


CONTROL = Control(
    "the probe reads", Sought("relevance gain", {"probe": "p"}, (0.01, 1.0)), 0.05, relation="above", joined="any"
)
LEVEL = Hypothesis(
    level="level", estimand="mean over queries", comparator="the base", relation="within", joined="every", margin=0.05,
    margin_reason="half of it would not matter", family="layers of a pair", refuted_by="a layer beyond it",
    sought=Sought("change in accuracy", {"role": ("base", "tuned")}, (0.5, 1.0)), controls=(CONTROL,),
    true_world=no_world, false_world=no_world,
)  # fmt: skip
CLAIM = Literature(name="planted", code="V9", sentence="It is so.", source="us", hypotheses=(LEVEL,), decided_by="cmd")
CONTENT = {
    "sentence": "It is so.", "untestable": "", "level": "level", "estimand": "mean over queries", "comparator": "the base",
    "relation": "within", "joined": "every", "margin": 0.05, "margin_reason": "half of it would not matter",
    "family": "layers of a pair", "refuted_by": "a layer beyond it",
    "sought": {"estimand": "change in accuracy", "site": {"role": ["base", "tuned"]}, "depth": [0.5, 1.0]},
    "required": [
        {"sentence": "the probe reads", "estimand": "relevance gain", "site": {"probe": "p"}, "depth": [0.01, 1.0], "least": 0.05,
         "relation": "above", "joined": "any"},
    ],
}  # fmt: skip


def sha256(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def hashes(claim: Literature, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(registry, "part", lambda shelf, name: claim)
    return registered(["planted"])


def test_the_registration_is_the_hash_of_this_content(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hashes(CLAIM, monkeypatch) == {"planted/1 level": sha256(CONTENT)}


@pytest.mark.parametrize(
    "bent",
    [
        replace(LEVEL, controls=()),
        replace(LEVEL, controls=(replace(CONTROL, least=0.04),)),
        replace(LEVEL, controls=(replace(CONTROL, relation="below"),)),
        replace(LEVEL, controls=(replace(CONTROL, sought=replace(CONTROL.sought, estimand="selectivity")),)),
        replace(LEVEL, controls=(replace(CONTROL, sought=replace(CONTROL.sought, depth=(0.0, 1.0))),)),
        replace(LEVEL, margin=0.06),
        replace(LEVEL, relation="above"),
        replace(LEVEL, joined="any"),
        replace(LEVEL, comparator="random weights"),
        replace(LEVEL, sought=replace(LEVEL.sought, estimand="accuracy")),
        replace(LEVEL, sought=replace(LEVEL.sought, depth=(0.4, 1.0))),
        replace(LEVEL, sought=replace(LEVEL.sought, site={"role": "tuned"})),
    ],
)
def test_any_change_of_a_hypothesis_changes_the_hash(bent: Hypothesis, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hashes(replace(CLAIM, hypotheses=(bent,)), monkeypatch) != {"planted/1 level": sha256(CONTENT)}


def test_worlds_do_not_change_the_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(CLAIM, hypotheses=(replace(LEVEL, true_world=lambda seed: None),))  # type: ignore[arg-type, return-value]
    assert hashes(other, monkeypatch) == {"planted/1 level": sha256(CONTENT)}


def test_a_claim_that_cannot_be_tested_registers_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = replace(CLAIM, hypotheses=(), untestable="it describes a study")
    content = {"sentence": "It is so.", "untestable": "it describes a study"}
    assert hashes(claim, monkeypatch) == {"planted": sha256(content)}
