"""StaticTower: the mean of one vector a token. No network, no torch; as fast as the tokeniser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

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
    token_budget: int = 1 << 15

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
        """Average the table's rows; a text without tokens gets zeros."""
        sizes = prepared.sizes
        out = np.zeros((len(sizes), self.n_dims), np.float32)
        if (filled := np.flatnonzero(sizes)).size:
            sums = np.add.reduceat(self.table[prepared.flat], prepared.offsets[:-1][filled], axis=0)
            out[filled] = sums / sizes[filled, None].astype(np.float32)
        if self.normalised:
            out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return out
