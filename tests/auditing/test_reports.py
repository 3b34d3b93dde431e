"""Reports: what a synthesis says of itself beside what is found."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidense import registry
from evidense.auditing.passages import SourceText
from evidense.auditing.reports import audit_report, is_report, question_of
from evidense.auditing.shipped_works import shipped_for
from evidense.auditing.topics import topic
from evidense.readers.plain import PART as PLAIN
from evidense.values import Citation, ReadDocument, Span, Work

REPORT = """Watering and Yield

Abstract

This report synthesises findings from 9 peer-reviewed studies addressing the following research question: How does watering change the yield of tomatoes?
3 claims were extracted; 0 were independently verified. Quality review score: 7.5/10.

5 Extracted Claims

Claim\tVerified\tConfidence
Daily watering raises the yield of tomatoes.\t×\t0.21
Lee and Cho [2021] water twice a day and cut lea\t×\t0.30
Shade lowers the yield by 12 %.\t×\t0.05

References

- Doe, J. 2019. Watering tomatoes: yield in four regimes. Journal of Gardens 3.
- Roe, R. 2020. Shade and yield. Journal of Gardens 4.
"""
DOE = (
    "We ask whether daily watering raises the yield of tomatoes. "
    "Lee and Cho [2021] water twice a day and cut leaves by hand. "
    "However, daily watering did not raise the yield of tomatoes in clay."
)
ROE = "Shade lowers the yield by 21 %."


@pytest.fixture
def report(tmp_path: Path) -> ReadDocument:
    (tmp_path / "report.txt").write_text(REPORT, encoding="utf-8")
    return PLAIN.read(tmp_path / "report.txt")


WORKS = {
    "1": Work("a", title="Watering tomatoes: yield in four regimes", authors=("Jane Doe",), abstract=DOE),
    "2": Work("a", title="Shade and yield", authors=("Rita Roe",), abstract=ROE),
}
TEXTS = {key: SourceText.of_abstract(key, work.abstract) for key, work in WORKS.items()}


def test_a_report_is_audited(report: ReadDocument) -> None:
    assert is_report(report)
    audited = audit_report(report, WORKS, TEXTS, {"Shade lowers the yield by 12 %.": "nothing to test"})
    said = {row.what: (row.says, row.found) for row in audited.said}
    assert said["papers"] == ("9, peer-reviewed", "2 listed")
    assert said["about its question"] == ("–", "1 of 2 by title and abstract")
    assert said["claims"] == ("3 extracted, 0 verified", "3 of 3 located, in 2 sections of 2 sources; 2 are findings")
    assert said["confidence"][0] == ".05 to .30"
    assert said["quality"] == ("7.5/10, reviewers not named", "cannot be recomputed: no votes, no records")
    first, second, third = audited.statements
    assert [loss.rule for loss in first.losses] == ["aim"]
    assert [quote.span.quote for quote in first.others] == [
        "However, daily watering did not raise the yield of tomatoes in clay."
    ]
    assert second.alignment.is_cut
    assert [loss.rule for loss in third.losses] == ["number"]
    assert third.experiment == "nothing to test"
    assert audited.missing[0].names == ("Lee", "Cho")
    assert "not among the references; 1 claim names it" in second.notes[0]
    assert audited.remarks[0] == "READ IT BESIDE ITS SOURCES: one question told as a finding."


def test_a_faithful_report_has_no_warning(report: ReadDocument) -> None:
    spans = [block.span for block in report.blocks if block.kind == "item"]
    text = " ".join(span.quote for span in spans if not span.quote.endswith("lea"))
    kept = replace(report, blocks=tuple(b for b in report.blocks if not b.span.quote.endswith("lea")))
    audited = audit_report(kept, {}, {"1": SourceText.of_abstract("1", text)})
    assert (audited.remarks, [s.alignment.kind for s in audited.statements]) == ((), ["VERBATIM", "VERBATIM"])


def test_a_paper_that_cites_is_no_report(report: ReadDocument) -> None:
    assert not is_report(replace(report, citations=(Citation(Span(0, 1, "W"), ("1",)),)))
    assert not is_report(ReadDocument("bibtex"))


def test_the_seed_report(shared_data: Path) -> None:
    document = PLAIN.read(shared_data / "seed_report.txt")
    shipped = {reference.key: shipped_for(reference) for reference in document.references}
    works = {key: found.work for key, found in shipped.items() if found}
    audited = audit_report(document, works, {key: found.text for key, found in shipped.items() if found})
    assert len(works) == 3
    assert [(row.what, row.says, row.found) for row in audited.said] == [
        ("papers", "16, peer-reviewed", "3 listed, all cited as preprints (each has a published version)"),
        ("about its question", "–", "0 of 3 by title and abstract: none names retrieval and images together"),
        (
            "claims", "6 extracted, 0 verified",
            "6 of 6 are sentences 1–6 of one section of one source (arxiv:2505.07166, 4 Embedding Knowledge Consistency); 0 are findings",
        ),
        ("confidence", ".02 to .14", "6 of 6 located in a source, 4 without a change of meaning; its verifier failed, not the source"),
        ("quality", "3.8/10, reviewers not named", "cannot be recomputed: no votes, no records"),
    ]  # fmt: skip
    assert audited.remarks == (
        "DO NOT RELY ON IT: no finding in it, no source on its question, one question told as a finding.",
        "missing: Reichman and Heck (“Dense Passage Retrieval: Is it Retrieving?”, Findings of EMNLP 2024) is not among the references; 2 claims name it",
        "two claims cut at 120 characters",
    )
    assert [s.kind for s in audited.statements] == ["aim", "finding", "method", "definition", "method", "premise"]
    assert [[loss.rule for loss in s.losses] for s in audited.statements] == [
        ["cut"],
        ["aim"],
        [],
        ["cut"],
        ["cut"],
        ["weaker"],
    ]
    weaker = audited.statements[5].losses[0]
    assert (weaker.words, weaker.instead) == ("structured and meaningful knowledge", "structure")
    assert "this is different from the dense retrieval task" in audited.statements[4].losses[0].words
    assert [q.span.quote[:45] for q in audited.statements[1].others] == [
        "However, this pattern does not hold universal"
    ]
    assert [bool(s.notes) for s in audited.statements] == [False, False, True, False, True, False]
    assert not any(found.is_about for found in audited.topics.values())
    assert topic(question_of(document), "Multimodal retrieval", "").is_about


@pytest.mark.parametrize(
    "claim",
    ["France and Germany water twice.", "PHC3 and E2F6 bind in the dark.", "Doe and others, as John Doe, water."],
)
def test_names_that_are_not_cited_are_not_called_missing(report: ReadDocument, claim: str) -> None:
    first = next(block for block in report.blocks if block.kind == "item")
    blocks = tuple(replace(b, span=replace(b.span, quote=claim)) if b.kind == "item" else b for b in report.blocks)
    assert first.span.quote
    assert audit_report(replace(report, blocks=blocks), WORKS, TEXTS).missing == ()


def test_a_page_with_a_table_of_claims_is_no_report_of_claims(tmp_path: Path) -> None:
    page = "# What we found\n\n## Claims that were tested\n\n- A tuned retriever encodes what its backbone does.\n\nWe read 20 papers.\n"
    (tmp_path / "page.md").write_text(page)
    assert not is_report(registry.read(tmp_path / "page.md"))
