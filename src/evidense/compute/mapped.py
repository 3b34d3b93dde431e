"""Mapped: arrays in files that are larger than memory. Pages that were read stay resident until they are released."""

import mmap
import os
import tempfile
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, Int

from evidense.errors import StoreError

RELEASE_EVERY = 1 << 26
"""Bytes that are read in order before pages are released."""
SCATTERED = 64
"""Rows that are read here and there before pages are released; Linux maps up to 2 MB around each."""


def release(array: np.ndarray) -> None:
    """Drop the pages of a memory map from the resident memory of this process; the system still caches the file."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def reserve(file: BinaryIO, n_bytes: int) -> None:
    """Reserve disk blocks from here on; a full disk is then an error here, not a crash while a map is written.

    Raises:
        OSError: the disk is full.
    """
    file.flush()
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), file.tell(), n_bytes)
        return
    for start in range(0, n_bytes, 1 << 20):
        file.write(bytes(min(1 << 20, n_bytes - start)))


def scratch(n_rows: int, n_dims: int) -> Float32[np.ndarray, "n e"]:
    """Return an empty array of numbers: in memory if they are few, else in an unnamed file, which is removed with the array.

    Raises:
        StoreError: the disk is full.
    """
    if 4 * n_rows * n_dims < RELEASE_EVERY:
        return np.empty((n_rows, n_dims), np.float32)
    with tempfile.TemporaryFile() as file:
        try:
            reserve(file, 4 * n_rows * n_dims)
        except OSError as error:
            raise StoreError(
                f"{4 * n_rows * n_dims:,} bytes for compressed vectors do not fit into '{tempfile.gettempdir()}' ({error.strerror}). "
                "Expected so much space for the time of a search. Free some, or set TMPDIR to a folder on another disk."
            ) from None
        return np.memmap(file, np.float32, "r+", shape=(n_rows, n_dims))


class MappedRows:
    """Rows of an array, whose pages are released as they are read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self._n_bytes = array, 0
        self._is_mapped = getattr(array, "_mmap", None) is not None

    def slice(self, start: int, stop: int) -> np.ndarray:
        """Return consecutive rows."""
        self._n_bytes += (stop - start) * int(self.array.strides[0])
        if self._n_bytes >= RELEASE_EVERY:
            release(self.array)
            self._n_bytes = 0
        return self.array[start:stop]

    def gather(self, places: Int[np.ndarray, " n"]) -> np.ndarray:
        """Return a copy of rows that mostly lie beside each other."""
        low, high = (int(places.min()), int(places.max()) + 1) if len(places) else (0, 0)
        if high - low <= 2 * len(places):
            return np.asarray(self.slice(low, high)[places - low])
        return self.take(places, np.empty((len(places), self.array.shape[1]), self.array.dtype))

    def take(self, places: Int[np.ndarray, " n"], out: np.ndarray) -> np.ndarray:
        """Copy rows from anywhere into an array of the same type, and return it."""
        step = SCATTERED if self._is_mapped else max(1, len(places))
        for start in range(0, len(places), step):
            piece = places[start : start + step]
            np.take(
                self.array, piece, axis=0, out=out[start : start + step], mode="clip"
            )  # "raise" would copy once more
            release(self.array)
        return out
