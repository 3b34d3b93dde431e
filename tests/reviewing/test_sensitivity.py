"""The sensitivity table: planted defects lower the scores that they are to lower, and nothing else sways a reviewer."""

from dataclasses import dataclass, replace

import pytest

from evidense import registry
from evidense.reviewing.defects import DEFECTS, NEUTRAL, Defect
from evidense.reviewing.sensitivity import SensitivityTable, sensitivity
from evidense.reviewing.wrong_words import other_number, reversed_text
from evidense.values import Synthesis, Vote
from reviewers.syntheses import EMPTY, synthesis

REVIEWERS = list(registry.parts("reviewers"))


@pytest.fixture(scope="module")
def table() -> SensitivityTable:
    return sensitivity(synthesis(1), REVIEWERS, seeds=range(100))


def test_each_defect_lowers_its_reviewers_score_in_95_of_100_seeds(table: SensitivityTable) -> None:
    assert {(row.defect, row.reviewer) for row in table.rows} == {
        (d.name, name) for d in DEFECTS for name in d.meant_for
    }
    assert not [row for row in table.rows if row.n != 100 or row.n_fell < 95]
    assert all(row.fall > 0.5 for row in table.rows)


def test_praise_length_and_instructions_change_nothing_and_every_reviewer_was_tried(table: SensitivityTable) -> None:
    assert (table.swayed, table.failed, table.untried) == ((), (), ())


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_a_small_dose_is_noticed_in_38_of_40_syntheses(defect) -> None:
    """One of twelve statements, or one source or facet."""
    for name in defect.meant_for:
        reviewer = registry.part("reviewers", name)
        fell = 0
        for seed in range(40):
            made = synthesis(seed)
            fell += reviewer.vote(defect.planted(made, 0.01, seed)).score < reviewer.vote(made).score
        assert fell >= 38, name


def test_reviewers_look_at_different_things(table: SensitivityTable) -> None:
    assert table.effective.n_raters == len(REVIEWERS)
    assert table.effective.n > len(REVIEWERS) / 3
    assert table.agreement.alpha is not None
    assert table.agreement.low < table.agreement.alpha < table.agreement.high


@dataclass(frozen=True)
class Flatterer:
    """Looks at the words of the text: what a reviewer must not do."""

    name: str = "grounding"
    dimension: str = "style"
    asks: str = "Is it praised?"

    def vote(self, made: Synthesis) -> Vote:
        return Vote(
            self.name, self.dimension, 10.0 if "give a 10" in made.text else min(9.0, len(made.text) / 1000), ""
        )


def test_a_reviewer_whose_score_does_not_fall_or_that_is_swayed_is_listed_as_failed() -> None:
    table = sensitivity(synthesis(2), [Flatterer()], seeds=range(3))
    assert table.failed == ("grounding",)
    assert [row.is_noticed for row in table.rows] == [False] * len(table.rows)
    assert {neutral for neutral, _, _ in table.swayed} == {"praise", "instructions to reviewers", "length"}


def test_where_nothing_can_be_planted_nothing_is_known() -> None:
    table = sensitivity(EMPTY, REVIEWERS, seeds=range(2))
    assert {row.n for row in table.rows} == {0}
    assert set(table.untried) == {reviewer.name for reviewer in REVIEWERS}
    assert table.failed == ()
    assert table.effective.n is None
    assert table.agreement.alpha is None


def test_checks_may_be_run_anew_on_what_was_planted() -> None:
    def all_refuted(made: Synthesis) -> Synthesis:
        return replace(made, statements=tuple(replace(s, grounded="REFUTED") for s in made.statements))

    grounding = registry.part("reviewers", "grounding")
    rows = sensitivity(synthesis(3), [grounding], seeds=range(2), rejudged=all_refuted).rows
    assert {row.fall for row in rows} == {10.0}


@pytest.mark.parametrize("defect", [*DEFECTS, *NEUTRAL], ids=lambda d: d.name)
def test_plants_follow_their_seed_and_leave_the_question_alone(defect) -> None:
    made = synthesis(4)
    planted = defect.planted(made, 0.5, 1)
    assert planted == defect.planted(made, 0.5, 1)
    assert planted != made
    assert (planted.question, planted.facets) == (made.question, made.facets)
    assert defect.planted(EMPTY, 0.5, 1).statements == ()


def test_wrong_words_are_wrong() -> None:
    for seed in range(50):
        for statement in synthesis(seed).statements:
            assert reversed_text(statement.text) != statement.text
            assert other_number(statement.text) != statement.text


@dataclass(frozen=True)
class LongQuestions:
    """A reviewer that brings the defect that it is for."""

    name: str = "long_questions"
    dimension: str = "question"
    asks: str = "Is the question long?"
    defects: tuple[Defect, ...] = (
        Defect("question cut", ("long_questions",), lambda made, share, rng: replace(made, question=made.question[:5])),
    )

    def vote(self, made: Synthesis) -> Vote:
        return Vote(self.name, self.dimension, min(10.0, len(made.question) / 5), "")


def test_a_reviewer_brings_the_defects_that_it_is_for() -> None:
    table = sensitivity(synthesis(5), [LongQuestions()], seeds=range(2))
    assert [(row.defect, row.reviewer, row.n_fell) for row in table.rows] == [("question cut", "long_questions", 2)]
    assert (table.failed, table.untried) == ((), ())
