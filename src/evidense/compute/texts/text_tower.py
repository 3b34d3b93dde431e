"""TextTower: texts → tokens → states → pooled → projected vectors, with its layers and modules in sight."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from jaxtyping import Bool, Float32

from evidense.compute import pooling
from evidense.compute.models.tokens import TextReader, Tokens, refuse_beyond_table
from evidense.compute.tensor_similarity import as_scored
from evidense.compute.texts.backbone import Backbone, evaluating
from evidense.compute.texts.dense import PostPoolingStep
from evidense.compute.texts.masking import masked
from evidense.errors import InvalidInput, UnknownName
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class TextTower:
    """One side of a text encoder; both sides share `backbone` where they share weights."""

    fingerprint: str
    backbone: Backbone
    reader: TextReader
    modes: tuple[str, ...]
    """Pooling modes; () reads the class's own pooler."""
    after: tuple[PostPoolingStep, ...] = ()
    """What follows pooling."""
    prompt: str = ""
    skip: int = 0
    """Tokens of the prompt that are not pooled."""
    by_angle: bool = False
    """Whether vectors are scored by their angle alone, so that `represent` brings them to unit length."""
    modalities: frozenset[Modality] = frozenset({"text"})
    identity: Literal["content"] = "content"
    token_budget: int = 1024

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return self.backbone.n_layers

    @property
    def n_pooled(self) -> int:
        """Dimensions after pooling, before what follows."""
        return pooling.width(self.modes or ("cls",), self.backbone.n_hidden)

    @cached_property
    def n_dims(self) -> int:
        """Dimensions of a final vector."""
        import torch

        with torch.inference_mode():
            return int(self.project(torch.zeros(1, self.n_pooled)).shape[-1])

    @cached_property
    def n_rows(self) -> int:
        """Tokens that the model has an embedding for."""
        inner: Any = self.backbone.inner
        return int(inner.get_input_embeddings().weight.shape[0])

    @cached_property
    def flops_per_token(self) -> float:
        """Multiply-adds × 2 of the linear maps, per token: what the first estimate of time rests on."""
        import torch

        return float(2 * sum(m.weight.numel() for m in self.backbone.inner.modules() if isinstance(m, torch.nn.Linear)))

    @property
    def max_length(self) -> int:
        """Tokens that are read of a text, prompt and special tokens included."""
        return self.reader.max_length

    def is_cut(self, items: Sequence[Item]) -> Bool[np.ndarray, " n"]:
        """Say which items have a text that is longer than that."""
        return self.reader.is_cut([self.prompt + (item.text or "") for item in items])

    def prepare(self, items: Sequence[Item]) -> Tokens:
        """Put the prompt before each text and tokenise.

        Raises:
            InvalidInput: an item without text, or with a picture.
        """
        if wrong := [item.id for item in items if item.text is None or item.picture is not None]:
            raise InvalidInput(
                f"{len(wrong)} items are no plain texts (as '{wrong[0]}'); expected text for this encoder; use one that"
                " takes pictures"
            )
        found = self.reader.read([self.prompt + (item.text or "") for item in items])
        refuse_beyond_table(found, self.n_rows)
        return found

    def vectors(self, prepared: Tokens) -> Float32[np.ndarray, "b e"]:
        """Encode one batch to final vectors, in evaluation even while the tower is trained."""
        import torch

        with torch.inference_mode(), evaluating(self.backbone.model):
            return self._projected(prepared).cpu().numpy()  # type: ignore[no-any-return]

    def _projected(self, prepared: Tokens) -> "Tensor":
        ids, mask = self._padded(prepared)
        if not self.modes:
            return self.project(self.backbone.pooler_output(ids, mask).float())
        return self.project(self.pool(self.backbone.states(ids, mask), mask))

    def _padded(self, prepared: Tokens) -> "tuple[Tensor, Tensor | None]":
        """Return ids[b, t] and mask[b, t] where the weights are."""
        ids, mask = prepared.padded(self.reader.pad)
        device = next(iter(self.backbone.inner.parameters())).device
        return ids.to(device), None if mask is None else mask.to(device)

    @cached_property
    def weights(self) -> "Mapping[str, torch.nn.Module]":
        """The transformer, then each step after pooling that has weights of its own; `backbone` holds a class's own projection."""
        own = [step.weights for step in self.after if step.weights is not None]
        held = {id(module) for module in self.backbone.model.modules()}
        more = [w for w in own if not any(id(module) in held for module in w.children())]
        return {"backbone": self.backbone.model} | {f"after.{at}": module for at, module in enumerate(more)}

    def represent(self, prepared: Tokens) -> "Tensor":
        """Encode one batch to vectors[b, e] as they are scored, with gradients where they are enabled."""
        return as_scored(self._projected(prepared), self.by_angle)

    def predict(self, prepared: Tokens, rng: np.random.Generator) -> "tuple[Tensor, Tensor]":
        """Mask tokens and predict them with the input embeddings as the output layer; see `parts.TokenPredictor`.

        Raises:
            InvalidInput: the tokeniser has no mask token.
        """
        import torch
        from torch.nn import functional

        corrupted, rows, labels = masked(prepared, self.reader.tokenizer, rng)
        ids, mask = self._padded(corrupted)
        states = self.backbone.states(ids, mask)
        real = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
        seen, inner = states[real][torch.from_numpy(rows).to(ids.device)], cast(Any, self.backbone.inner)
        logits = functional.linear(seen, inner.get_input_embeddings().weight)
        return logits, torch.from_numpy(labels).to(ids.device)

    def layers(self, prepared: Tokens) -> Float32[np.ndarray, "l b e"]:
        """Pool every layer's states in one forward pass (a pooler read-out shows its first token)."""
        import torch

        with torch.inference_mode(), evaluating(self.backbone.model):
            ids, mask = self._padded(prepared)
            found = torch.stack(self.backbone.each_layer(ids, mask, lambda states: self.pool(states, mask)))
            return found.cpu().numpy()  # type: ignore[no-any-return]

    def forward(self, prepared: Tokens) -> "tuple[Tensor, Tensor]":
        """Return (states[l, b, t, e], mask[b, t]), with gradients where they are enabled."""
        import torch

        ids, mask = self._padded(prepared)
        states = torch.stack(self.backbone.each_layer(ids, mask, lambda states: states))
        return states, torch.ones_like(ids) if mask is None else mask

    def pool(self, states: "Tensor", mask: "Tensor | None") -> "Tensor":
        """Pool states[b, t, e] under mask[b, t] to [b, e]."""
        return pooling.pool(states, mask, self.modes or ("cls",), self.skip)

    def project(self, pooled: "Tensor") -> "Tensor":
        """Apply what follows pooling."""
        for step in self.after:
            pooled = step(pooled)
        return pooled

    def modules(self, pattern: str) -> "Mapping[str, torch.nn.Module]":
        """Return the modules of the backbone whose names match the regular expression.

        Raises:
            UnknownName: none matches.
        """
        named: dict[str, Any] = dict(self.backbone.inner.named_modules())
        found = {name: module for name, module in named.items() if name and re.fullmatch(pattern, name)}
        if not found:
            raise UnknownName.among("module", pattern, [name for name in named if name][:40], "The pattern must match a whole name.")  # fmt: skip
        return found
