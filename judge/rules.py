"""Count how often the verdicts of rules are right on the three sets that they were measured on; writes rule_outcomes.json.

`PYTHONPATH=tests python -m judge.rules DATA`, where DATA holds `scifact/`, `jats/` and `scitab.json`. Minutes on one core. Only counts are written.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from evidense.auditing.passages import SourceText
from evidense.checking.aggregate import WorkCheck
from evidense.checking.library import LibraryWork
from evidense.checking.near import NearVerdict, near_verdict
from evidense.checking.rule_outcomes import SHIPPED, RuleOutcomes, RulesOn, outcomes_json
from evidense.checking.ruled import ruled
from evidense.study.check.corpus import read_corpus
from evidense.values import CheckWord, Work
from judge.__main__ import write

WORDS: tuple[CheckWord, ...] = ("SUPPORTED", "REFUTED", "QUALIFIED", "SCOPE DIFFERS")
SEEDS, N = (0, 1), 200
RIGHT = {"number": "REFUTED", "direction": "REFUTED", "negation": "REFUTED", "entity": "SCOPE DIFFERS", "dataset": "SCOPE DIFFERS"}  # fmt: skip
"""What is swapped → the only word that counts as right."""
LABELS = {"SUPPORT": ("SUPPORTED", "QUALIFIED"), "REFUTE": ("REFUTED",), "": ()}
HAND = Path(__file__).parents[1] / "tests" / "checking" / "qualified.jsonl"
Said = Iterator[tuple[CheckWord, bool]]


def main(folder: Path) -> None:
    """Write what every word of the rules rests on."""
    from checking.cell_pairs import outcomes

    sets = {
        "contrast pairs (sentences of papers with one thing swapped, and untouched)": contrast(folder),
        "statements written by hand": by_hand(),
        "SciFact's claims beside the abstracts that they cite": scifact(folder / "scifact"),
    }
    counted = {data: Counter(said) for data, said in sets.items()}
    on_tables = {
        "statements about cells of real tables (as they are, and with one thing swapped)": Counter(outcomes(folder))
    }
    print("SciFact, no copies: would be refuted {}, wrongly {}".format(*below_copies(folder / "scifact")))
    write(SHIPPED, outcomes_json([*_counted(counted, "sentence"), *_counted(on_tables, "cell")]))


def _counted(counted: Mapping[str, Counter[tuple[CheckWord, bool]]], on: RulesOn) -> Iterator[RuleOutcomes]:
    for word in WORDS:
        for data, n in counted.items():
            if n[word, True] + n[word, False]:
                yield RuleOutcomes(word, data, n[word, True] + n[word, False], n[word, False], on)


def contrast(folder: Path) -> Said:
    """Yield the words on contrast pairs, and whether each is right."""
    from checking.contrast import KINDS, swapped, untouched

    for kind in KINDS:
        for seed in SEEDS:
            for pair in swapped(kind, folder, N, seed=seed):
                word = word_of(pair.claim, pair.evidence)
                yield word, word == RIGHT[kind]
            for pair in untouched(kind, folder, N, seed=seed):
                word = word_of(pair.claim, pair.evidence)
                yield word, word == "SUPPORTED"


def by_hand() -> Said:
    """Yield the words on statements that dropped a condition, or nothing."""
    for line in HAND.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        word = word_of(row["statement"], row["passage"])
        yield word, word == ("QUALIFIED" if row["dropped"] else "SUPPORTED")


def scifact(folder: Path) -> Said:
    """Yield the words on both folds; a claim that its abstract supports under a condition may be called either way."""
    for label, found, _ in scifact_pairs(folder):
        word: CheckWord = found.word if found else "NOT CHECKED"
        yield word, word in LABELS[label]


def below_copies(folder: Path) -> tuple[int, int]:
    """Count what rules would have refuted of SciFact's pairs had copies not been asked for, and how many of those wrongly."""
    labels = [
        label
        for label, found, near in scifact_pairs(folder)
        if near and near.word == "REFUTED" and found and found.word == "NOT SURE" and not reported(found)
    ]
    return len(labels), sum(label != "REFUTE" for label in labels)


def reported(found: WorkCheck) -> bool:
    """Say whether a sentence only reports others, which refutes nothing however alike it is."""
    return any(reason.startswith("the passage reports") for reason in found.reasons)


def scifact_pairs(folder: Path) -> Iterator[tuple[str, WorkCheck | None, NearVerdict | None]]:
    """Yield the label of each pair of both folds, what rules come to, and what they say of the sentence that is nearest."""
    works = {work.key: work for work in read_corpus(folder / "corpus.jsonl")}
    for fold in ("train", "dev"):
        for line in (folder / f"claims_{fold}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for key in map(str, row["cited_doc_ids"]):
                label = row["evidence"][key][0]["label"] if key in row["evidence"] else ""
                found = ruled(row["claim"], works[key])
                yield label, found, near_verdict(row["claim"], found.evidence[0].passage.span.quote) if found else None


def word_of(statement: str, passage: str) -> CheckWord:
    """Return what rules say of a statement beside one passage."""
    found = ruled(statement, LibraryWork("a", Work("made"), SourceText.of_abstract("a", passage)))
    return found.word if found else "NOT CHECKED"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
