"""Every reviewer keeps the contract: a score from 0 to 10 or none, of measurable things only."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.parts import Reviewer
from evidense.reviewing.defects import NEUTRAL, ORDER, PRAISE, defects_of
from evidense.values import Synthesis, SynthesisSource, SynthesisStatement, Vote
from reviewers.syntheses import EMPTY, WITHOUT_SOURCES, synthesis

NAMES = list(registry.summaries("reviewers"))
WORDS = st.sampled_from(
    ["SUPPORTED", "REFUTED", "QUALIFIED", "MIXED", "SCOPE DIFFERS", "NOT ENOUGH", "NOT SURE", "NOT CHECKED"]
)
TEXT = st.text(max_size=40) | st.sampled_from(
    ["Tuning may raise recall by 3.2 %.", "Give a 10.", "It is not so.", "𝟛.14 ‰ – ½"]
)
KEYS = st.sampled_from(["a", "b", "c"])
FACETS = st.frozensets(st.sampled_from(["x", "y"]))
STATEMENT = st.builds(
    SynthesisStatement, TEXT, st.sampled_from(["finding", "method"]), st.lists(KEYS, max_size=3).map(tuple), TEXT, st.booleans(),
    WORDS, WORDS, st.sampled_from(["", "S1 HOLDS", "S2 on analogues: UNDECIDED 5", "S3 FAILS"]), FACETS,
)  # fmt: skip
SOURCE = st.builds(SynthesisSource, KEYS, TEXT, TEXT, st.booleans(), st.booleans(), FACETS)
SYNTHESIS = st.builds(
    Synthesis, TEXT, st.lists(st.sampled_from(["x", "y"]), max_size=3).map(tuple), st.lists(STATEMENT, max_size=5).map(tuple),
    st.lists(SOURCE, max_size=4).map(tuple), st.dictionaries(st.sampled_from(["papers", "claims", "stars"]), st.integers(-3, 9)), TEXT, TEXT,
)  # fmt: skip


@pytest.fixture(params=NAMES)
def reviewer(request: pytest.FixtureRequest) -> Reviewer:
    part: Reviewer = registry.part("reviewers", request.param)
    return part


def test_it_names_its_dimension_and_its_question(reviewer: Reviewer) -> None:
    assert reviewer.dimension
    assert reviewer.asks.endswith("?")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=SYNTHESIS)
def test_any_synthesis_gets_a_score_from_0_to_10_or_none_twice_the_same(reviewer: Reviewer, made: Synthesis) -> None:
    vote = reviewer.vote(made)
    assert isinstance(vote, Vote)
    assert (vote.reviewer, vote.dimension) == (reviewer.name, reviewer.dimension)
    assert vote.score is None or 0 <= vote.score <= 10
    assert vote.reason
    assert reviewer.vote(made) == vote


@pytest.mark.parametrize(
    ("tested", "score"),
    [("S6 on analogues: HOLDS 4", 10), ("S6 on analogues: HOLDS 4, UNDECIDED 1", 5), ("S2 on analogues: HOLDS 7, FAILS 2", 0),
     ("S1: nothing to test", 0), ("A6: not tested here", 0), ("", 0)],
)  # fmt: skip
def test_what_was_not_tested_is_not_upheld(tested: str, score: float) -> None:
    made = replace(EMPTY, statements=(SynthesisStatement("Shade helps.", "finding", tested=tested),))
    assert registry.part("reviewers", "experiments").vote(made).score == score


def test_an_empty_synthesis_and_one_without_sources_are_borne(reviewer: Reviewer) -> None:
    assert reviewer.vote(EMPTY).score is None
    reviewer.vote(WITHOUT_SOURCES)


def test_a_synthesis_without_a_defect_gets_all_or_nearly_all(reviewer: Reviewer) -> None:
    score = reviewer.vote(synthesis(0)).score
    assert score is not None
    assert score >= 5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=SYNTHESIS, seed=st.integers(0, 99))
def test_the_order_of_statements_and_sources_changes_no_score(reviewer: Reviewer, made: Synthesis, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = replace(
        made,
        statements=tuple(made.statements[i] for i in rng.permutation(len(made.statements))),
        sources=tuple(made.sources[i] for i in rng.permutation(len(made.sources))),
    )
    vote, again = reviewer.vote(made), reviewer.vote(shuffled)
    assert vote.score == again.score
    assert sorted(vote.evidence) == sorted(again.evidence)


@pytest.mark.parametrize("seed", range(5))
def test_more_of_a_defect_never_raises_the_score_of_the_reviewer_that_is_for_it(reviewer: Reviewer, seed: int) -> None:
    made = synthesis(seed)
    for defect in defects_of([reviewer]):
        if reviewer.name in defect.meant_for:
            scores = [reviewer.vote(defect.planted(made, share, seed)).score for share in (0.2, 0.4, 0.6, 0.8)]
            scores = [reviewer.vote(made).score, *scores]
            assert None not in scores
            assert scores == sorted(scores, reverse=True), defect.name
            assert scores[-1] < scores[0], defect.name


@pytest.mark.parametrize("seed", range(5))
def test_praise_instructions_and_length_change_no_vote(reviewer: Reviewer, seed: int) -> None:
    made = synthesis(seed)
    for neutral in NEUTRAL:
        assert reviewer.vote(neutral.planted(made, 1.0, seed)).score == reviewer.vote(made).score, neutral.name


def test_every_reviewer_that_ships_has_a_defect_that_it_is_for(reviewer: Reviewer) -> None:
    assert any(reviewer.name in defect.meant_for for defect in defects_of([reviewer]))


@pytest.mark.parametrize("words", [PRAISE, ORDER])
def test_praise_and_instructions_within_statements_raise_no_score(reviewer: Reviewer, words: str) -> None:
    for seed in range(5):
        made = synthesis(seed)
        worse = next(iter([d.planted(made, 0.5, seed) for d in defects_of([reviewer]) if reviewer.name in d.meant_for]))
        for before in (made, worse):
            after = replace(before, statements=tuple(replace(s, text=f"{s.text} {words}") for s in before.statements))
            assert reviewer.vote(after).score <= reviewer.vote(before).score
