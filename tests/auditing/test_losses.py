"""Losses: planted changes are named by the right rule, copies and light paraphrases are not accused."""

import csv
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from plants import disguises, plants

from evidense.auditing.alignment import align
from evidense.auditing.losses import Loss, losses

HERE = Path(__file__).parent
OWN = [row[1] for row in csv.reader((HERE / "kinds.tsv").open(), delimiter="\t") if row[1].endswith(".")]
PARAPHRASES = list(csv.reader((HERE / "paraphrases.tsv").open(), delimiter="\t"))


def _scifact(folder: Path, n: int = 400) -> list[str]:
    rows = [json.loads(line) for line in (folder / "scifact" / "corpus.jsonl").open()]
    random.Random(7).shuffle(rows)
    texts = [s.strip() for row in rows[: n // 2] for s in row["abstract"]]
    return [s for s in texts if s.endswith(".") and 60 < len(s) < 400][:n]


def _named(statement: str, passage: str) -> list[str]:
    return [loss.rule for loss in losses(align(statement, passage))]


def _shares(sentences: list[str]) -> dict[str, float]:
    planted: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for rule, copy, source in plants(sentences):
        planted[rule] += 1
        named[rule] += rule in _named(copy, source)
    return {rule: named[rule] / planted[rule] for rule in planted}


def test_planted_swaps_in_our_sentences_are_named_by_the_right_rule() -> None:
    shares = _shares(OWN)
    assert set(shares) == {"aim", "hedge", "negation", "number", "condition", "cut"}
    assert min(shares.values()) >= 0.95, shares


def test_planted_swaps_in_abstracts_are_named_by_the_right_rule(shared_data: Path) -> None:
    shares = _shares(_scifact(shared_data))
    assert min(shares.values()) >= 0.95, shares


@pytest.mark.parametrize("what", ["own", "scifact"])
def test_copies_that_only_look_different_are_not_accused(what: str, request: pytest.FixtureRequest) -> None:
    sentences = OWN if what == "own" else _scifact(request.getfixturevalue("shared_data"))
    cases = [case for i, sentence in enumerate(sentences) for case in disguises(sentence, i)]
    accused = [(kind, copy) for kind, copy, source in cases if _named(copy, source)]
    changed = [(kind, copy) for kind, copy, source in cases if align(copy, source).kind != "VERBATIM"]
    assert len(accused) <= 0.002 * len(cases), accused[:5]
    assert len(changed) <= 0.01 * len(cases), changed[:5]


@pytest.mark.parametrize(("source", "statement"), PARAPHRASES)
def test_a_light_paraphrase_has_not_lost_a_negation_a_number_or_an_aim(source: str, statement: str) -> None:
    for one, other in ((source, statement), (statement, source)):
        assert not {"negation", "number", "aim", "weaker"} & set(_named(one, other)), (one, other)


@pytest.mark.parametrize(
    ("statement", "passage", "rule", "words"),
    [
        ("Models gain little.", "We ask whether models gain little.", "aim", "We ask whether"),
        ("The drug reduces pain.", "The drug does not reduce pain.", "negation", "does not reduce"),
        ("The drug does not reduce pain.", "The drug reduces pain.", "negation", "does not reduce"),
        ("The tool is safe for children.", "The tool is unsafe for children.", "negation", "unsafe"),
        ("It gains 4.2 points.", "It gains 3.2 points.", "number", "3.2"),
        ("The gain was large (P > 0.05).", "The gain was large (P < 0.05).", "number", "<"),
        ("Model p53 binds to the site.", "Model p63 binds to the site.", "number", "p63"),
        ("Sleep improves recall.", "Sleep may improve recall.", "hedge", "may improve"),
        ("Cells grow in mice and in rats.", "Cells grow in vitro in mice and in rats.", "condition", "in vitro"),
        ("Cells grow in the dark.", "Cells grow in the dark, but only when fed.", "condition", "but only when fed"),
        ("The states contain structure.", "The states contain structured and meaningful knowledge.", "weaker", "structured and meaningful knowledge"),
        ("The encoder reads the whole of the quer", "The encoder reads the whole of the query before it stops.", "cut", "before it stops"),
        ("The encoder reads the counterpar", "The encoder reads the counterparts.", "cut", "ts"),
        ("The mean was 0.", "The mean was 0.31 in both groups.", "cut", "in both groups"),
    ],
)  # fmt: skip
def test_the_rule_quotes_the_words(statement: str, passage: str, rule: str, words: str) -> None:
    found = losses(align(statement, passage))
    assert (rule, words) in [(loss.rule, loss.words) for loss in found], found


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        (
            "The network is based on attention.",
            "We propose a new simple network architecture, the network is based on attention.",
        ),
        (
            "BM25 is a robust baseline.",
            "BM25 is a robust baseline and re-ranking and late-interaction models on average achieve the best performance.",
        ),
        ("Pruning helps recall.", "Pruning helps recall and quantised vectors may, however, lower it at high costs."),
    ],
)
def test_what_stands_beside_a_statement_is_no_hedge_and_no_condition(statement: str, passage: str) -> None:
    assert not {"hedge", "condition"} & set(_named(statement, passage))


@pytest.mark.parametrize(
    "clause", ["and only when it is frozen", "and on average if training is long", "but only in mice"]
)
def test_a_clause_without_a_subject_of_its_own_is_a_condition(clause: str) -> None:
    assert "condition" in _named("Pruning helps recall.", f"Pruning helps recall {clause}.")


def test_a_number_is_shown_with_what_stands_in_its_place_or_as_dropped() -> None:
    passage = "It outperforms BM25 largely by 9%-19% absolute in terms of top-20 accuracy."
    said = losses(align("It outperforms BM25 by 19% in top-20 accuracy.", passage))[0]
    assert (said.rule, said.words, said.instead) == ("number", "largely by 9%", "")
    said = losses(align("It outperforms BM25 by 29% in top-20 accuracy.", passage))[0]
    assert (said.rule, said.instead) == ("number", "by 29% in")


def test_a_purpose_that_goes_on_to_an_answer_is_no_aim() -> None:
    assert _named("Models gain little.", "We tested the models and found that models gain little.") == []


def test_a_statement_that_is_not_located_has_no_losses() -> None:
    assert losses(align("Trees grow.", "We do not measure retrieval at all.")) == ()


def test_the_worst_loss_stands_first() -> None:
    found = losses(align("Doses of 5 mg reduce pain.", "We ask whether doses of 50 mg may not reduce pain."))
    assert [loss.rule for loss in found][:2] == ["aim", "negation"]
    assert isinstance(found[0], Loss)
