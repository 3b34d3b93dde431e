"""Examples of the stages: pairs of evidence and claim, with their stance."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidense.auditing.passages import SourceText
from evidense.checking.library import LibraryWork, WorkLibrary
from evidense.values import EvidencePair, Work
from judge.pairs import Pairs, pair_of, pairs_of

SUPPORTS, REFUTES, NEITHER = range(3)
N_CONTRAST = 60
"""Swapped pairs of a kind, and as many untouched ones."""
OF_SWAP = {"number": REFUTES, "direction": REFUTES, "negation": REFUTES, "entity": NEITHER, "dataset": NEITHER}
"""What is swapped → the stance: another number, direction or denial contradicts; another name speaks of something else."""
_ASKS = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|has|have|should|will|may|might)\s+(?:there\s+)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Examples:
    """What a stage learns from."""

    pairs: list[EvidencePair]
    stances: np.ndarray

    @classmethod
    def of(cls, rows: list[tuple[str, str, int]]) -> "Examples":
        """Return examples of (evidence, claim, stance)."""
        return cls([EvidencePair(evidence, claim) for evidence, claim, _ in rows], np.array([row[2] for row in rows]))


def directions(data: Path, seed: int) -> Examples:
    """Return Evidence Inference's directions and contrast pairs of our own.

    No contrast pair is made of an abstract that a development claim cites.
    """
    stated = json.loads((data / "evidence_inference" / "evidence_inference_pairs.json").read_text("utf-8"))
    return Examples.of([*map(tuple, stated), *contrast(data, seed)])


def contrast(data: Path, seed: int) -> Iterator[tuple[str, str, int]]:
    """Yield pairs with one thing swapped, both ways round, and untouched ones."""
    from checking.contrast import KINDS, swapped, untouched

    kept_back = sentences_of_dev(data / "scifact")
    for kind in KINDS:
        for pair in swapped(kind, data, N_CONTRAST, seed=seed, without=kept_back):
            yield pair.evidence, pair.claim, OF_SWAP[kind]
        for pair in untouched(kind, data, N_CONTRAST, seed=seed, without=kept_back):
            yield pair.evidence, pair.claim, SUPPORTS


def sentences_of_dev(scifact: Path) -> frozenset[str]:
    """Return the sentences of the abstracts that development claims cite."""
    claims = [json.loads(line) for line in (scifact / "claims_dev.jsonl").read_text("utf-8").splitlines()]
    cited = {str(key) for claim in claims for key in claim["cited_doc_ids"]}
    rows = [json.loads(line) for line in (scifact / "corpus.jsonl").read_text("utf-8").splitlines()]
    return frozenset(s.strip() for row in rows if str(row["doc_id"]) in cited for s in row["abstract"])


def questions(data: Path, seed: int) -> Examples:
    """Return PubMedQA's questions as statements, beside the sentences of their abstract that a check would pick.

    "yes" supports and "no" refutes, where the question asks whether one thing is so (an auxiliary first, no "or"). The auxiliary and the
    question mark are left out. "maybe" is left out: it is a condition or a mixed result, not silence. "neither" is a third as many of the
    same statements beside the study that BM25 finds nearest to them but is another.
    """
    table = json.loads((data / "pubmedqa_labelled.json").read_text("utf-8"))
    asked = [(key, row, told) for key, row in table.items() if (told := statement_of(row["QUESTION"]))]
    asked = [(key, row, told) for key, row, told in asked if row["final_decision"] in ("yes", "no")]
    works = {key: abstract(key, row) for key, row in table.items()}
    rows = [
        (pair_of(told, works[key]).evidence, told, SUPPORTS if row["final_decision"] == "yes" else REFUTES)
        for key, row, told in asked
    ]
    library = WorkLibrary(tuple(works.values()))
    for key, _, told in random.Random(seed).sample(asked, len(asked) // 3):
        nearest = next(found.work for found in library.ranked(told, 5) if found.work.key != key)
        rows.append((pair_of(told, nearest).evidence, told, NEITHER))
    return Examples.of(rows)


def statement_of(question: str) -> str | None:
    """Return a question as a statement; None where it does not ask whether one thing is so.

    >>> statement_of("Do mitochondria play a role?"), statement_of("Amblyopia: is visual loss permanent?")
    ('Mitochondria play a role.', None)
    """
    asks = _ASKS.match(question)
    if not asks or re.search(r"\bor\b|:", question) or question.count("?") != 1:
        return None
    said = question[asks.end() :].rstrip(" ?")
    return f"{said[:1].upper()}{said[1:]}."


def abstract(key: str, row: dict) -> LibraryWork:
    """Return the abstract of a question: what it found, and what it concluded from it."""
    text = " ".join([*row["CONTEXTS"], row["LONG_ANSWER"]])
    return LibraryWork(key, Work("corpus", abstract=text), SourceText.of_abstract(key, text))


def scifact(data: Path) -> Pairs:
    """Return SciFact's training pairs, as a check makes them."""
    return pairs_of(data / "scifact", "train")
