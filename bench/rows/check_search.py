"""300 claims searched in 50,000 abstracts, index and search, against bm25s alone with the same stemmer, and against rank_bm25."""

from collections.abc import Sequence
from importlib import metadata

import numpy as np

from bench.lines import Line, alternate, cpu_s
from bench.records import vocabulary
from evidense.auditing.passages import SourceText
from evidense.checking.library import LibraryWork, WorkLibrary
from evidense.values import Work

N_WORKS, N_CLAIMS, N_FOUND, TENTH = 50_000, 300, 10, 10


def measure() -> list[Line]:
    """Time both on invented abstracts of words as frequent as in English."""
    texts, claims = invented(N_WORKS, 120, 3), invented(N_CLAIMS, 14, 4)
    works = tuple(
        LibraryWork(str(n), Work("made"), SourceText.of_abstract(str(n), text)) for n, text in enumerate(texts)
    )
    peer_s, ours_s = alternate(lambda: _peer(texts, claims), lambda: ours(works, claims), warm_up=False, n_runs=1)
    shared = [len(a & b) / N_FOUND for a, b in zip(_peer(texts, claims), ours(works, claims), strict=True)]
    note = f"bm25s {metadata.version('bm25s')}, its tokeniser with PyStemmer and no stop words; {np.mean(shared):.3f} of the first ten are the same"
    slow = f"rank_bm25 {metadata.version('rank-bm25')}, BM25Okapi on words divided at spaces, no stems; every tenth claim was searched, that time × {TENTH}"
    job = f"{N_CLAIMS} claims searched in {N_WORKS:,} abstracts, index and search"
    return [
        Line(job, "bm25s", "≤ its time", 1.0, "ours/peer ≤", peer_s, ours_s, "CPU-s", 1, (note,)),
        Line(job, "rank_bm25", "≤ its time", 1.0, "ours/peer ≤", _plain_s(texts, claims), ours_s, "CPU-s", 1, (slow,)),
    ]


def invented(n: int, mean_words: int, seed: int) -> list[str]:
    """Return n texts whose words are as frequent as in English."""
    rng, words = np.random.default_rng(seed), vocabulary()
    chance = 1 / np.arange(10, len(words) + 10)
    stops = np.cumsum(rng.integers(mean_words // 2, 2 * mean_words, n))
    drawn = words[rng.choice(len(words), stops[-1], p=chance / chance.sum())]
    return [" ".join(part).capitalize() + "." for part in np.split(drawn, stops[:-1])]


def ours(works: tuple[LibraryWork, ...], claims: Sequence[str]) -> list[set[int]]:
    """Return the places of the first works of each claim."""
    library = WorkLibrary(works)
    return [{int(found.work.key) for found in library.ranked(claim, N_FOUND)} for claim in claims]


def _plain_s(texts: Sequence[str], claims: Sequence[str]) -> float:
    """Return the CPU-seconds of rank_bm25."""
    from rank_bm25 import BM25Okapi

    made: list[BM25Okapi] = []
    index_s = cpu_s(lambda: made.append(BM25Okapi([text.lower().split() for text in texts])))
    asked = claims[::TENTH]
    return index_s + TENTH * cpu_s(lambda: [made[0].get_scores(claim.lower().split()) for claim in asked])


def _peer(texts: Sequence[str], claims: Sequence[str]) -> list[set[int]]:
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(bm25s.tokenize(list(texts), stopwords=None, stemmer=stemmer, show_progress=False), show_progress=False)
    asked = bm25s.tokenize(list(claims), stopwords=None, stemmer=stemmer, show_progress=False)
    found, _ = index.retrieve(asked, k=N_FOUND, show_progress=False, n_threads=1)
    return [set(map(int, row)) for row in found]
