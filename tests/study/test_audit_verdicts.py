"""Verdicts of an audit: screen, page and JSON say one thing of a statement, the weaker where two ways of looking differ."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidense import registry
from evidense.auditing.alignment import align
from evidense.auditing.losses import losses
from evidense.auditing.passages import SourceText
from evidense.auditing.statements import Quote, TracedStatement
from evidense.report.audit.exports import statement_json
from evidense.report.audit.statement_lines import rule_words, source_word
from evidense.study.audit.library import ReadText
from evidense.study.audit.verdicts import with_verdicts
from evidense.values import CheckWord, Span

CLAIM = "Watering tomatoes twice a day cuts leaf rot by 12 percent."
HEDGED = f"It is possible that {CLAIM[0].lower()}{CLAIM[1:]}"


def judged(text: str, passage: str, source: str = "") -> TracedStatement:
    """Trace a statement to a passage, and judge it beside the whole source."""
    aligned = align(text, passage)
    quote = Quote(Span(0, len(passage), passage), "key")
    traced = TracedStatement(
        text, Span(0, len(text), text), "finding", "key", quote, aligned, losses(aligned), cites=("key",)
    )
    return with_verdicts([traced], {"key": ReadText(SourceText.of_abstract("key", source or passage))}, True)[0]


def test_nothing_is_supported_beside_a_loss() -> None:
    said = judged(CLAIM, HEDGED, f"{HEDGED} {CLAIM}")
    assert [loss.rule for loss in said.losses] == ["hedge"]
    assert (said.verdict, said.confidence, source_word(said)) == ("NOT SURE", None, "✖ hedges it")


@pytest.mark.parametrize(
    ("text", "passage", "verdict", "word"),
    [
        (CLAIM, CLAIM, "SUPPORTED", "says so"),
        (CLAIM, HEDGED, "QUALIFIED", "✖ hedges it"),
        (CLAIM.replace("12", "14"), CLAIM, "REFUTED", "✖ other number"),
        ("Owls sleep by day in old barns.", "Owls never sleep by day in old barns.", "REFUTED", "✖ denies it"),
        (
            "Yield fell from 3 to 8 percent in the shade.",
            "Yield fell from 8 to 3 percent in the shade.",
            "REFUTED",
            "✖ other number",
        ),
    ],
)
def test_the_word_and_the_verdict_agree(text: str, passage: str, verdict: str, word: str) -> None:
    said = judged(text, passage)
    row = statement_json(said)
    assert (row["verdict"], row["says"]) == (verdict, word)


@pytest.mark.parametrize(
    ("verdict", "word"), [("NOT SURE", "? not sure"), ("REFUTED", "✖ denies it"), ("QUALIFIED", "~ if …")]
)
def test_a_copy_does_not_say_so_where_its_verdict_does_not(verdict: CheckWord, word: str) -> None:
    assert source_word(replace(judged(CLAIM, CLAIM), verdict=verdict)) == word
    assert source_word(replace(judged(CLAIM, HEDGED), verdict="REFUTED")) == "✖ denies it"


def test_numbers_that_changed_places_are_named() -> None:
    said = judged("Yield fell from 3 to 8 percent in the shade.", "Yield fell from 8 to 3 percent in the shade.")
    assert rule_words(said) == ["number: the passage has “8, 3”, the statement “3, 8”"]
    named = judged(CLAIM.replace("12", "14"), CLAIM)
    assert [text.partition(":")[0] for text in rule_words(named)] == ["a number dropped, added or changed"]


def test_the_mark_of_a_citation_is_no_word_of_a_statement() -> None:
    said = judged(CLAIM.replace(".", " [@key]."), CLAIM)
    assert (said.verdict, source_word(said)) == ("SUPPORTED", "says so")


PAPER = """# Two encoders

We train two encoders and print their scores.

Table 1: Accuracy on the test sets.

| Model | MNLI (accuracy) | SNLI (accuracy) |
|---|---|---|
| BERT | 84.6 | 90.7 |
| ELMo | 76.4 | 88.1 |
"""


@pytest.mark.parametrize(("value", "verdict"), [("84.6", "SUPPORTED"), ("94.6", "REFUTED")])
def test_a_cell_of_a_table_is_evidence_for_a_citing_sentence(tmp_path: Path, value: str, verdict: str) -> None:
    (tmp_path / "paper.md").write_text(PAPER, "utf-8")
    document = registry.read(tmp_path / "paper.md")
    text = f"BERT has {value} accuracy on MNLI."
    traced = TracedStatement(text, Span(0, len(text), text), "finding", "key", cites=("key",))
    read = {"key": ReadText(SourceText.of_document("key", document), document)}
    (said,) = with_verdicts([traced], read, True)
    assert said.verdict == verdict
    assert [note for note in said.notes if "84.6" in note]
    (without,) = with_verdicts([traced], {"key": ReadText(read["key"].text)}, True)
    assert without.verdict not in ("SUPPORTED", "REFUTED")
