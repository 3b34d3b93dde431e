"""Bibliographic records of an invented literature: words as frequent as in English, each work in the dialects of up to three indexes."""

import json
from collections.abc import Iterator
from importlib import resources

import numpy as np

from bench.texts import MODEL
from evidense.values import Work

_FIRST_WORD = 1_996
"""MiniLM's vocabulary from here on is whole words, the frequent ones first."""
_SOUNDS = ("ka", "lo", "mi", "ren", "ta", "su", "vel", "no", "zhi", "bar", "ed", "ing", "or", "shi", "wen", "hal")
_VENUES = (("NeurIPS", "Advances in Neural Information Processing Systems"), ("Mach. Learn.", "Machine Learning"))


def works(n: int, seed: int = 0) -> list[tuple[str, tuple[tuple[str, str], ...], int]]:
    """Return (title, authors, year) of n works; no two titles are equal."""
    rng = np.random.default_rng(seed)
    words = vocabulary()
    chance = 1 / np.arange(10, len(words) + 10)
    lengths = rng.integers(5, 15, n)
    stops = np.cumsum(lengths)
    drawn = words[rng.choice(len(words), stops[-1], p=chance / chance.sum())]
    families, given = _names(4_000), _names(600)
    by = [
        (families[f].title(), given[g].title())
        for f, g in zip(rng.zipf(1.2, 4 * n) % len(families), rng.zipf(1.2, 4 * n) % len(given), strict=True)
    ]
    counts, years = rng.integers(1, 5, n), rng.integers(2005, 2026, n)
    return [
        (" ".join(drawn[stop - size : stop]).capitalize(), tuple(by[4 * i : 4 * i + counts[i]]), int(years[i]))
        for i, (stop, size) in enumerate(zip(stops, lengths, strict=True))
    ]


def records(n: int, seed: int = 0) -> list[Work]:
    """Return n records of about n / 2 works."""
    rng = np.random.default_rng(seed + 1)
    made: list[Work] = []
    for number, (title, authors, year) in enumerate(works(n, seed)):
        made += _records_of(number, title, authors, year, rng)
        if len(made) >= n:
            break
    order = rng.permutation(n)
    return [made[i] for i in order]


def vocabulary() -> np.ndarray:
    """Return English words, the frequent ones first."""
    package, _, inside = MODEL.partition("/")
    tokens = json.loads((resources.files(package) / inside / "tokenizer.json").read_text(encoding="utf-8"))["model"][
        "vocab"
    ]
    return np.array(
        [
            t
            for t in sorted(tokens, key=tokens.get)
            if tokens[t] >= _FIRST_WORD and t.isalpha() and t.isascii() and len(t) > 2
        ]
    )


def _records_of(
    number: int, title: str, authors: tuple[tuple[str, str], ...], year: int, rng: np.random.Generator
) -> Iterator[Work]:
    """Yield a work as one to three indexes have it: full names, initials, a preprint; one title in ten has a slip there.

    Its number stands in the URL, by which nothing is compared.
    """
    n_indexes, url = int(rng.integers(1, 4)), str(number)
    doi, short, long = f"10.1234/work.{number}", *_VENUES[number % 2]
    full = tuple(f"{given} {family}" for family, given in authors)
    yield Work("index_a", {"doi": doi} if rng.random() < 0.9 else {}, title, full, year, long, url=url)
    if n_indexes > 1:
        written = title[:-2] + title[-1] if rng.random() < 0.1 else title.lower()
        initials = tuple(f"{family}, {given[0]}." for family, given in authors)
        identifiers = {"doi": doi} if rng.random() < 0.6 else {}
        yield Work("index_b", identifiers, written, initials, year + int(rng.choice([0, 0, 1])), short, url=url)
    if n_indexes > 2:
        arxiv = f"{year % 100:02d}{number % 12 + 1:02d}.{number:05d}"
        yield Work("index_c", {"arxiv": arxiv}, f"{title}.", full, year, "arXiv", "preprint", url=url)


def _names(n: int) -> list[str]:
    return [_SOUNDS[i % 16] + _SOUNDS[i // 16 % 16] + _SOUNDS[i // 256 % 16] * (i >= 256) for i in range(n)]
