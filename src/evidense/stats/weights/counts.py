"""Counts: how often the bootstrap draws each cluster."""

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from evidense.stats.weights.blocks import as_floats, rows_of
from evidense.stats.weights.streams import stream

_KEPT_BYTES = 64 << 20
"""Of counts that are drawn again and again: 1,000 queries 55,000 times."""
_FEW_CLUSTERS = 4096
"""Of so many, at most one random word of 16 bits in sixteen draws nothing."""
_SHARED = 2


def bootstrap_counts(
    plain: Bool[np.ndarray, " g"], n_resamples: int, rng: np.random.Generator
) -> Iterator[tuple[Float[np.ndarray, "b a"], Int[np.ndarray, " b"]]]:
    """How often each cluster that is not plain is drawn, and how many plain ones: a multinomial in two stages.

    A random word is divided by the number of words a cluster has. The last words, too few for one more cluster, draw nothing; what a
    resample lacks for them is drawn from a second stream. A block is overwritten by the next.
    """
    g, a = len(plain), int((~plain).sum())
    hits = rng.binomial(g, a / g, size=n_resamples)
    (second,) = rng.spawn(1)
    word, n_words = (np.uint16, 1 << 16) if a <= _FEW_CLUSTERS else (np.uint32, 1 << 32)
    each = min(n_words // a, n_words - 1)  # a single cluster would have more words than a word can count
    n_cells = (n_words - 1) // each + 1  # those from a on are of the last words
    n_raw = -(-int(hits.max()) * word().itemsize // 8)
    rows = min(rows_of(a), n_resamples)
    counter = _Counter(rows, n_raw * 8 // word().itemsize, n_cells + 1)
    for start in range(0, n_resamples, rows):
        block = hits[start : start + rows]
        drawn = rng.bit_generator.random_raw(len(block) * n_raw).astype("<u8", copy=False).view(word)
        cells = counter.cells[: len(block)]
        np.floor_divide(drawn.reshape(cells.shape), word(each), out=cells, dtype=word, casting="unsafe")
        cells[:, int(block.max()) :] = n_cells
        if block.min() < block.max():
            np.copyto(cells, n_cells, where=counter.places >= block[:, None])
        counted = counter.counted(len(block))
        counts, lacking = counted[:, :a], counted[:, a:n_cells].sum(axis=1).astype(np.int64)
        np.add.at(counts, (np.repeat(np.arange(len(block)), lacking), second.integers(0, a, int(lacking.sum()))), 1)
        yield counts, g - block


class _Counter:
    """Counts the cells of each row in arrays that are made once: fresh ones of this size cost more than all that is done in them."""

    def __init__(self, rows: int, n: int, n_cells: int) -> None:
        from scipy.sparse import csr_matrix

        self.cells, self.places = np.zeros((rows, n), np.int32), np.arange(n)
        self._counts = np.empty((rows, n_cells))
        ends = np.arange(rows + 1, dtype=np.int32) * np.int32(n)
        self._matrix = csr_matrix((np.ones(rows * n), self.cells.ravel(), ends), self._counts.shape, copy=False)

    def counted(self, rows: int) -> Float[np.ndarray, "b c"]:
        """Return how often each cell stands in each of the first rows of `cells`, which the matrix reads where they lie."""
        self._matrix.toarray(out=self._counts)
        return self._counts[:rows]


class SharedCounts:
    """How often each of g clusters is drawn, for every resample: the latest draws, as the smallest whole numbers, within the limit."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int, int], list[UInt8[np.ndarray, "_ g"]]] = OrderedDict()

    def of(
        self, g: int, n_resamples: int, seed: int
    ) -> Iterator[tuple[Float[np.ndarray, "b g"], Int[np.ndarray, " b"]]]:
        """Yield the blocks as `bootstrap_counts` does; draw them if they are not kept."""
        key = g, n_resamples, seed
        if blocks := self._kept.get(key):
            self._kept.move_to_end(key)
            for weights in as_floats(blocks):
                yield weights, np.zeros(len(weights), dtype=np.int64)
            return
        drawn, fits = [], g * n_resamples <= _KEPT_BYTES
        for counts, n_plain in bootstrap_counts(np.zeros(g, dtype=bool), n_resamples, stream(seed, 0, _SHARED)):
            fits = fits and counts.max() <= np.iinfo(np.uint8).max
            if fits:
                drawn.append(counts.astype(np.uint8))
            yield counts, n_plain
        if fits:
            self._keep(key, drawn)

    def _keep(self, key: tuple[int, int, int], blocks: list[UInt8[np.ndarray, "_ g"]]) -> None:
        self._kept[key] = blocks
        while sum(g * n_resamples for g, n_resamples, _ in list(self._kept)) > _KEPT_BYTES:
            self._kept.popitem(last=False)


SHARED_COUNTS = SharedCounts()
