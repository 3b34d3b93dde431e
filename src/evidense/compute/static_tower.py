"""StaticTower: the mean of one vector a token. No network, no torch; as fast as the tokeniser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float32, Int32

from evidense.compute.batches import chunks
from evidense.compute.tokens import Tokens
from evidense.errors import InvalidInput
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor


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

    @cached_property
    def weights(self) -> "Mapping[str, torch.nn.Module]":
        """The table as a module that can be trained; from then on `vectors` reads it there."""
        import torch

        return {"embedding": torch.nn.Embedding.from_pretrained(torch.tensor(self.table), freeze=False)}

    def represent(self, prepared: Tokens) -> "Tensor":
        """Average token vectors to [b, e] as they are scored, with gradients where they are enabled."""
        import torch
        from torch.nn import functional

        embedding: Any = self.weights["embedding"]
        owner = torch.from_numpy(np.repeat(np.arange(len(prepared.sizes)), prepared.sizes))
        found = embedding(torch.from_numpy(prepared.flat.astype(np.int64)))
        sums = torch.zeros(len(prepared.sizes), self.n_dims).index_add(0, owner, found)
        means = sums / torch.from_numpy(np.maximum(prepared.sizes, 1)).unsqueeze(1)
        return functional.normalize(means, dim=-1) if self.normalised else means

    @property
    def current(self) -> Float32[np.ndarray, "v e"]:
        """The table as it is now, trained or not."""
        if "weights" not in self.__dict__:
            return self.table
        embedding: Any = self.weights["embedding"]
        found: Float32[np.ndarray, "v e"] = embedding.weight.detach().numpy()
        return found

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
        table = self.current
        pieces = [table[ids[:, start:stop]].sum(axis=1) for start, stop in chunks(ids.shape[1], self.token_budget)]
        return np.asarray(sum(pieces[1:], pieces[0]))
