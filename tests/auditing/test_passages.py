"""Passages: each statement beside the sentence of its sources that it came from, and nothing beside what came from elsewhere."""

import csv
import json
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plants import plants

from evidense.auditing.passages import Part, Passages, SourceText, claims_of, trace, windows
from evidense.texts.squeezed import Squeezed
from evidense.values import Block, Citation, ReadDocument, Span

YAO = SourceText.of_abstract(
    "yao",
    "We study dense encoders. We ask whether tuned encoders keep what they knew. Probes do not agree with [3] on this. "
    "Accuracy fell by 4.2 points, but only for decoders.",
)
MA = SourceText.of_abstract(
    "ma", "Contrastive spans train a strong encoder. The bypass effect of weak decoders is avoided."
)


def _document(text: str, **of: object) -> ReadDocument:
    return ReadDocument("plain", text, blocks=(Block("paragraph", Span(0, len(text), text)),), **of)  # type: ignore[arg-type]


def _statement(text: str, **of: object):  # type: ignore[no-untyped-def]
    return Passages([YAO, MA]).statement(Span(0, len(text), text), **of)  # type: ignore[arg-type]


def test_a_question_told_as_a_finding_is_shown_beside_its_source() -> None:
    found = _statement("Tuned encoders keep what they knew.")
    assert found.quote is not None
    assert (found.source, found.quote.section, found.quote.sentence) == ("yao", "abstract", 2)
    assert found.quote.span.quote == "We ask whether tuned encoders keep what they knew."
    assert (found.kind, found.alignment.kind, [loss.rule for loss in found.losses]) == ("finding", "NEAR", ["aim"])


def test_negation_decides_between_two_passages() -> None:
    source = SourceText.of_abstract("a", "Pruning helps small models. Pruning does not help small models.")
    for text, number in (("Pruning does not help small models.", 2), ("Pruning helps small models.", 1)):
        found = Passages([source]).statement(Span(0, len(text), text))
        assert found.quote is not None
        assert (found.quote.sentence, found.alignment.kind) == (number, "VERBATIM")


def test_two_sentences_are_found_together() -> None:
    found = _statement("Contrastive spans train a strong encoder. The bypass effect of weak decoders is avoided.")
    assert found.alignment.kind == "VERBATIM"
    assert found.quote is not None
    assert found.quote.span.quote == MA.text


def test_what_no_source_says_is_not_located_and_has_no_quote() -> None:
    found = _statement("Tomatoes ripen faster beside a warm wall.")
    assert (found.alignment.kind, found.quote, found.losses) == ("NOT LOCATED", None, ())


def test_a_source_without_a_text_is_said() -> None:
    found = _statement("Tuned encoders keep what they knew.", cites=("lee",), among=("lee",))
    assert (found.alignment.kind, found.source, found.cites) == ("NO TEXT", "lee", ("lee",))
    assert Passages([]).statement(Span(0, 2, "No")).alignment.kind == "NO TEXT"


def test_a_citing_sentence_is_looked_for_in_what_it_cites_alone() -> None:
    text = "Tuned encoders keep what they knew [2]. Weak decoders are avoided [7]."
    cites = (Citation(Span(0, 39, text[:39]), ("2",)), Citation(Span(40, 70, text[40:]), ("7",)))
    first, second = trace(_document(text, citations=cites), {"1": YAO, "2": MA})
    assert (first.alignment.kind, first.source) == ("NOT LOCATED", "2")
    assert (second.alignment.kind, second.source) == ("NO TEXT", "7")


def test_claims_of_a_report_are_its_items_or_else_its_sentences() -> None:
    text = "This first sentence has six words. Too short.\n\nClaims\n\nThe claim stands."
    item = Block("item", Span(56, len(text), text[56:]), "5 Claims")
    paragraph = Block("paragraph", Span(0, 45, text[:45]))
    assert [s.quote for s in claims_of(ReadDocument("plain", text, blocks=(paragraph,)))] == [
        "This first sentence has six words."
    ]
    assert [s.quote for s in claims_of(ReadDocument("plain", text, blocks=(paragraph, item)))] == [text[56:]]


def test_an_encoder_finds_what_shares_no_word() -> None:
    def embed(texts: object, side: str) -> np.ndarray:
        return np.array(
            [[1.0, 0.0] if "bypass" in t or "Zirkumvention" in t else [0.0, 1.0] for t in texts], np.float32
        )  # type: ignore[attr-defined]

    text = "Zirkumvention: the bypass effect of weak decoders is gone."
    found = Passages([YAO, MA], embed).statement(Span(0, len(text), text))
    assert found.source == "ma"


@given(
    st.lists(
        st.sampled_from(["We ask.", "It is 0.5.", "See Fig. 2.", "ﬁne-\ntuned", "Why?", "\n\n", "(Lee, 2020)"]),
        max_size=12,
    ).map(" ".join)
)
@settings(max_examples=80, deadline=None)
def test_every_window_quotes_its_source(text: str) -> None:
    source = SourceText("a", text, (Part("one", 0, len(text) // 2), Part("two", len(text) // 2, len(text))))
    assert all(text[w.span.start : w.span.end] == w.span.quote for w in windows(source))


@given(st.text(max_size=60), st.text(max_size=12))
def test_a_squeezed_copy_is_found_at_its_place(text: str, quote: str) -> None:
    if place := Squeezed(text).find(quote, 1):
        start, end = place
        assert 0 <= start < end <= len(text)


def test_planted_copies_are_found_in_their_abstract_and_named(shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "scifact" / "corpus.jsonl").open()]
    random.Random(3).shuffle(rows)
    sources = [SourceText.of_abstract(str(r["doc_id"]), " ".join(r["abstract"])) for r in rows[:40]]
    passages = Passages(sources)
    cases, right, named = 0, 0, 0
    for row in rows[:40:4]:
        kept = [s.strip() for s in row["abstract"] if s.strip().endswith(".") and 60 < len(s) < 400][:4]
        for rule, copy, source in plants(kept):
            if source in kept:
                found = passages.statement(Span(0, len(copy), copy))
                cases += 1
                right += found.source == str(row["doc_id"])
                named += rule in [loss.rule for loss in found.losses]
    assert cases > 30
    assert right / cases >= 0.98
    assert named / cases >= 0.95


def test_claims_that_experts_wrote_from_an_abstract_are_seldom_accused(shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "scifact" / "corpus.jsonl").open()]
    abstracts = {str(row["doc_id"]): " ".join(row["abstract"]) for row in rows}
    claims = [json.loads(line) for line in (shared_data / "scifact" / "claims_dev.jsonl").open()]
    supported = [
        (c["claim"], name) for c in claims for name, given in c["evidence"].items() if given[0]["label"] == "SUPPORT"
    ]
    accused = []
    for claim, name in supported[::2]:
        found = Passages([SourceText.of_abstract(name, abstracts[name])]).statement(Span(0, len(claim), claim))
        if {"negation", "number", "aim"} & {loss.rule for loss in found.losses}:
            accused.append((claim, found.losses))
    assert len(supported) > 100
    assert len(accused) / len(supported[::2]) <= 0.06, accused


def test_annotated_evidence_is_located_in_articles(shared_data: Path) -> None:
    jats = pytest.importorskip("evidense.readers.jats")
    files = {path.stem.removeprefix("PMC"): path for path in (shared_data / "jats").glob("*.nxml")}
    evidence: dict[str, set[str]] = defaultdict(set)
    with (shared_data / "evidence_inference" / "evidence_inference_annotations.csv").open() as table:
        for row in csv.DictReader(table):
            if row["PMCID"] in files and row["Annotations"].strip():
                evidence[row["PMCID"]].add(row["Annotations"])
    foreign = sorted(evidence)[::2]
    kinds, of_others = [], []
    for number, (name, quotes) in enumerate((name, evidence[name]) for name in foreign):
        document = jats.PART.read(files[name])
        passages = Passages([SourceText.of_document(name, document)])
        found = [passages.statement(Span(0, len(quote), quote)) for quote in sorted(quotes)]
        assert all(document.text[s.quote.span.start : s.quote.span.end] == s.quote.span.quote for s in found if s.quote)
        kinds += [s.alignment.kind for s in found]
        other = sorted(evidence[foreign[number - 1]])
        of_others += [passages.statement(Span(0, len(quote), quote)).alignment.kind for quote in other]
    assert sum(kind in ("VERBATIM", "NEAR") for kind in kinds) / len(kinds) >= 0.95
    assert of_others.count("NOT LOCATED") / len(of_others) >= 0.95, of_others
