"""Blocks: the few pairs of records that can be of one work, found without looking at the others.

Records that share an identifier or a title stand in one block. Of titles that are nearly alike, one of the rarest words is shared
(prefix filter: Chaudhuri et al., ICDE 2006), and so is a word of the first author's name.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from evidense.auditing.duplicates.cards import Card
from evidense.auditing.duplicates.pairs import ALIKE

BESIDE = 64
"""In a block of more records, each is compared with this many that follow it in order: a block takes no more time for being full."""
_LEAST = ALIKE / (2 - ALIKE)
"""Share of a title's words that any title shares which is nearly alike to it."""


def pairs_of(cards: Sequence[Card]) -> set[tuple[int, int]]:
    """Return the pairs of places that are worth comparing; of ordered cards, so that full blocks are cut alike."""
    blocks: dict[object, list[int]] = defaultdict(list)
    for place, card in enumerate(cards):
        for name in _names(card):
            blocks[name].append(place)
    for place, signature in _signatures(cards):
        blocks[signature].append(place)
    return {pair for block in blocks.values() if len(block) > 1 for pair in _within(block)}


def _names(card: Card) -> set[object]:
    """Return what a record shares with another of its work: identifiers, titles."""
    return {*card.identifiers, *card.published_as, *(title for title in (card.key, card.main) if title)}


def _signatures(cards: Sequence[Card]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield for each place a rare word of the title with a word of the first author's name."""
    n_titles = Counter(word for bag in {card.bag for card in cards} for word in bag)
    for place, card in enumerate(cards):
        if not card.first_words:
            continue
        n_rare = len(card.bag) - math.ceil(_LEAST * len(card.bag) - 1e-9) + 1
        for _, word in sorted([(n_titles[word], word) for word in card.bag])[:n_rare]:
            for name in card.first_words:
                yield place, (word, name)


def _within(block: Sequence[int]) -> Iterator[tuple[int, int]]:
    for i, place in enumerate(block):
        for other in block[i + 1 : i + 1 + BESIDE]:
            yield place, other
