"""A report's text alone: its counts are held against its own table, and the words of its table against the texts."""

from pathlib import Path

import pytest

from evidense.auditing.public_records.own_table import count_rows, own_rows, verdict_rows
from evidense.auditing.statements import Quote, TracedStatement
from evidense.readers.markdown import PART
from evidense.values import ReadDocument, Span

REPORT = """# Does shade harm tomatoes?

**PARTLY ANSWERED: 3 findings of 2 works; 1 is borne out by independent works; 1 is contradicted.**

Research question: Does shade harm tomatoes?

3 claims were extracted from 2 papers; 3 stand in their own source, 1 was verified by an independent one; review score 6.2/10.

- 3 statements: 1 borne out by others, 1 contradicted, 1 NOT SURE of others: read the passages · 0 tested here

## Statements

| n | statement | where | its source | other works | our experiment |
|---|---|---|---|---|---|
| 1 | Shade keeps tomatoes free of cracks. | cho, characters 50 to 86 | ✔ supported | ✖ refuted | – |
| 2 | Shade lowers the yield by 12 percent. | cho, characters 0 to 37 | ✔ supported | ✔ supported, its own and 1 other | – |
| 3 | Shade may delay the red. | lee, characters 1,086 to 1,110 | ✔ supported | ? NOT SURE | – |

## Works

| key | work | year | read as | |
|---|---|---|---|---|
| cho | Nets | 2019 | abstract | included |
| lee | Gardens | 2021 | abstract | included |

## Review

reviewers: 1 of 2 find nothing to object to

| reviewer | score | |
|---|---|---|
| corroboration | 2.5 | 1 of 3 statements are borne out by independent works |
| quotations | 10.0 | 3 of 3 statements quote a passage |

## Limits

The answer rests on only 2 works.
"""


def read(text: str, folder: Path) -> ReadDocument:
    (folder / "report.md").write_text(text, "utf-8")
    return PART.read(folder / "report.md")


def test_an_honest_text_is_counted_from_its_own_table(tmp_path: Path) -> None:
    (row,) = count_rows(read(REPORT, tmp_path))
    assert (row.what, row.agrees) == ("its own counts", True)
    assert row.found == "the same, counted from 3 rows of its table"


@pytest.mark.parametrize(
    ("old", "new", "what", "found"),
    [
        ("1 is contradicted", "0 are contradicted", "its text: contradicted", "1 in its own table"),
        ("3 stand in", "4 stand in", "its text: in their own source", "3 in its own table"),
        ("✖ refuted", "✔ supported", "its text: contradicted", "0 in its own table"),
        ("**PARTLY ANSWERED", "**ANSWERED", "its answer", "1 borne out, 1 contradicted in its own table"),
        ("| 2 | Shade lowers the yield", "| 4 | Shade lowers the yield", "its table", "3 rows; missing: 2"),
        ("2021 | abstract | included", "2021 | abstract | excluded", "its text: works", "1 in its own tables"),
        ("quotations | 10.0", "quotations | 9.0", "its text: reviewers that are content", "0 in its own tables"),
        ("1 of 3 statements are", "1 of 4 statements are", "its text: statements, by a reviewer", "3 in its own table"),
    ],
)  # fmt: skip
def test_each_change_of_a_text_is_named(tmp_path: Path, old: str, new: str, what: str, found: str) -> None:
    assert old in REPORT
    rows = {row.what: row for row in count_rows(read(REPORT.replace(old, new, 1), tmp_path))}
    assert (rows[what].found, rows[what].agrees) == (found, False)


def test_without_a_table_it_says_not_counted_and_a_text_of_others_says_nothing(tmp_path: Path) -> None:
    without = "\n".join(line for line in REPORT.splitlines() if not line.startswith("|"))
    (row,) = count_rows(read(without, tmp_path))
    assert (row.agrees, row.found.partition(":")[0]) == (None, "NOT COUNTED")
    assert not list(count_rows(read("# A page\n\n3 claims were extracted from 2 papers.\n", tmp_path)))


def test_a_word_of_the_table_that_does_not_come_out_again_is_named_where_the_same_text_was_read(tmp_path: Path) -> None:
    document = read(REPORT, tmp_path)
    assert [row.corroborated for row in own_rows(document) or ()] == ["REFUTED", "SUPPORTED", "NOT SURE"]
    text = "Shade keeps tomatoes free of cracks."

    def found(start: int, word: str, tested: str = "–") -> list[tuple[str, str, str, bool | None]]:
        quote = Quote(Span(start, start + 36, text), "cho")
        one = TracedStatement(text, Span(0, 36, text), "finding", "cho", quote, verdict="SUPPORTED", corroborated=word)
        return [
            (row.what, row.says, row.found.partition(";")[0], row.agrees)
            for row in verdict_rows(document, [one], [tested])
        ]

    assert found(50, "REFUTED") == []
    assert found(50, "NOT SURE") == [("statement 1, other works", "REFUTED", "NOT SURE", False)]
    assert found(7, "NOT ENOUGH") == [("statement 1, other works", "REFUTED", "–", None)]
    assert found(50, "REFUTED", "S2 ✖2") == [("statement 1, our experiment", "–", "S2 ✖2", False)]
