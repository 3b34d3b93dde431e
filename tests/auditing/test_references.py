"""What a reference comes to: single cases by hand, and HALLMARK's entries against two frozen indexes."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from functools import cache

import pytest
from indexes import HALLMARK, Index, lines, needs_hallmark, reference_of

from evidense.auditing.policies import POLICIES
from evidense.auditing.references import decide
from evidense.values import Answer, Notice, Reference, Work

RIGHT = Reference(
    "key", "inproceedings", "Attention Is All You Need", ("Vaswani, A.", "Shazeer, N."), True, 2017, "NIPS"
)
KNOWN = Work(
    "a",
    {"doi": "10.1/x"},
    "Attention is all you need",
    ("Ashish Vaswani", "Noam Shazeer", "Niki Parmar"),
    2017,
    "NeurIPS",
)


def answers(*works: Work, by: str = "title") -> list[Answer]:
    return [Answer(work.source, "found", (work,), by) for work in works]  # type: ignore[arg-type]


def not_there(*sources: str, by: str = "title") -> list[Answer]:
    return [Answer(source, "not there", (), by) for source in sources]  # type: ignore[arg-type]


def test_a_right_reference_is_ok() -> None:
    assert decide(RIGHT, answers(KNOWN)).verdict == "OK"


def test_a_reference_that_is_an_identifier_alone_means_what_the_identifier_means() -> None:
    bare = Reference("1", identifiers={"doi": "10.1/x"})
    assert decide(bare, answers(KNOWN, by="identifier")).verdict == "OK"


def test_the_wrong_field_is_named_with_what_the_indexes_have() -> None:
    decision = decide(replace(RIGHT, year=2013), answers(KNOWN, replace(KNOWN, source="b")))
    assert decision.verdict == "WRONG FIELD"
    assert [(c.sentence, c.by) for c in decision.fields if c.is_wrong] == [("year 2013 → 2017", ("a", "b"))]


def test_a_field_that_one_index_confirms_is_right() -> None:
    assert decide(replace(RIGHT, year=2013), answers(KNOWN, replace(KNOWN, source="b", year=2013))).verdict == "OK"


def test_an_identifier_of_another_work_is_named_with_the_right_one() -> None:
    cited = replace(RIGHT, identifiers={"doi": "10.1/y"})
    stranger = Work("a", {"doi": "10.1/y"}, "On the Origin of Species", ("Charles Darwin",), 1859)
    decision = decide(cited, [*answers(stranger, by="identifier"), *answers(KNOWN)])
    assert decision.verdict == "OTHER WORK"
    assert decision.reason == "doi 10.1/y is 'On the Origin of Species'; this title is 10.1/x"


def test_a_nearly_right_title_by_others_under_the_right_identifier_is_wrong_in_both_fields() -> None:
    cited = replace(RIGHT, title="Attention Is All You Want", authors=("Lovelace, Ada",), identifiers={"doi": "10.1/x"})
    decision = decide(cited, [*answers(KNOWN, by="identifier"), *not_there("b")])
    assert decision.verdict == "WRONG FIELD"
    assert {c.name for c in decision.fields if c.is_wrong} == {"title", "authors"}


def test_the_identifier_of_a_comment_on_the_cited_paper_is_another_work() -> None:
    cited = replace(RIGHT, identifiers={"doi": "10.1/y"})
    comment = Work("a", {"doi": "10.1/y"}, "Comment on: Attention Is All You Need", ("Ada Lovelace",), 2018)
    decision = decide(cited, [*answers(comment, by="identifier"), *answers(KNOWN)])
    assert decision.verdict == "OTHER WORK"


@pytest.mark.parametrize(
    ("silent", "verdict"), [(("openalex", "crossref"), "OK"), (("arxiv", "crossref"), "WRONG FIELD")]
)
def test_a_preprint_number_is_wrong_only_where_its_registry_lacks_it(silent: tuple[str, ...], verdict: str) -> None:
    cited = replace(RIGHT, identifiers={"arxiv": "1706.03762"})
    assert decide(cited, [*not_there(*silent, by="identifier"), *answers(KNOWN)]).verdict == verdict


def test_an_index_with_a_wrong_title_accuses_nobody() -> None:
    cited = replace(RIGHT, identifiers={"doi": "10.1/x"})
    corrupted = replace(KNOWN, source="b", title="Pointer Networks")
    decision = decide(cited, [*answers(KNOWN, by="identifier"), *answers(corrupted, by="identifier")])
    assert decision.verdict == "INDEXES DISAGREE"


@pytest.mark.parametrize("kind", ["phdthesis", "mastersthesis", "inproceedings"])
def test_a_thesis_that_no_index_has_is_not_counted(kind: str) -> None:
    decision = decide(replace(RIGHT, kind=kind), not_there("a", "b"))
    assert decision.verdict == "NOT FOUND"
    assert POLICIES["neurips2026"](decision).weight == ("counts" if kind == "inproceedings" else "no matter")


def test_a_page_of_the_web_is_no_paper_and_a_misc_with_a_venue_is() -> None:
    page = Reference("tool", "misc", "A Tool", year=2021, identifiers={"url": "https://example.org"})
    assert decide(page, not_there("a", "b")).verdict == "NOT A PAPER"
    assert decide(replace(page, venue="Nature"), not_there("a", "b")).verdict == "NOT FOUND"


def test_nothing_is_not_found_on_one_index() -> None:
    assert decide(RIGHT, not_there("a")).verdict == "NOT ASKED"
    assert decide(RIGHT, not_there("a", "b")).verdict == "NOT FOUND"


@pytest.mark.parametrize("state", ["blocked", "refused", "budget spent", "unreachable", "not asked"])
def test_an_index_that_does_not_answer_says_nothing(state: str) -> None:
    silent = Answer("b", state)  # type: ignore[arg-type]
    assert decide(RIGHT, [*not_there("a"), silent]).verdict == "NOT ASKED"
    assert decide(RIGHT, [*not_there("a", "c"), silent]).verdict == "NOT FOUND"


@pytest.mark.parametrize(
    ("relation", "verdict"),
    [("retraction", "RETRACTED"), ("correction", "CORRECTED"), ("concern", "CONCERN"), ("withdrawal", "RETRACTED")],
)
def test_notices_have_three_words(relation: str, verdict: str) -> None:
    noticed = replace(KNOWN, notices=(Notice(relation, "2024-03-02", "data integrity"),))  # type: ignore[arg-type]
    decision = decide(RIGHT, answers(noticed))
    assert (decision.verdict, decision.reason) == (verdict, "2024-03-02, data integrity")


def test_a_preprint_that_was_published_since_has_a_newer_version() -> None:
    cited = replace(RIGHT, venue="arXiv preprint arXiv:1706.03762", identifiers={"arxiv": "1706.03762"})
    known = replace(
        KNOWN, identifiers={"arxiv": "1706.03762"}, venue="arXiv", published_as={"venue": "NeurIPS", "doi": "10.1/z"}
    )
    decision = decide(cited, answers(known, by="identifier"))
    assert decision.verdict == "OLDER VERSION"
    assert decision.newer == {"venue": "NeurIPS", "doi": "10.1/z"}


def test_software_that_no_index_holds_is_no_paper() -> None:
    assert decide(Reference("x", "software", "SomeTool"), not_there("a", "b")).verdict == "NOT A PAPER"


def test_the_order_of_answers_does_not_matter() -> None:
    given = [*answers(KNOWN, replace(KNOWN, source="b", year=2018)), *not_there("c")]
    assert decide(RIGHT, given) == decide(RIGHT, given[::-1])


@cache
def hallmark() -> tuple[list[dict], tuple[Index, Index]]:
    return lines("hallmark_dev.jsonl"), (
        Index("index_a", lines("index_a.jsonl")),
        Index("index_b", lines("index_b.jsonl")),
    )


def verdict(entry: dict, indexes: tuple[Index, Index]) -> str:
    reference = reference_of(entry)
    return decide(reference, [answer for index in indexes for answer in index.answers(reference)]).verdict


@needs_hallmark
def test_hallmark_wrong_entries_are_flagged_and_right_ones_are_not() -> None:
    entries, indexes = hallmark()
    flagged: dict[str, list[bool]] = defaultdict(list)
    for entry in entries:
        is_flagged = verdict(entry, indexes) not in ("OK", "INDEXES DISAGREE", "OLDER VERSION")
        flagged[entry.get("hallucination_type") or "valid"].append(is_flagged)
    shares = {kind: sum(flags) / len(flags) for kind, flags in flagged.items()}
    wrong = [flag for kind, flags in flagged.items() if kind != "valid" for flag in flags]
    assert shares.pop("valid") <= 0.005
    assert sum(wrong) / len(wrong) >= 0.965
    assert min(shares.values()) >= 0.75, shares


@needs_hallmark
def test_works_that_every_index_lacks_are_not_found_and_never_called_wrong() -> None:
    entries, _ = hallmark()
    valid = [entry for entry in entries if entry["label"] == "VALID"]
    withheld = {reference_of(entry).title for entry in valid[::5]}
    indexes = tuple(
        Index(n, [r for r in lines(f"{n}.jsonl") if r["title"].lower() not in {t.lower() for t in withheld}])
        for n in ("index_a", "index_b")
    )
    verdicts = Counter(verdict(entry, indexes) for entry in valid[::5])  # type: ignore[arg-type]
    assert set(verdicts) == {"NOT FOUND"}, verdicts


@needs_hallmark
def test_a_wrong_title_in_one_index_is_a_disagreement() -> None:
    _, indexes = hallmark()
    dois = set(json.loads((HALLMARK / "wrong_titles.json").read_text()))
    records = [entry for entry in lines("hallmark_records.jsonl") if entry["fields"].get("doi") in dois]
    verdicts = Counter(verdict(entry, indexes) for entry in records)
    assert verdicts == {"INDEXES DISAGREE": 30}
