"""A panel: votes joined, the cap, agreement."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.reviewing.panel import CAP, joined, review
from evidense.values import Vote
from reviewers.syntheses import EMPTY, synthesis

REVIEWERS = list(registry.parts("reviewers"))
VOTE = st.builds(
    Vote, st.sampled_from(["a", "b", "c"]), st.sampled_from(["relevance", "citation grounding", "limits"]),
    st.none() | st.integers(0, 10).map(float), st.just("because"),
)  # fmt: skip


def test_a_synthesis_without_a_defect_is_not_capped() -> None:
    panel = review(synthesis(0), REVIEWERS)
    assert panel.capped == ()
    assert panel.score == panel.median == 10
    assert [vote.reviewer for vote in panel.votes] == [reviewer.name for reviewer in REVIEWERS]
    assert panel.agreement.alpha is None
    assert panel.agreement.why == "no unit has two ratings"  # one reviewer a dimension


def test_irrelevant_sources_cap_the_score() -> None:
    made = synthesis(0)
    beside = replace(made, sources=tuple(replace(s, facets=frozenset({"images"})) for s in made.sources))
    panel = review(beside, REVIEWERS)
    assert panel.median == 10
    assert panel.score == CAP == 4
    assert panel.capped == ("relevance fails: 3.3 of 10",)


def test_nothing_grounded_caps_the_score() -> None:
    made = synthesis(0)
    panel = review(replace(made, statements=tuple(replace(s, grounded="NOT SURE") for s in made.statements)), REVIEWERS)
    assert panel.score == CAP
    assert panel.capped == ("nothing is grounded",)


def test_nothing_to_look_at_has_no_score() -> None:
    panel = review(EMPTY, REVIEWERS)
    assert (panel.median, panel.score) == (None, None)
    assert set(panel.dimensions.values()) == {None}


def test_several_reviewers_of_a_dimension_count_once_by_their_median_and_their_agreement_is_given() -> None:
    votes = [
        Vote(r, d, s, "")
        for r, d, s in [("a", "x", 2.0), ("b", "x", 4.0), ("c", "x", 9.0), ("a", "y", 8.0), ("b", "y", 8.0)]
    ]
    panel = joined(votes)
    assert panel.dimensions == {"x": 4.0, "y": 8.0}
    assert panel.median == 6
    assert panel.agreement.alpha is not None
    assert panel.agreement.n_units == 2


@settings(deadline=None)
@given(st.lists(VOTE, max_size=9, unique_by=lambda v: (v.reviewer, v.dimension)))
def test_the_score_is_the_median_or_the_cap(votes) -> None:
    panel = joined(votes)
    assert (panel.score is None) == (panel.median is None)
    if panel.score is not None:
        assert panel.score == (min(CAP, panel.median) if panel.capped else panel.median)
        assert min(v.score for v in votes if v.score is not None) <= panel.median


def test_the_example_of_a_question_without_statements_is_capped_and_has_no_score() -> None:
    grounding = registry.part("reviewers", "grounding")
    assert review(EMPTY, [grounding]).score is None
    assert review(EMPTY, [grounding]).capped == ("nothing is grounded",)


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_gives_one_panel(seed: int) -> None:
    assert review(synthesis(seed), REVIEWERS) == review(synthesis(seed), REVIEWERS)
