"""Alignment: what is lost is quoted from the passage, what is added from the statement."""

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
