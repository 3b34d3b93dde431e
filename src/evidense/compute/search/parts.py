"""Parts: an encoding that several processes share. Each writes the vectors of some batches; whoever needs all of them puts them together.

A part is a fixed share of the batches of one chunk, so its bytes do not depend on who makes it, nor on how parts are dealt out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from evidense.boundary.disk import write_atomically

N_PARTS = 4
"""Parts of a chunk. More would tokenise a chunk in more processes, fewer would leave processes idle at the end."""
_HASH_BYTES = 32


@dataclass(frozen=True)
class Parts:
    """The parts of one encoding, as files of its partial folder. `plan` names what fixes the batches: a part of another plan is not seen."""

    folder: Path
    plan: str
    n_dims: int

    def path(self, number: int) -> Path:
        """Return the path of a part. Its number is N_PARTS × chunk + place in the chunk."""
        return self.folder / f"part.{self.plan}.{number:06d}"

    def lock(self, number: int) -> Path:
        """Return the path of the lock that is held while a part is made."""
        return self.folder / f"{self.path(number).name}.lock"

    def write(self, number: int, rows: Int64[np.ndarray, " n"], vectors: Float32[np.ndarray, "n e"]) -> None:
        """Write the vectors of some rows, whole or not at all."""
        data = len(rows).to_bytes(8, "little") + rows.astype("<i8").tobytes() + vectors.astype("<f4").tobytes()
        write_atomically(self.path(number), [hashlib.sha256(data).digest(), data])

    def read(self, number: int) -> tuple[Int64[np.ndarray, " n"], Float32[np.ndarray, "n e"]] | None:
        """Return rows and vectors; None if the part is not there or damaged."""
        try:
            data = self.path(number).read_bytes()
        except OSError:
            return None
        digest, body = data[:_HASH_BYTES], data[_HASH_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        n = int.from_bytes(body[:8], "little")
        rows = np.frombuffer(body, "<i8", n, 8).astype(np.int64)
        return rows, np.frombuffer(body, "<f4", offset=8 + 8 * n).reshape(n, self.n_dims).astype(np.float32)

    def chunk(self, chunk: int) -> tuple[Int64[np.ndarray, " n"], Float32[np.ndarray, "n e"]] | None:
        """Return rows and vectors of a whole chunk; None if a part of it is missing."""
        read = []
        for place in range(N_PARTS):
            part = self.read(chunk * N_PARTS + place)
            if part is None:
                return None
            read.append(part)
        return np.concatenate([rows for rows, _ in read]), np.concatenate([vectors for _, vectors in read])

    def missing(self, n_chunks: int) -> list[int]:
        """Return the numbers of the parts that nobody has made yet."""
        return [number for number in range(n_chunks * N_PARTS) if not self.path(number).exists()]


def batches_of(place: int, batches: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the batches of one part of a chunk.

    >>> [[int(b[0]) for b in batches_of(place, [np.array([n]) for n in range(6)])] for place in range(N_PARTS)]
    [[0], [1, 2], [3], [4, 5]]
    """
    return list(batches[place * len(batches) // N_PARTS : (place + 1) * len(batches) // N_PARTS])
