"""Leaks: what is equal, what is near, against a plain comparison of every pair; and how long it takes."""

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import built_in
from evidense.training.data.copies import SHINGLE, near_copies
from evidense.training.data.leaks import NEAR, LeakCounts, find_leaks, leak_counts
from evidense.values import Collection, Draft, Item, Pairs, Picture, build


def trained(*texts: str) -> Pairs:
    items = [Item(f"t{n}", text) for n, text in enumerate(texts)]
    return Pairs("made", "items", items, items, [item.id for item in items])


def collection_of(*texts: str) -> Collection:
    queries = [Item(f"q{n}", text) for n, text in enumerate(texts)]
    corpus = [Item("d", "the one document that is relevant to all"), Item("e", "another one")]
    return build(Draft("made", queries, corpus, {q.id: {"d": 1} for q in queries}))


def near(one: str, other: str) -> bool:
    a, b = (
        {text.ljust(SHINGLE, "\0")[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))}
        for text in (one, other)
    )
    return len(a & b) >= NEAR * len(a | b)


def test_equal_ignores_case_and_spaces_and_near_compares_shingles() -> None:
    long = "the quick brown fox jumps over the lazy dog and runs away into the deep dark forest"
    counts = leak_counts(
        [trained("Open the  file", long)], collection_of("open the file", long + "s", "something else entirely", "x")
    )
    assert counts == LeakCounts(n_equal=1, n_near=1, n_checked=5)
    assert counts.sentence() == "1 of 5 test items equals a training item, 1 nearly equals one"
    assert counts.to_json() == {"n_equal": 1, "n_near": 1, "n_checked": 5}


def test_irrelevant_documents_are_not_counted_as_leaks() -> None:
    assert leak_counts([trained("another one")], collection_of("a question")).n_equal == 0
    assert leak_counts([trained("the one document that is relevant to all")], collection_of("a question")).n_equal == 1


def test_leaked_queries_documents_and_pairs_are_counted_separately() -> None:
    """q0: its pair (either way round, case apart); q1: query and document, in two pairs; q2: a document alone; q3: nearly a query."""
    long = "a rather long question about what the quick brown fox did to the lazy dog last night"
    texts = ["first question", "second question", "third question", long + "?"]
    corpus = [Item(f"d{n}", text) for n, text in enumerate(["alpha", "beta", "gamma", "delta", "never judged"])]
    queries = [Item(f"q{n}", text) for n, text in enumerate(texts)]
    collection = build(Draft("made", queries, corpus, {f"q{n}": {f"d{n}": 1, "d4": 0} for n in range(4)}))
    rows = [
        ("ALPHA", "First  question"),
        ("second question", "x"),
        ("y", "beta"),
        ("z", "gamma"),
        (long, "never judged"),
    ]
    items = [[Item(f"{side}{n}", row[side]) for n, row in enumerate(rows)] for side in (0, 1)]
    leaks = find_leaks([Pairs("made", "exact", *items, [str(n) for n in range(5)])], collection)
    assert leaks.is_equal.tolist() == [True, True, False, False]
    assert leaks.is_near.tolist() == [False, False, False, True]
    assert (leaks.documents, leaks.pairs) == ((3, 0, 4), (1, 0, 4))
    assert leaks.counts == LeakCounts(n_equal=5, n_near=1, n_checked=8)


def test_given_hard_negatives_count_as_training_items() -> None:
    pairs = Pairs("made", "exact", [Item("q", "q")], [Item("d", "d")], ["g"], negatives=[[Item("n", "a question")]])
    assert leak_counts([pairs], collection_of("a question")).n_equal == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ab ", max_size=25), min_size=1, max_size=8, unique=True),
    st.lists(st.text("ab ", max_size=25), min_size=1, max_size=8, unique=True),
)
def test_near_copies_equal_a_brute_force_comparison(test: list[str], known: list[str]) -> None:
    expected = {(i, j) for i, one in enumerate(test) for j, other in enumerate(known) if near(one, other)}
    assert {(int(i), int(j)) for i, j in zip(*near_copies(test, known, NEAR), strict=True)} == expected


def picture(marks: Iterable[tuple[int, int]], side: int = 32) -> Picture:
    pixels = np.full((side, side), 255, np.uint8)
    pixels[8:20, 8:20] = 0
    for row, column in marks:
        pixels[row, column] = 0
    return Picture(b"P5 %d %d 255\n" % (side, side) + pixels.tobytes())


def test_pictures_are_compared_by_their_pixels_and_by_an_average_hash() -> None:
    pytest.importorskip("PIL")
    seen = picture([])
    same_in_another_file = Picture(b"P5\n# a comment\n32 32\n255\n" + seen.read()[len(b"P5 32 32 255\n") :])
    near_by = picture([(30, 30)])
    other = picture([(row, column) for row in range(22, 30) for column in range(32)])
    items = [Item("seen", picture=seen)]
    pairs = Pairs("made", "items", items, items, ["g"])
    queries = [Item(str(n), picture=one) for n, one in enumerate((same_in_another_file, near_by, other))]
    corpus = [Item("d", "a text"), Item("e", "b")]
    collection = build(Draft("made", queries, corpus, {q.id: {"d": 1} for q in queries}))
    assert leak_counts([pairs], collection) == LeakCounts(n_equal=1, n_near=1, n_checked=4)


def test_training_glyphs_are_in_no_test_collection() -> None:
    trained_on = [built_in.pairs(f"glyphs/sans:{kind}@train") for kind in ("t2i", "views")]
    tested = [built_in.opened(f"glyphs/{style}@test") for style in ("sans", "serif", "mono", "stix")]
    queries = {
        f"{c.name} {q.id}": (replace(q, id=f"{c.name} {q.id}"), c.qrels[q.id]) for c in tested for q in c.queries
    }
    relevant = {doc_id for _, gains in queries.values() for doc_id in gains}
    corpus = {d.id: d for c in tested for d in c.corpus if d.id in relevant}
    all_styles = Draft(
        "all", [q for q, _ in queries.values()], list(corpus.values()), {q: g for q, (_, g) in queries.items()}
    )
    counts = leak_counts(trained_on, build(all_styles))
    assert counts.n_equal == 0
    assert 0 < counts.n_near < 0.4 * counts.n_checked, (
        "names of one system (braille dots 1, 12, 123 …) nearly equal each other"
    )


def test_comparing_a_thousand_texts_with_a_thousand_takes_a_second() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(map(chr, row)) for row in rng.integers(97, 113, (20_000, 6)).tolist()]
    texts = [" ".join(words[n] for n in row) for row in rng.integers(20_000, size=(2_000, 40)).tolist()]
    began = time.process_time()
    assert len(near_copies(texts[:1_000], [*texts[1_000:], texts[0] + " end"], NEAR)[0]) == 1
    assert time.process_time() - began < 3, "about .5 s on an idle processor; all pairs in Python take far longer"
