"""Blocks: the few pairs of records that can be of one work, found without looking at the others.

Records that share an identifier or a title stand in one block. Of titles that are nearly alike, one of the rarest words is shared
(prefix filter: Chaudhuri et al., ICDE 2006), and so is a word of the first author's name.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from evidense.auditing.duplicates.cards import Card
from evidense.auditing.duplicates.pairs import ALIKE

BESIDE = 64
"""In a block of more records, each is compared with this many that follow it in order: a block takes no more time for being full."""
_LEAST = ALIKE / (2 - ALIKE)
"""Share of a title's words that any title shares which is nearly alike to it."""


def pairs_of(cards: Sequence[Card]) -> set[tuple[int, int]]:
    """Return the pairs of places that are worth comparing; of ordered cards, so that full blocks are cut alike."""
    first: dict[str, int] = {}
    blocks: dict[str, list[int]] = {}
    for place, name in chain(_names(cards), _signatures(cards)):
        if first.setdefault(name, place) != place:
            blocks.setdefault(name, [first[name]]).append(place)
    return {pair for block in blocks.values() for pair in _within(block)}


def _names(cards: Sequence[Card]) -> Iterator[tuple[int, str]]:
    """Yield for each place what its record shares with another of its work: identifiers, titles."""
    for place, card in enumerate(cards):
        for identifier in {*card.identifiers, *card.published_as}:
            yield place, identifier
        for title in (card.key, card.main):
            if title:
                yield place, title


def _signatures(cards: Sequence[Card]) -> Iterator[tuple[int, str]]:
    """Yield for each place a rare word of the title with a word of the first author's name."""
    n_titles = Counter(word for bag in {card.bag for card in cards} for word in bag)
    for place, card in enumerate(cards):
        if not card.first_words:
            continue
        n_rare = len(card.bag) - math.ceil(_LEAST * len(card.bag) - 1e-9) + 1
        for _, word in sorted([(n_titles[word], word) for word in card.bag])[:n_rare]:
            for name in card.first_words:
                yield place, f"{word} {name}"


def _within(block: Sequence[int]) -> Iterator[tuple[int, int]]:
    for i, place in enumerate(block):
        for other in block[i + 1 : i + 1 + BESIDE]:
            yield place, other
