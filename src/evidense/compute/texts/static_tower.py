"""Static towers: a text's vector is the mean of one stored vector per token. Needs neither a network nor torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float32, Int32

from evidense.compute.batches import chunks
from evidense.compute.models.tokens import Tokens, reading_text, refuse_beyond_table
from evidense.compute.similarity import divided_by_length
from evidense.compute.tensor_similarity import as_scored
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_GATHERED = 1 << 13
"""Token vectors that are gathered at once before they are summed."""


@dataclass(frozen=True, eq=False)
class EmbeddingTable:
    """One vector per token: an array until it is trained, from then on the weights of a torch module."""

    initial: Float32[np.ndarray, "v e"]

    @cached_property
    def module(self) -> "torch.nn.Module":
        """The table as a trainable module."""
        import torch

        return torch.nn.Embedding.from_pretrained(torch.tensor(self.initial), freeze=True)

    @property
    def current(self) -> Float32[np.ndarray, "v e"]:
        """The current vectors."""
        if "module" not in self.__dict__:
            return self.initial
        module: Any = self.module
        vectors: Float32[np.ndarray, "v e"] = module.weight.detach().cpu().numpy()
        return vectors


@dataclass(frozen=True, eq=False)
class StaticTower:
    """Averages token embeddings. Both sides share the table; they are one object unless their prompts differ."""

    fingerprint: str
    tokenizer: Any
    """A `tokenizers.Tokenizer`, without padding and truncation."""
    table: EmbeddingTable
    prompt: str = ""
    normalised: bool = False
    by_angle: bool = False
    """Whether only the angle of vectors counts; `represent` then returns unit vectors."""
    truncate_dim: int | None = None
    """Number of first dimensions that are kept of a final vector; None: all."""
    is_unit_before: bool = False
    """Whether vectors are brought to unit length before truncation."""
    clamps: bool = False
    """Whether token ids beyond the table use its last row (as in wordllama); else they are refused."""
    modalities: frozenset[Modality] = frozenset({"text"})
    identity: Literal["content"] = "content"
    n_layers: int = 0
    token_budget: int = 1 << 16

    @property
    def weights(self) -> "Mapping[str, torch.nn.Module]":
        """The table as a trainable module; once asked for, `vectors` reads its weights."""
        return {"embedding": self.table.module}

    def represent(self, prepared: Tokens) -> "Tensor":
        """Average token vectors to [b, e] as they are scored, with gradients if they are enabled."""
        import torch

        embedding: Any = self.table.module
        device = embedding.weight.device
        owner = torch.from_numpy(np.repeat(np.arange(len(prepared.sizes)), prepared.sizes)).to(device)
        token_vectors = embedding(torch.from_numpy(prepared.flat.astype(np.int64)).to(device))
        sums = token_vectors.new_zeros(len(prepared.sizes), token_vectors.shape[1]).index_add(0, owner, token_vectors)
        means = sums / torch.from_numpy(np.maximum(prepared.sizes, 1)).unsqueeze(1).to(device)
        if self.truncate_dim is not None:
            means = as_scored(means, self.is_unit_before)[:, : self.truncate_dim]
        return as_scored(means, self.normalised or self.by_angle)

    @property
    def n_dims(self) -> int:
        """Dimensions of a vector."""
        width = int(self.table.initial.shape[1])
        return width if self.truncate_dim is None else min(self.truncate_dim, width)

    def prepare(self, items: Sequence[Item]) -> Tokens:
        """Tokenise without special tokens.

        Raises:
            InvalidInput: an item has no text or has a picture; or a token id is beyond the table and `clamps` is off.
        """
        texts = prompted_texts(items, self.prompt)
        with reading_text(self.tokenizer):
            encodings = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
            tokens = Tokens.of([encoding.ids for encoding in encodings])
        if not self.clamps:
            refuse_beyond_table(tokens, len(self.table.initial))
            return tokens
        return Tokens(np.minimum(tokens.flat, len(self.table.initial) - 1), tokens.offsets)

    def vectors(self, prepared: Tokens) -> Float32[np.ndarray, "b e"]:
        """Average the rows of the table; a text without tokens gets zeros. The order of summation does not depend on the batch."""
        sizes = prepared.sizes
        out = np.zeros((len(sizes), self.table.initial.shape[1]), np.float32)
        for size in np.unique(sizes[sizes > 0]):
            rows = np.flatnonzero(sizes == size)
            for start, stop in chunks(len(rows), max(1, _GATHERED // int(size))):
                piece = rows[start:stop]
                ids = prepared.flat[prepared.offsets[piece][:, None] + np.arange(size)]
                out[piece] = self._sum(ids) / np.float32(size)
        if self.truncate_dim is not None:
            out = np.ascontiguousarray((divided_by_length(out) if self.is_unit_before else out)[:, : self.truncate_dim])
        return divided_by_length(out) if self.normalised else out

    def _sum(self, ids: Int32[np.ndarray, "b t"]) -> Float32[np.ndarray, "b e"]:
        table = self.table.current
        pieces = [table[ids[:, start:stop]].sum(axis=1) for start, stop in chunks(ids.shape[1], _GATHERED)]
        return np.asarray(sum(pieces[1:], pieces[0]))
