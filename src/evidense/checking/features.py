"""Features: 28 numbers that say how the words of a passage stand to those of a statement. No model, no embedding."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from evidense.auditing.markers import is_hedge, n_negations, numbers
from evidense.checking.lexicon.polarity import CONCLUDES, DOWN, NULL, PAIRS_OF_STEMS, UP
from evidense.checking.rarity import Rarity, shipped_rarity
from evidense.texts.sentences import sentences
from evidense.texts.stems import stems
from evidense.values import EvidencePair

VERSION = 1
"""Rises with every change that changes a feature: weights that were fitted before are then refused."""
FEATURES = (
    "overlap", "rare_overlap", "best_rare_overlap", "second_rare_overlap", "title_rare_overlap", "mean_rare_overlap", "pair_overlap",
    "ordered_overlap", "letters_overlap", "rarest_missing", "n_missing", "names_shared", "claim_has_number", "numbers_shared",
    "claim_denies", "best_denies", "denies_differ", "claim_up", "claim_down", "same_direction", "opposite_direction",
    "opposites_named", "null_in_best", "claim_null", "claim_hedges", "best_hedges", "claim_length", "best_place", "best_concludes",
    "differ_and_overlap", "opposite_and_overlap", "null_and_direction",
)  # fmt: skip
"""Names, in the order of the columns."""


def features(pair: EvidencePair, rarity: Rarity | None = None) -> tuple[float, ...]:
    """Return the features of a pair, in the order of `FEATURES`; all of them are finite."""
    measured = _MeasuredPair(pair, rarity or shipped_rarity())
    return (*measured.overlaps(), *measured.words_lost(), *measured.polarity())


def closest(claim: str, candidates: Sequence[str], rarity: Rarity | None = None) -> list[int]:
    """Return the places of all candidates, those first that share most of the claim's words, weighed by rarity; of equal ones the first."""
    weights = rarity or shipped_rarity()
    wanted = set(stems(claim))
    shared = [weights.total(wanted & set(stems(text))) for text in candidates]
    return sorted(range(len(candidates)), key=lambda i: (-shared[i], i))


@dataclass(frozen=True)
class _MeasuredPair:
    pair: EvidencePair
    rarity: Rarity

    @cached_property
    def parts(self) -> list[str]:
        """Return the sentences of the evidence; its first one is the title where there is one."""
        return [span.quote for span in sentences(self.pair.evidence)] or [""]

    @cached_property
    def claim(self) -> list[str]:
        return stems(self.pair.claim)

    @cached_property
    def part_stems(self) -> list[list[str]]:
        return [stems(part) for part in self.parts]

    @cached_property
    def shares(self) -> list[float]:
        """Return the share of the claim's words, weighed by rarity, that each sentence has."""
        wanted = set(self.claim)
        whole = self.rarity.total(wanted) or 1.0
        return [self.rarity.total(wanted & set(part)) / whole for part in self.part_stems]

    @cached_property
    def best(self) -> int:
        return max(range(len(self.parts)), key=lambda i: (self.shares[i], -i))

    @cached_property
    def everything(self) -> set[str]:
        return {stem for part in self.part_stems for stem in part}

    def overlaps(self) -> tuple[float, ...]:
        wanted, best = set(self.claim), self.part_stems[self.best]
        whole = self.rarity.total(wanted) or 1.0
        ranked = sorted(self.shares, reverse=True)
        return (
            _share(wanted, self.everything), self.rarity.total(wanted & self.everything) / whole, ranked[0],
            ranked[1] if len(ranked) > 1 else 0.0, self.shares[0], sum(ranked) / len(ranked),
            _share(_neighbours(self.claim), _neighbours(best)), _in_order(self.claim, best) / (len(self.claim) or 1),
            _share(_letters(self.pair.claim), _letters(self.parts[self.best])),
        )  # fmt: skip

    def words_lost(self) -> tuple[float, ...]:
        missing = set(self.claim) - self.everything
        claim_numbers, known = set(numbers(self.pair.claim)), set(numbers(self.pair.evidence))
        names = set(re.findall(r"\b(?:\w*[A-Z]\w*[A-Z0-9]\w*|[A-Z]{2,}|\w+\d\w*)\b", self.pair.claim))
        evidence = self.pair.evidence.lower()
        return (
            max((self.rarity.of(stem) for stem in missing), default=0.0), min(len(missing), 10) / 10,
            sum(name.lower() in evidence for name in names) / len(names) if names else 1.0,
            float(bool(claim_numbers)), _share(claim_numbers, known) if claim_numbers else 1.0,
        )  # fmt: skip

    def polarity(self) -> tuple[float, ...]:
        claim, best = self.pair.claim, self.parts[self.best]
        up, down, best_up, best_down = (bool(p.search(t)) for t in (claim, best) for p in (UP, DOWN))
        denies, best_denies = n_negations(claim) % 2, min(n_negations(best), 2)
        same = float((up and best_up) or (down and best_down))
        opposite = float(
            (up and not down and best_down and not best_up) or (down and not up and best_up and not best_down)
        )
        differ = float(denies != best_denies % 2)
        null = float(bool(NULL.search(best)))
        share = self.shares[self.best]
        named = _opposites(set(self.claim), set(self.part_stems[self.best]))
        return (
            float(denies), best_denies / 2, differ, float(up), float(down), same, opposite, named, null, float(bool(NULL.search(claim))),
            float(is_hedge(claim)), float(is_hedge(best)), min(len(self.claim), 40) / 40, self.best / len(self.parts),
            float(bool(CONCLUDES.search(best))), differ * share, (opposite or named) * share, null * float(up or down),
        )  # fmt: skip


def _share(wanted: set, known: set) -> float:
    return len(wanted & known) / len(wanted) if wanted else 0.0


def _neighbours(words: Sequence[str]) -> set[tuple[str, str]]:
    return set(pairwise(words))


def _letters(text: str) -> set[str]:
    squeezed = " ".join(text.lower().split())
    return {squeezed[i : i + 4] for i in range(len(squeezed) - 3)}


def _in_order(claim: Sequence[str], passage: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    lengths = [0] * (len(passage) + 1)
    for word in claim:
        before = 0
        for place, other in enumerate(passage, 1):
            before, lengths[place] = (
                lengths[place],
                before + 1 if word == other else max(lengths[place], lengths[place - 1]),
            )
    return lengths[-1]


def _opposites(claim: set[str], passage: set[str]) -> float:
    """Say whether the claim has a word of one side of a pair and the passage only words of the other."""
    for one, other in PAIRS_OF_STEMS:
        for left, right in ((one, other), (other, one)):
            if claim & left and passage & right and not (passage & left) and not (claim & right):
                return 1.0
    return 0.0
