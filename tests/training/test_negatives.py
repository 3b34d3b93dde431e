"""Hard negatives: from the data, from the block, mined; never a positive; the same as sentence-transformers' function."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import built_in
from evidense import registry
from evidense.errors import InvalidInput
from evidense.parts import Encoder
from evidense.records import Recipe
from evidense.store import Store
from evidense.training.data.mining import Groups, Mining, mine
from evidense.training.data.negatives import with_negatives
from evidense.values import Item, Pairs, Spelling


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    pytest.importorskip("wordllama")
    part, spelling = registry.system(Spelling.parse("wordllama"))
    return part.open(spelling)


@pytest.fixture
def store(own_store: Path) -> Store:
    return Store(own_store)


def texts(items: Sequence[Item]) -> list[str | None]:
    return [item.text for item in items]


def made(n: int = 6, **more: object) -> Pairs:
    left = [Item(f"q{k}", f"question {k // 2}") for k in range(n)]
    right = [Item(f"d{k}", f"answer {k}") for k in range(n)]
    groups = [f"g{k // 2}" for k in range(n)]
    return replace(Pairs("made", "exact", left, right, groups), **more)


def check(pairs: Pairs, n: int) -> None:
    """No negative is a positive of an equal query, none is of the group, none comes twice."""
    positives: dict[str | None, set[str]] = {}
    of_group: dict[str, set[str]] = {}
    for q, d, g in zip(pairs.left, pairs.right, pairs.groups, strict=True):
        positives.setdefault(q.text, set()).add(d.content_key())
        of_group.setdefault(g, set()).add(d.content_key())
    assert len(pairs.negatives) == len(pairs)
    for row, negatives in enumerate(pairs.negatives):
        keys = [item.content_key() for item in negatives]
        assert len(set(keys)) == n
        assert not set(keys) & (positives[pairs.left[row].text] | of_group[pairs.groups[row]])


def test_block_negatives_come_from_the_same_block_and_another_group(encoder: Encoder, store: Store) -> None:
    pairs = built_in.pairs("icd10cm@test")
    recipe = Recipe(negatives="block", n_negatives=4, seed=3)
    with_block_negatives = with_negatives(pairs, recipe, encoder, store)
    check(with_block_negatives, 4)
    blocks: dict[str, set[str]] = {}
    for document, block in zip(pairs.right, pairs.blocks, strict=True):
        blocks.setdefault(document.content_key(), set()).add(block)
    at_home = sum(
        pairs.blocks[row] in blocks[n.content_key()]
        for row, ns in enumerate(with_block_negatives.negatives)
        for n in ns
    )
    (note,) = [note for note in with_block_negatives.provenance.notes if "hard negatives" in note]
    n_filled = 4 * len(pairs) - at_home
    assert f"{n_filled:,} were too few there" in note
    assert at_home > 0.4 * 4 * len(pairs)
    assert with_negatives(pairs, recipe, encoder, store).checksum == with_block_negatives.checksum
    assert with_negatives(pairs, replace(recipe, seed=4), encoder, store).checksum != with_block_negatives.checksum
    assert texts(with_block_negatives.take(np.array([5])).negatives[0]) == texts(with_block_negatives.negatives[5])


def test_given_negatives_that_are_positives_are_dropped_and_counted(encoder: Encoder, store: Store) -> None:
    negatives = [[Item("x", f"answer {k ^ 1}"), Item("y", f"wrong {k}")] for k in range(6)]
    with_one = with_negatives(made(negatives=negatives), Recipe(negatives="given", n_negatives=1), encoder, store)
    check(with_one, 1)
    assert [texts(items) for items in with_one.negatives] == [[f"wrong {k}"] for k in range(6)]
    assert "6 of 12 that equal a positive" in with_one.provenance.notes[-1]
    with_two = with_negatives(made(negatives=negatives), Recipe(negatives="given", n_negatives=2), encoder, store)
    check(with_two, 2)
    assert "6 were too few there and drawn from other groups at large" in with_two.provenance.notes[-1]


def test_negatives_keep_their_targets(encoder: Encoder, store: Store) -> None:
    negatives = [[Item("y", f"wrong {k}"), Item("x", "answer 0")] for k in range(6)]
    pairs = made(negatives=negatives, targets=[[1.0, 0.1 * k, 0.5] for k in range(6)])
    with_given = with_negatives(pairs, Recipe(negatives="given", n_negatives=2), encoder, store)
    assert [list(row) for row in with_given.targets] == [[1.0, 0.1 * k, 0.5] for k in range(2, 6)], (
        "answer 0 is no negative of g0"
    )
    assert "2 pairs with fewer were left out" in with_given.provenance.notes[-1]
    with pytest.raises(InvalidInput, match="has targets, and negatives = 'block'"):
        with_negatives(pairs, Recipe(negatives="block", n_negatives=1), encoder, store)


def test_unavailable_negatives_are_refused(encoder: Encoder, store: Store) -> None:
    positives = [[Item("x", f"answer {k}")] for k in range(6)]
    for pairs, source, n, message in [
        (made(), "given", 1, "names no hard negatives"),
        (made(negatives=positives), "given", 1, "all 6 hard negatives of 'made' equal a positive"),
        (made(), "block", 1, "has no blocks"),
        (made(blocks=["b"] * 6), "block", 5, "finds 4 documents of other groups; expected 5"),
        (made(), "nowhere", 1, "expected given, block or mined"),
        (made(), "mined", 0, "n_negatives is 0"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            with_negatives(pairs, Recipe(negatives=source, n_negatives=n), encoder, store)


def test_mined_negatives_are_near_the_query_and_never_positives(encoder: Encoder, store: Store) -> None:
    pairs = built_in.pairs("weaknesses@test")
    mined = with_negatives(pairs, Recipe(negatives="mined", n_negatives=3), encoder, store)
    check(mined, 3)
    drawn = with_negatives(pairs, Recipe(negatives="block", n_negatives=3), encoder, store)
    assert any("suspected false negatives" in note for note in mined.provenance.notes)
    tower = encoder.tower("document")

    def likeness(sample: Pairs) -> float:
        queries = tower.vectors(tower.prepare(list(sample.left)))
        near = [
            float(q @ v)
            for q, ns in zip(queries, sample.negatives, strict=True)
            for v in tower.vectors(tower.prepare(list(ns)))
        ]
        return float(np.mean(near))

    assert likeness(mined) > likeness(drawn) + 0.05


def by_hand(
    queries: np.ndarray, documents: np.ndarray, positives: list[list[int]], settings: Mining
) -> list[list[int]]:
    """Sort everything, then filter: the reference."""
    rows = []
    for query, positives_of_query in zip(queries, positives, strict=True):
        scores = documents @ query
        limit = min(scores[positives_of_query])
        ranked = [d for d in np.argsort(-scores, kind="stable") if d not in positives_of_query]
        left = [d for d in ranked if scores[d] <= limit - abs(limit) * (settings.relative_margin or 0)]
        rows.append([int(d) for d in left[settings.range_min :][: settings.n_negatives]])
    return rows


def test_mining_equals_a_full_sort() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(700, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    documents, queries = vectors[:600], vectors[600:] + vectors[:100]
    positives = [[k, *([k + 200] if k % 3 else [])] for k in range(100)]
    settings = Mining(n_negatives=4, range_min=2, range_max=600)
    mined = mine(queries, documents, positives, settings)
    assert [[d for d in row if d >= 0] for row in mined.rows.tolist()] == by_hand(
        queries, documents, positives, settings
    )
    assert mined.n_missing == int((mined.rows < 0).sum())
    groups = Groups(np.arange(100) % 7, np.arange(600) % 7)
    apart = mine(queries, documents, positives, settings, groups)
    assert not (groups.documents[apart.rows] == groups.queries[:, None])[apart.rows >= 0].any()
    random = replace(settings, sampling="random", seed=5, range_max=50)
    drawn = mine(queries, documents, positives, random)
    assert drawn.rows.tolist() == mine(queries, documents, positives, random).rows.tolist()
    assert drawn.rows.tolist() != mine(queries, documents, positives, replace(random, seed=6)).rows.tolist()
    whole = mine(queries, documents, positives, replace(settings, n_negatives=48, range_max=50))
    assert all(set(some) <= set(row) for some, row in zip(drawn.rows.tolist(), whole.rows.tolist(), strict=True))


def test_mining_settings_without_candidates_are_refused() -> None:
    vectors = np.eye(3, dtype=np.float32)
    with pytest.raises(InvalidInput, match="1 of 3 queries have no positive"):
        mine(vectors, vectors, [[0], [], [2]], Mining())
    with pytest.raises(InvalidInput, match="5 negatives from rank 2 to 4"):
        mine(vectors, vectors, [[0], [1], [2]], Mining(n_negatives=5, range_min=2, range_max=4))


class PeerWorld(NamedTuple):
    """Texts that stand in pairs, and their vectors by a table of words in sentence-transformers."""

    left: list[str]
    right: list[str]
    queries: list[str]
    documents: list[str]
    positives: list[list[int]]
    table: Any


@pytest.fixture(scope="module")
def peer_world() -> PeerWorld:
    pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    pairs = built_in.pairs("weaknesses@test").take(np.arange(150))
    left, right = [i.text or "" for i in pairs.left], [i.text or "" for i in pairs.right]
    words = sorted({word for text in left + right for word in text.split()})
    tokens = Tokenizer(models.WordLevel({word: n for n, word in enumerate(["[UNK]", *words])}, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    weights = np.random.default_rng(0).normal(size=(len(words) + 1, 48)).astype(np.float32)
    queries, documents = list(dict.fromkeys(left)), list(dict.fromkeys(right))
    row_of, of_query = {d: n for n, d in enumerate(documents)}, {q: dict[int, None]() for q in queries}
    for q, d in zip(left, right, strict=True):
        of_query[q][row_of[d]] = None
    table = StaticEmbedding(tokens, embedding_weights=weights)
    return PeerWorld(left, right, queries, documents, [list(rows) for rows in of_query.values()], table)


@pytest.mark.parametrize(
    "options",
    [
        {"num_negatives": 3, "relative_margin": 0.05},
        {"num_negatives": 2, "range_min": 3, "range_max": 20, "absolute_margin": 0.1},
        {"num_negatives": 2, "max_score": 0.6, "min_score": 0.1},
    ],
)
@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean", "manhattan"])
def test_mining_equals_sentence_transformers(options: dict[str, float], similarity: str, peer_world: PeerWorld) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize
    from sentence_transformers.util import mine_hard_negatives

    from datasets import Dataset

    left, right, queries, documents, positives, table = peer_world
    modules = [table] if similarity == "cosine" else [table, Normalize()]  # theirs is of unit vectors in any case
    model = SentenceTransformer(modules=modules, device="cpu", similarity_fn_name=similarity)
    theirs = mine_hard_negatives(
        Dataset.from_dict({"a": left, "p": right}), model, output_format="triplet", verbose=False, **options
    )
    expected: dict[str, list[str]] = {}
    for anchor, negative in zip(theirs["a"], theirs["negative"], strict=True):
        if negative not in expected.setdefault(anchor, []):
            expected[anchor].append(negative)
    names = {"num_negatives": "n_negatives"}
    settings = Mining(
        similarity=similarity,
        **{"relative_margin": None, **{names.get(key, key): value for key, value in options.items()}},
    )
    ours = mine(model.encode(queries), model.encode(documents), positives, settings)
    found = {q: [documents[d] for d in row if d >= 0] for q, row in zip(queries, ours.rows.tolist(), strict=True)}
    assert {q: ds for q, ds in found.items() if ds} == expected
    assert len(expected) > 20 or ("min_score" in options and similarity in ("euclidean", "manhattan"))
