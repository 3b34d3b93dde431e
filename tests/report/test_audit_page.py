"""The page and the first screen of an audit: the answer first, problems with lines, who was not asked; inert to hostile texts."""

import re
from dataclasses import replace
from html import escape

import pytest

from evidense import registry
from evidense.auditing.alignment import align
from evidense.auditing.references import GATE
from evidense.auditing.references_of import NamedSource
from evidense.auditing.statements import TracedStatement
from evidense.report.audit import summary
from evidense.report.audit.page import Corrected, page_html
from evidense.report.audit.screen import WIDTH, screen
from evidense.report.audit.statement_lines import source_word
from evidense.report.audit.words import REFERENCE_WORDS
from evidense.values import Notice, ReadDocument
from evidense.values.literature import Citation, Span
from report.audits import KNOWN, audit, audited, every_verdict, found, hostile, reference, silent, statement


def test_the_box_counts_what_to_do_and_says_whether_the_gate_is_met() -> None:
    answer = summary.answer(audit(gate=GATE))
    assert answer.sentence == (
        "2 to correct, 1 to replace, 1 not found, 1 to look at, 1 not decided, since fewer than two indexes answered."
    )
    assert answer.gate == "FAIL"
    assert summary.answer(audit(gate=("CONCERN",))).gate == "PASS, 1 not decided"
    assert summary.answer(audit()).gate == ""


def test_a_right_bibliography_has_nothing_to_correct() -> None:
    right = audit(references=tuple(a for a in audit().references if a.decision.verdict == "OK"))
    assert summary.answer(right).sentence == "Nothing to correct: 1 entry exists as it is cited."


def test_a_file_without_references_says_so() -> None:
    assert summary.answer(audit(references=())).sentence == "No references in this file."


def test_a_gate_does_not_pass_a_file_of_which_nothing_was_checked() -> None:
    unread = TracedStatement("Owls see at night.", Span(0, 18, "Owls see at night."), "finding")
    assert summary.answer(audit(references=(), gate=GATE)).gate == "NOT DECIDED"
    assert summary.answer(audit(references=(), statements=(unread,), gate=GATE)).gate == "NOT DECIDED"
    read = statement("Owls see at night.", "Owls see at night.")
    assert summary.answer(audit(references=(), statements=(unread, read), gate=GATE)).gate == "PASS"


def test_the_box_counts_the_statements_that_are_marked() -> None:
    right = tuple(a for a in audit().references if a.decision.verdict == "OK")
    other = statement("Of the owls 19 see at night.", "Of the owls 29 see at night.")
    answer = summary.answer(audit(references=right, statements=(other,)))
    assert answer.sentence.endswith("as it is cited; 1 statement that its source has otherwise (✖).")
    assert (answer.sentence.split(":")[0], answer.tone) == ("No reference to correct", "harms")


def test_the_screen_shows_the_worst_first_with_their_lines() -> None:
    lines = screen(audit(gate=GATE)).splitlines()
    told = [line.split()[1] for line in lines if re.match(r" [✖?!↑–] [A-Z]", line)]
    assert told == ["RETRACTED", "OTHER", "NOT", "WRONG", "OLDER", "NOT"]
    assert "year 2013 → 2017 (arXiv, Crossref)" in next(line for line in lines if "year2013" in line)
    assert next(line for line in lines if "retracted2017" in line).endswith("line 25")
    assert "2024-03-02, data integrity (arXiv, Crossref)" in " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= WIDTH


def test_what_was_not_asked_or_did_not_answer_stands_on_the_first_screen() -> None:
    said = " ".join(screen(audit()).split())
    assert "asked arXiv, Crossref; DBLP blocked" in said
    assert "not asked: OpenAlex (offline)" in said
    assert "Crossref, arXiv" not in said.split("┌")[0]


def test_the_policy_says_what_would_count() -> None:
    said = " ".join(screen(audit(policy="neurips2026")).split())
    assert "neurips2026: counts, the title cannot be found" in said
    assert "neurips2026: error to report, wrong: year" in said


def test_a_statement_stands_beside_its_passage_with_what_was_lost() -> None:
    asked = statement("Dense models gain little.", "We ask whether dense models gain little.")
    copied = statement("Owls see at night.", "Owls see at night.")
    lines = screen(audit(statements=(asked, copied))).splitlines()
    said = " ".join(" ".join(lines).split())
    assert "✖ a question or an aim told as a finding: − “We ask whether”" in said
    assert "source: “We ask whether dense models gain little.” yao2025, §4, sentence 2, page 4" in said
    assert next(line for line in lines if "Owls" in line).split()[-3:] == ["finding", "says", "so"]
    assert max(map(len, lines)) <= WIDTH


def test_of_many_statements_those_that_lost_something_are_shown() -> None:
    copies = tuple(statement(f"Owl {n} sees.", f"Owl {n} sees.") for n in range(30))
    asked = statement("Dense models gain little.", "We ask whether dense models gain little.")
    said = screen(audit(statements=(*copies, asked)))
    assert "31 statements" in said
    assert "31 “Dense models gain little.”" in said
    assert "and 19 more on the page" in said


@pytest.mark.parametrize("word", ["fake", "fabricated", "hallucinated"])
def test_no_word_of_accusation_is_printed(word: str) -> None:
    shown = screen(audit(policy="neurips2026")) + page_html(audit(policy="neurips2026"))
    assert word not in shown.lower()


def test_the_page_shows_every_reference_once_with_who_was_asked() -> None:
    html = page_html(audit(policy="neurips2026"), Corrected("--- a\n+++ b\n-x\n+y\n", 1, ("k, year: no",)))
    for one in audit().references:
        assert html.count(f'<bdi class="key-of">{one.reference.key}') == 1
    assert "a challenge page" in html
    assert "not asked:</b> OpenAlex (offline)" in html
    assert "1 change written by --fix" in html


def test_a_reason_that_most_of_a_verdict_share_stands_once_above_the_table_and_others_in_their_rows() -> None:
    unknown = [audited(reference(f"n{n}", n, title=f"Title {n}"), silent("crossref", "arxiv")) for n in range(4)]
    unknown.append(audited(reference("n9", 9, title="Title 9"), silent("crossref", "openalex")))
    html = page_html(audit(references=tuple(unknown)))
    assert html.count(escape(summary.reason(unknown[0]))) == 1
    assert "4 of 5:" in html
    assert html.count(escape(summary.reason(unknown[4]))) == 1
    assert html.count('class="is-told"') == 4
    few = page_html(audit(references=tuple(unknown[:2])))
    assert few.count(escape(summary.reason(unknown[0]))) == 2


def test_equal_audits_make_equal_bytes() -> None:
    assert page_html(audit()) == page_html(audit())


def test_a_hostile_text_stays_text() -> None:
    html = page_html(hostile())
    body = re.sub(r"<script>.*?</script>", "", html[: html.rindex("<script>")], flags=re.DOTALL)
    assert "<script" not in body
    assert "<img" not in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert 'href="javascript' not in html
    assert "49" not in re.findall(r"\{\{7\*7\}\}|49", html)


def test_a_hostile_text_cannot_steer_a_terminal_or_begin_a_line() -> None:
    said = screen(hostile())
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", said)


def test_a_key_that_is_cited_without_an_entry_is_named() -> None:
    citation = Citation(Span(0, 4, "Owls"), ("right2017", "nobody1999"))
    right = tuple(a for a in audit().references if a.decision.verdict == "OK")
    paper = audit(references=right, document=ReadDocument("latex", "Owls", citations=(citation,)))
    assert summary.answer(paper).sentence == "1 cited without an entry."
    assert "1 cited key is not in this file (nobody1999)" in screen(paper)
    assert "nobody1999" in page_html(paper)


def test_citations_that_were_hardly_recognised_leave_no_entry_uncited() -> None:
    citation = Citation(Span(0, 4, "Owls"), ("right2017",))
    hardly = audit(document=ReadDocument("pdf", "Owls", citations=(citation,)))
    assert hardly.uncited_keys == ()
    mostly = Citation(Span(0, 4, "Owls"), tuple(a.reference.key for a in audit().references[1:]))
    assert audit(document=ReadDocument("pdf", "Owls", citations=(mostly,))).uncited_keys == ("right2017",)


def test_every_verdict_has_a_word() -> None:
    assert {a.decision.verdict for a in audit().references} <= set(REFERENCE_WORDS)


def test_a_source_that_has_a_part_of_a_statement_does_not_say_so() -> None:
    quote = "Shade may lower the yield of tomatoes if it lasts all day."
    for text, word in (
        (quote, "says so"),
        ("Shade may lower the yield of tomatoes if warm, and dew does not matter.", "~ in part"),
    ):
        statement = TracedStatement(text, Span(0, len(text), text), "finding", alignment=align(text, quote))
        assert source_word(statement) == word


def test_whoever_is_named_is_named_as_people_write_it() -> None:
    """A disagreement, a notice, a wrong field beside it, an answer: no part name is printed."""
    cited = reference("kept2017", 3, identifiers={"doi": "10.1/x"}, year=2013)
    strange = replace(KNOWN, source="openalex", title="On the Origin of Species")
    known, retracted = found(KNOWN), found(replace(KNOWN, notices=(Notice("retraction", "2024-03-02", "data"),)))
    dissent = audited(replace(cited, year=2017), [*known, *found(strange, by="identifier")])
    wrong = audited(cited, [*retracted, *silent("openalex")])
    shown = audit(references=(dissent, wrong, *every_verdict()))
    said, html = " ".join(screen(shown).split()), page_html(shown)
    assert dissent.decision.verdict == "INDEXES DISAGREE"
    assert summary.reason(dissent).startswith("OpenAlex has another title under this identifier ('On the Origin of")
    assert "kept2017 OpenAlex has another title" in said
    assert "OpenAlex has another title" in html
    assert "year 2013 → 2017 (Crossref)" in html
    texts = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", html, flags=re.DOTALL)
    for text in (said, texts):
        assert not re.search(r"\b(arxiv|crossref|dblp|openalex)\b", text)


def test_a_source_is_named_by_its_part_and_a_folder_by_its_own_name() -> None:
    def named(label: str, spelling: str) -> str:
        return NamedSource(label, registry.part("sources", spelling.partition(":")[0]), spelling).display_name

    assert named("semantic_scholar", "semantic_scholar") == "Semantic Scholar"
    assert named("folder:library 2", "folder:/a/library") == "folder library 2"
    assert named("acl 2", "acl:/b") == "ACL Anthology 2"


def test_the_box_names_references_and_statements() -> None:
    said = replace(statement("Owls sleep.", "Owls never sleep."), verdict="REFUTED")
    assert summary.answer(audit(statements=(said, said))).sentence.startswith("2 references to correct, 1 to replace")
    assert summary.answer(audit(statements=(said, said))).sentence.endswith(
        "; 2 statements that their source contradicts."
    )
    right = audit(references=audit().references[:1], statements=(said,))
    assert summary.answer(right).sentence.endswith("; 1 statement that its source contradicts.")
    assert summary.answer(right).tone == "harms"
