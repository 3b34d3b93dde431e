"""StaticTower: the mean of one vector a token. No network, no torch; as fast as the tokeniser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Int32

from evidense.compute.batches import chunks
from evidense.compute.tokens import Tokens
from evidense.errors import InvalidInput
from evidense.values import Item, Modality


@dataclass(frozen=True, eq=False)
class StaticTower:
    """Token embeddings that are averaged; both sides are one object unless their prompts differ."""

    fingerprint: str
    tokenizer: Any
    """A `tokenizers.Tokenizer`, without padding and truncation."""
    table: Float32[np.ndarray, "v e"]
    prompt: str = ""
    normalised: bool = False
    modalities: frozenset[Modality] = frozenset({"text"})
    identity: Literal["content"] = "content"
    n_layers: int = 0
    token_budget: int = 1 << 13

    @property
    def n_dims(self) -> int:
        """Dimensions of a vector."""
        return int(self.table.shape[1])

    def prepare(self, items: Sequence[Item]) -> Tokens:
        """Tokenise without special tokens; ids beyond the table count as its last (as wordllama does).

        Raises:
            InvalidInput: an item without text, or with a picture.
        """
        if wrong := [item.id for item in items if item.text is None or item.picture is not None]:
            raise InvalidInput(
                f"{len(wrong)} items are no plain texts (as '{wrong[0]}'); expected text for this encoder; "
                "use one that takes pictures"
            )
        texts = [self.prompt + (item.text or "") for item in items]
        found = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        tokens = Tokens.of([encoding.ids for encoding in found])
        return Tokens(np.minimum(tokens.flat, len(self.table) - 1), tokens.offsets)

    def vectors(self, prepared: Tokens) -> Float32[np.ndarray, "b e"]:
        """Average the table's rows; a text without tokens gets zeros. Each sum has one order, whatever the batch."""
        sizes = prepared.sizes
        out = np.zeros((len(sizes), self.n_dims), np.float32)
        for size in np.unique(sizes[sizes > 0]):
            rows = np.flatnonzero(sizes == size)
            ids = prepared.flat[prepared.offsets[rows][:, None] + np.arange(size)]
            out[rows] = self._sum(ids) / np.float32(size)
        if self.normalised:
            out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return out

    def _sum(self, ids: Int32[np.ndarray, "b t"]) -> Float32[np.ndarray, "b e"]:
        pieces = [self.table[ids[:, start:stop]].sum(axis=1) for start, stop in chunks(ids.shape[1], self.token_budget)]
        return np.asarray(sum(pieces[1:], pieces[0]))
