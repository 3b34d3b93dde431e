"""Alignment: what is lost is quoted from the passage, what is added from the statement."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.auditing.alignment import align

WORDS = st.lists(
    st.sampled_from("we may not train 12 models in vitro if ﬁne, or [3] (so) 0.5% do-it".split()), max_size=14
).map(" ".join)


@given(WORDS, WORDS)
@settings(max_examples=150, deadline=None)
def test_every_run_is_a_quotation(statement: str, passage: str) -> None:
    alignment = align(statement, passage)
    assert all(run in passage for run in alignment.lost)
    assert all(run in statement for run in alignment.added)
    assert 0 <= alignment.similarity <= 1
    assert alignment.rest == "" or passage.find(alignment.rest) >= 0


@given(WORDS)
@settings(max_examples=60, deadline=None)
def test_a_text_beside_itself_is_verbatim(text: str) -> None:
    alignment = align(f"Encoders {text}.", f"Encoders {text}.")
    assert (alignment.kind, alignment.lost, alignment.added, alignment.rest) == ("VERBATIM", (), (), "")


def test_words_around_and_within_are_lost() -> None:
    alignment = align("Dense models gain little.", "Here we ask whether dense models often gain little in practice.")
    assert alignment.lost == ("Here we ask whether", "often", "in practice")
    assert alignment.is_end_lost
    assert not alignment.is_cut


def test_a_citation_mark_is_no_loss_and_a_changed_interval_is_a_change() -> None:
    assert align("The gain holds.", "The gain holds [3, 5–7] (Lee et al., 2020).").kind == "VERBATIM"
    assert align("A gain (95% CI [3, 6]).", "A gain (95% CI [3, 5]).").kind == "NEAR"


def test_other_words_are_not_located() -> None:
    assert align("Plants need light.", "The encoder has six layers.").kind == "NOT LOCATED"


@pytest.mark.parametrize(
    "bomb",
    ["a " * 20_000, "(" * 20_000, "[1, " * 8_000, "(Lee, " * 5_000, "A.B." * 8_000, "a-" * 15_000, "1," * 15_000],
)
def test_a_text_that_repeats_itself_is_aligned_in_no_time(bomb: str) -> None:
    begin = time.process_time()
    align(bomb[:5_000], bomb + "x")
    assert time.process_time() - begin < 5


def test_a_closing_bracket_belongs_to_what_is_lost() -> None:
    lost = align("The task is simple.", "The task is simple, i.e. a choice (as in a quiz).").lost
    assert lost == ("i.e. a choice (as in a quiz)",)
