"""Print the tables of docs/rules-of-checking.md: how often each rule fires on contrast pairs, and on statements in other words.

`PYTHONPATH=tests python -m judge.tables DATA`, where DATA holds `scifact/`, `citint/`, `jats/` and `scitab.json`. Minutes on one core.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from evidense.checking.features import closest
from evidense.checking.near import near_verdict
from evidense.checking.rules import mismatches
from evidense.study.check.corpus import read_corpus, read_labelled
from judge.rules import SEEDS, N

RULES = ("negation", "direction", "number", "entity", "population", "condition")
STANCES = ("supports", "refutes", "neither")
Pair = tuple[str, str, str]
"""Statement, passage, stance."""


def main(folder: Path) -> None:
    """Print both tables, and what near verdicts say of SciFact's pairs."""
    from checking.contrast import KINDS, swapped, untouched

    for kind in KINDS:
        changed = [pair for seed in SEEDS for pair in swapped(kind, folder, N, seed=seed)]
        same = [pair for seed in SEEDS for pair in untouched(kind, folder, N, seed=seed)]
        flagged = [sum(bool(mismatches(pair.claim, pair.evidence)) for pair in pairs) for pairs in (changed, same)]
        print(f"| {kind} | {flagged[0]} of {len(changed)} | {flagged[1]} of {len(same)} |")
    for name in ("scifact", "citint"):
        pairs = list(gold(folder / name))
        n = Counter(stance for _, _, stance in pairs)
        print(name, dict(n))
        fired = Counter((m, stance) for claim, text, stance in pairs for m in {x.rule for x in mismatches(claim, text)})
        for rule in RULES:
            print(f"| {rule} | {' / '.join(f'{fired[rule, stance] / n[stance]:.3f}' for stance in STANCES)} |")
        said = Counter((v.word, stance) for claim, text, stance in pairs if (v := near_verdict(claim, text)))
        print("near verdicts", dict(said))


def gold(folder: Path) -> Iterator[Pair]:
    """Yield the claims of the development fold beside each set of sentences that decides them, or beside the closest sentence of a work that does not."""
    works = {work.key: work for work in read_corpus(folder / "corpus.jsonl")}
    path = folder / "claims_dev.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for claim, line in zip(read_labelled(path), lines, strict=True):
        for key in map(str, line["cited_doc_ids"]):
            text = works[key].text
            sentences = [text.text[part.start : part.end] for part in text.parts]
            for evidence in line["evidence"].get(key, []):
                yield claim.text, " ".join(sentences[i] for i in evidence["sentences"]), claim.stance_of[key]
            if key not in line["evidence"]:
                yield claim.text, sentences[closest(claim.text, sentences)[0]], "neither"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
