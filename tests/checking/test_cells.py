"""Cells: what a table says, and what it says of a statement: the same, another value, another scope, or nothing that rules know."""

from itertools import islice
from pathlib import Path

import pytest

from checking.cell_pairs import pairs, scitab_tables, word_of
from evidense.auditing.passages import SourceText
from evidense.checking.celled import celled
from evidense.checking.library import LibraryWork
from evidense.checking.tables.beside import COMPARES
from evidense.readers.markdown import markdown_document
from evidense.values import Work

PAGE = """# On models

Table 2: Accuracy (%) on the dev sets of GLUE.

| Model | MNLI | QQP | Params |
|---|---|---|---|
| BERT-base | 84.6 ± 0.3 | 71.2 | 110M |
| BERT-large | **86.7** | 72.1 | 340M |
| ELMo [@peters18] | 76.4 | 64.8 | 90M |

Table 3: Entity recognition.

| | CoNLL-2003 || OntoNotes ||
|---|---|---|---|---|
| Data | P | R | P | R |
"""
MEASURES = (
    "Table 4: On SQuAD.\n\n| | dev | test |\n|---|---|---|\n| BERT F1 | 88.5 | 87.1 |\n| Exact match | 80.8 | 79.0 |\n"
)


def work(page: str = PAGE) -> LibraryWork:
    document = markdown_document("markdown", page)
    return LibraryWork("a", Work("file"), SourceText.of_document("a", document), tables=document.tables)


def test_a_cell_is_a_statement_by_template_where_a_metric_is_named() -> None:
    found = work().cells
    assert [(cell.span.quote, cell.text) for cell in found[:3]] == [
        ("84.6 ± 0.3", "BERT-base has 84.6 ± 0.3 % Accuracy on MNLI (Table 2: Accuracy (%) on the dev sets of GLUE.)"),
        ("71.2", "BERT-base has 71.2 % Accuracy on QQP (Table 2: Accuracy (%) on the dev sets of GLUE.)"),
        ("86.7", "BERT-large has 86.7 % Accuracy on MNLI (Table 2: Accuracy (%) on the dev sets of GLUE.)"),
    ]
    assert [cell.is_reported for cell in found] == [False] * 4 + [True] * 2
    assert found[0].names("model") == {"bert-base"}


def test_rows_may_be_measures_and_columns_splits() -> None:
    text = (
        "Table 1: On SQuAD.\n\n| | BERT | ELMo |\n|---|---|---|\n| F1 | 88.5 | 85.8 |\n| Exact match | 80.8 | 78.6 |\n"
    )
    said = [cell.text for cell in work(text).cells]
    assert said[:2] == [
        "BERT has 88.5 F1 on SQuAD (Table 1: On SQuAD.)",
        "ELMo has 85.8 F1 on SQuAD (Table 1: On SQuAD.)",
    ]


@pytest.mark.parametrize(
    ("statement", "word", "reason"),
    [
        ("BERT-large reaches 86.7 % accuracy on MNLI.", "SUPPORTED", ""),
        ("On MNLI, BERT-large achieves an accuracy of 0.867.", "SUPPORTED", ""),
        ("BERT-large reaches 87 on MNLI.", "SUPPORTED", ""),
        ("BERT-large reaches 85.1 % accuracy on MNLI.", "REFUTED", "number: its table “86.7 %”, here “85.1 %”"),
        ("BERT-base reaches 86.7 % accuracy on MNLI.", "REFUTED", "number: its table “84.6 ± 0.3 %”, here “86.7 %”"),
        ("BERT-large reaches 86.7 % accuracy on SNLI.", "SCOPE DIFFERS", "dataset: its table “MNLI”, here “SNLI”"),
        ("BERT-large reaches 86.7 % recall on MNLI.", "SCOPE DIFFERS", "metric: its table “Accuracy”, here “recall”"),
        ("BERT-large may reach 86.7 % accuracy on MNLI.", "NOT SURE", ""),
        ("BERT-large beats RoBERTa with 86.7 % accuracy on MNLI.", "NOT SURE", ""),
        ("BERT-large does not reach 86.7 % accuracy on MNLI.", "NOT SURE", ""),
        ("BERT-large reaches 86.7 % accuracy.", "NOT SURE", "several cells fit, and they differ"),
        ("ELMo reaches 76.4 % accuracy on MNLI.", "NOT SURE", "the row of this table cites another work: it reports that work"),
    ],
)  # fmt: skip
def test_a_statement_with_a_value_is_compared_with_its_cell(statement: str, word: str, reason: str) -> None:
    found = celled(statement, work())
    assert (found.word, "; ".join(found.reasons)) == (word, reason)
    passage = found.evidence[0].passage
    assert work().text.text[passage.span.start : passage.span.end] == passage.span.quote
    assert passage.says


@pytest.mark.parametrize(
    "bound", ["over 0.9", "above 0.8", "more than 0.867", "less than 0.867", "at least 0.80", "up to 0.867", "nearly 0.9", "about 0.867", "0.8 to 0.9"]
)  # fmt: skip
def test_a_bound_or_a_rough_value_is_not_sure_with_the_cell_to_read(bound: str) -> None:
    found = celled(f"BERT-large reaches {bound} accuracy on MNLI.", work())
    assert (found.word, found.reasons) == ("NOT SURE", (COMPARES,))
    assert found.evidence[0].passage.span.quote == "86.7"
    exceeds = celled(f"BERT-large exceeds {bound} accuracy on MNLI.", work())
    assert exceeds is None or exceeds.word == "NOT SURE"


@pytest.mark.parametrize(
    "statement", ["RoBERTa reaches 86.7 % accuracy on MNLI.", "BERT-large wins on MNLI.", "BERT-large gains 9 points on MNLI."]
)  # fmt: skip
def test_of_what_no_row_tells_tables_say_nothing(statement: str) -> None:
    assert celled(statement, work()) is None


def test_a_heading_that_the_statement_dropped_qualifies_it() -> None:
    text = "Table 1: Results.\n\n| | MNLI F1 | Params |\n|---|---|---|\n| BERT | 84.6 | 110M |\n| ELMo | 76.4 | 90M |\n"
    found = celled("BERT reaches an F1 of 84.6.", work(text))
    assert (found.word, found.reasons) == ("QUALIFIED", ("its table says it under a heading: − “MNLI”",))


def test_cells_whose_row_was_set_aside_say_nothing() -> None:
    whole = work()
    start = whole.text.text.index("BERT-large")
    blank = whole.text.text[:start] + " " * 40 + whole.text.text[start + 40 :]
    left = LibraryWork("a", whole.work, SourceText("a", blank, whole.text.parts), tables=whole.tables)
    assert "BERT-large" not in {cell.subject for cell in left.cells}
    assert len(left.cells) == len(whole.cells) - 2


def test_verdicts_on_real_tables_are_right(shared_data: Path) -> None:
    found = [(word_of(pair), pair.right) for pair in pairs(islice(scitab_tables(shared_data), 8), seed=3)]
    decided = [(word, right) for word, right in found if word not in ("NOT SURE", "NOT CHECKED")]
    assert len(decided) > 0.8 * len(found) > 40
    assert all(word == right for word, right in decided)
