"""Hard negatives of training pairs: given by the data, from the same block, or mined."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import overload

import numpy as np
from jaxtyping import Int

from evidense.compute.search.encode import encode
from evidense.compute.similarity import checked
from evidense.errors import InvalidInput
from evidense.parts import Encoder
from evidense.records import Recipe
from evidense.store import Store
from evidense.training.data.mining import Groups, Mining, mine
from evidense.values import Item, Pairs
from evidense.values.build import Chosen

_SPARE = 2
"""Negatives mined in addition, since a document of several groups may still be removed."""


def with_negatives(pairs: Pairs, recipe: Recipe, encoder: Encoder, store: Store) -> Pairs:
    """Return the pairs with `recipe.n_negatives` hard negatives each, from the source `recipe.negatives`.

    given: the first ones that the data name. block: documents of the same block and another group, drawn by the recipe's seed. mined:
    documents that the encoder ranks high (see `training.data.mining`). A negative is never a positive of the query (of any pair with an equal
    query, by content), never in its group, and never repeated. If there are too few, documents of other groups, drawn by the seed, fill up;
    a note of the provenance says how many. Candidates are the documents of these pairs, so none comes from another split. Pairs with targets
    take only given negatives, with their targets; pairs with too few are left out.

    Raises:
        InvalidInput: there is no source of negatives, or every given one is a positive.
    """
    n = recipe.n_negatives
    if n < 1:
        raise InvalidInput(f"n_negatives is {n} with negatives = '{recipe.negatives}'; expected at least 1; raise it")
    if pairs.targets and recipe.negatives != "given":
        raise InvalidInput(
            f"'{pairs.name}' has targets, and negatives = '{recipe.negatives}' finds documents without one; expected given; give "
            "their targets with them"
        )
    known = _Known(pairs)
    match recipe.negatives:
        case "given":
            rows, note = _given(known, n)
        case "block":
            rows, note = _of_block(known, n, recipe.seed), "of the same block and another group"
        case "mined":
            rows, note = _mined(known, n, encoder, store)
        case _:
            raise InvalidInput(f"negatives = '{recipe.negatives}'; expected given, block or mined; correct it")
    return _with_targets(known, rows, n, note) if pairs.targets else _filled(known, rows, n, recipe.seed, note)


class _Known:
    """Pairs with documents numbered by content (those of the pairs first), and the documents that each query must not get."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.items = [*pairs.right, *(item for negatives in pairs.negatives for item in negatives)]
        self.firsts, numbers = _numbered(self.items)
        self.of_pair = numbers[: len(pairs)]
        self.of_given = numbers[len(pairs) :]
        self.n_documents = int(self.of_pair.max(initial=-1)) + 1
        """Distinct documents of the pairs."""
        self.queries, self.query_of_pair = _numbered(pairs.left)
        self.positives: list[dict[int, None]] = [{} for _ in self.queries]
        """Positives of each distinct query."""
        self.groups: list[set[str]] = [set() for _ in self.firsts]
        """Groups of each distinct document; empty for one that is only a given negative."""
        for query, document, group in zip(self.query_of_pair, self.of_pair, pairs.groups, strict=True):
            self.positives[query][int(document)] = None
            self.groups[document].add(group)

    def free(self, row: int, documents: Iterable[int], n: int) -> list[int]:
        """Return the first n of these documents that are allowed as negatives of a pair."""
        positives, group = self.positives[self.query_of_pair[row]], self.pairs.groups[row]
        allowed: dict[int, None] = {}
        for document in documents:
            if len(allowed) == n:
                break
            if document not in positives and group not in self.groups[document]:
                allowed[document] = None
        return list(allowed)

    @cached_property
    def blocks(self) -> dict[str, Int[np.ndarray, " n"]]:
        """Block → its document numbers, in order."""
        members: dict[str, dict[int, None]] = {}
        for document, block in zip(self.of_pair, self.pairs.blocks, strict=True):
            members.setdefault(block, {})[int(document)] = None
        return {block: np.array(list(documents)) for block, documents in members.items() if block}


def _numbered(items: Sequence[Item]) -> tuple[list[int], Int[np.ndarray, " n"]]:
    """Return the first row of each distinct content, and the content number of each row."""
    numbers: dict[str, int] = {}
    firsts: list[int] = []
    rows = np.empty(len(items), np.int64)
    for row, item in enumerate(items):
        rows[row] = number = numbers.setdefault(item.content_key(), len(numbers))
        if number == len(firsts):
            firsts.append(row)
    return firsts, rows


def _given(known: _Known, n: int) -> tuple[list[list[int]], str]:
    """Return the given negatives, without positives and documents of the pair's group."""
    pairs = known.pairs
    n_given = len(known.of_given)
    if not n_given:
        raise InvalidInput(
            f"'{pairs.name}' names no hard negatives; expected some (documents judged 0, a column 'negative'); write negatives = "
            "block or mined"
        )
    ends = np.cumsum([len(negatives) for negatives in pairs.negatives])
    given_numbers = [
        known.of_given[end - len(negatives) : end].tolist()
        for end, negatives in zip(ends, pairs.negatives, strict=True)
    ]
    fit = [known.free(row, negatives, len(negatives)) for row, negatives in enumerate(given_numbers)]
    n_dropped = n_given - sum(map(len, fit))
    if n_dropped == n_given:
        raise InvalidInput(
            f"all {n_given:,} hard negatives of '{pairs.name}' equal a positive of their query, or stand in its group; expected others; "
            "correct the data, or write negatives = block or mined"
        )
    dropped = (
        f"; {n_dropped:,} of {n_given:,} that equal a positive, repeat, or stand in its group were dropped"
        if n_dropped
        else ""
    )
    return [rows[:n] for rows in fit], f"given by the data{dropped}"


def _of_block(known: _Known, n: int, seed: int) -> list[list[int]]:
    if not known.pairs.blocks:
        raise InvalidInput(
            f"'{known.pairs.name}' has no blocks to take hard negatives from; expected a block of each pair (a column 'block'); "
            "write negatives = mined"
        )
    rng = np.random.Generator(np.random.Philox(key=seed))
    nobody = np.empty(0, np.int64)
    return [
        known.free(row, rng.permutation(known.blocks.get(block, nobody)).tolist(), n)
        for row, block in enumerate(known.pairs.blocks)
    ]


def _mined(known: _Known, n: int, encoder: Encoder, store: Store) -> tuple[list[list[int]], str]:
    """Mine once for every distinct query; its pairs share the result."""
    pairs = known.pairs
    documents = known.firsts[: known.n_documents]
    queries = encode(encoder.tower("query"), [pairs.left[row] for row in known.queries], store).all()
    vectors = encode(encoder.tower("document"), [known.items[row] for row in documents], store).all()
    numbers = {group: number for number, group in enumerate(dict.fromkeys(pairs.groups))}
    groups = Groups(
        *(np.array([numbers[pairs.groups[row]] for row in firsts]) for firsts in (known.queries, documents))
    )
    settings = Mining(n + _SPARE, similarity=checked(encoder.setup.similarity, f"'{encoder.name}'"))
    mined = mine(queries, vectors, [list(positives) for positives in known.positives], settings, groups)
    rows = [
        known.free(row, (d for d in mined.rows[query].tolist() if d >= 0), n)
        for row, query in enumerate(known.query_of_pair)
    ]
    return rows, f"mined; {mined.n_suspected:,} candidates were left out as suspected false negatives"


def _filled(known: _Known, rows: list[list[int]], n: int, seed: int, note: str) -> Pairs:
    """Fill up with documents of other groups, and attach the negatives to the pairs."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    n_filled = 0
    for row, negatives in enumerate(rows):
        if len(negatives) < n:
            others = (d for d in _at_random(rng, known.n_documents) if d not in negatives)
            fill = known.free(row, others, n - len(negatives))
            n_filled += len(fill)
            rows[row] = negatives + fill
        if len(rows[row]) < n:
            raise InvalidInput(
                f"pair {row + 1} of '{known.pairs.name}' finds {len(rows[row])} documents of other groups; expected {n} hard negatives; "
                "lower n_negatives or add pairs"
            )
    filled = f"; {n_filled:,} were too few there and drawn from other groups at large" if n_filled else ""
    return _attached(known, known.pairs, rows, f"{n} hard negatives for each of {len(rows):,} pairs, {note}{filled}")


def _at_random(rng: np.random.Generator, n_documents: int) -> Iterator[int]:
    """Yield 64 random documents, then all in random order: a few draws are cheap, and none is missed."""
    yield from rng.integers(n_documents, size=64).tolist()
    yield from rng.permutation(n_documents).tolist()


def _with_targets(known: _Known, rows: list[list[int]], n: int, note: str) -> Pairs:
    """Keep the pairs whose first n given negatives are all allowed, with their targets."""
    pairs = known.pairs
    ends = np.cumsum([len(negatives) for negatives in pairs.negatives])
    starts = [int(end) - len(negatives) for end, negatives in zip(ends, pairs.negatives, strict=True)]
    fits = [
        row
        for row, start in enumerate(starts)
        if len(rows[row]) == n
        and rows[row] == known.of_given[start : start + n].tolist()
        and len(pairs.targets[row]) > n
    ]
    if not fits:
        raise InvalidInput(
            f"no pair of '{pairs.name}' has {n} hard negatives with a target each; expected 1 + {n} targets a pair; lower n_negatives"
        )
    kept_pairs = pairs.take(np.array(fits))
    targets = tuple(tuple(pairs.targets[row][: n + 1]) for row in fits)
    left_out = f"; {len(pairs) - len(fits):,} pairs with fewer were left out" if len(fits) < len(pairs) else ""
    note = f"{n} hard negatives for each of {len(fits):,} pairs, {note}{left_out}"
    return _attached(known, replace(kept_pairs, targets=targets), [rows[row] for row in fits], note)


def _attached(known: _Known, pairs: Pairs, rows: list[list[int]], note: str) -> Pairs:
    places = np.array(known.firsts)[np.array(rows, np.int64)]
    provenance = replace(pairs.provenance, notes=(*pairs.provenance.notes, note))
    return replace(pairs, negatives=_Lists(known.items, places), provenance=provenance)


@dataclass(frozen=True)
class _Lists(Sequence[Sequence[Item]]):
    """Lists of items, one per row, read on access."""

    items: Sequence[Item]
    places: Int[np.ndarray, "n k"]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, row: int) -> Sequence[Item]: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Sequence[Item]]: ...
    def __getitem__(self, row: int | slice) -> Sequence[Item] | Sequence[Sequence[Item]]:
        """Return the items of one row, or the lists of a slice."""
        if isinstance(row, slice):
            return _Lists(self.items, self.places[row])
        return Chosen(self.items, self.places[int(row)])
