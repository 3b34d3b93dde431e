"""Experiments beside the claims of a report."""

from evidense.study.experiments import experiments_for

STRUCTURE = "If a linear classifier achieves high accuracy, it suggests that the embeddings contain structure."
TASK = "The task considered by Reichman and Heck is that of distinguishing relevant and irrelevant documents with respect to a q"
DEFINITION = "Linear probing involves training a simple linear classifier on embeddings extracted from different layers of a model."


def test_statements_that_repeat_claims_of_the_literature_are_beside_what_was_found() -> None:
    assert experiments_for([STRUCTURE, TASK, DEFINITION, "Tomatoes need water."]) == {
        STRUCTURE: "S6: UNDECIDED at 2 levels",
        TASK: "S5: UNDECIDED at 1 level",
        DEFINITION: "S4: nothing to test",
    }


def test_other_statements_have_no_experiment() -> None:
    assert experiments_for(["Tomatoes need water.", ""]) == {}
