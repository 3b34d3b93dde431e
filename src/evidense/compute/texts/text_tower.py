"""Text towers: texts → tokens → states → pooled → projected vectors. Layers and modules are accessible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from jaxtyping import Bool, Float32

from evidense.compute import pooling
from evidense.compute.models.modules import device_of, evaluating, linear_flops, matching_modules
from evidense.compute.models.tokens import TextReader, Tokens, refuse_beyond_table
from evidense.compute.tensor_similarity import as_scored
from evidense.compute.texts.backbone import Backbone
from evidense.compute.texts.dense import PostPoolingStep
from evidense.compute.texts.masking import masked
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class TextTower:
    """One side of a text encoder; sides with the same weights share `backbone`."""

    fingerprint: str
    backbone: Backbone
    reader: TextReader
    modes: tuple[str, ...]
    """Pooling modes; () means the model's own pooler."""
    after: tuple[PostPoolingStep, ...] = ()
    """Steps after pooling."""
    prompt: str = ""
    skip: int = 0
    """Number of first tokens that are not pooled (those of the prompt)."""
    by_angle: bool = False
    """Whether only the angle of vectors counts; `represent` then returns unit vectors."""
    modalities: frozenset[Modality] = frozenset({"text"})
    identity: Literal["content"] = "content"
    token_budget: int = 1024

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return self.backbone.n_layers

    @property
    def n_pooled(self) -> int:
        """Dimensions after pooling, before the later steps."""
        return pooling.width(self.modes or ("cls",), self.backbone.n_hidden)

    @cached_property
    def n_dims(self) -> int:
        """Dimensions of a final vector."""
        import torch

        with torch.inference_mode():
            return int(self.project(torch.zeros(1, self.n_pooled)).shape[-1])

    @cached_property
    def n_rows(self) -> int:
        """Number of token embeddings of the model."""
        inner: Any = self.backbone.inner
        return int(inner.get_input_embeddings().weight.shape[0])

    @cached_property
    def flops_per_token(self) -> float:
        """Floating-point operations per token; the first estimate of the encoding time rests on them."""
        return linear_flops(self.backbone.inner)

    @property
    def max_length(self) -> int:
        """Tokens that are read of a text; prompt and special tokens count."""
        return self.reader.max_length

    def is_cut(self, items: Sequence[Item]) -> Bool[np.ndarray, " n"]:
        """Say which items have a text longer than `max_length`."""
        return self.reader.is_cut([self.prompt + (item.text or "") for item in items])

    def prepare(self, items: Sequence[Item]) -> Tokens:
        """Put the prompt before each text and tokenise.

        Raises:
            InvalidInput: an item has no text, or has a picture; or a token id has no embedding.
        """
        tokens = self.reader.read(prompted_texts(items, self.prompt))
        refuse_beyond_table(tokens, self.n_rows)
        return tokens

    def vectors(self, prepared: Tokens) -> Float32[np.ndarray, "b e"]:
        """Encode one batch to final vectors, in evaluation mode even during training."""
        import torch

        with torch.inference_mode(), evaluating(self.backbone.model):
            return self._projected(prepared).cpu().numpy()  # type: ignore[no-any-return]

    def pooled(self, prepared: Tokens) -> "Tensor":
        """Encode one batch up to pooling, [b, e]."""
        ids, mask = self._padded(prepared)
        if not self.modes:
            return self.backbone.pooler_output(ids, mask).float()
        return self.pool(self.backbone.states(ids, mask), mask)

    def _projected(self, prepared: Tokens) -> "Tensor":
        return self.project(self.pooled(prepared))

    def _padded(self, prepared: Tokens) -> "tuple[Tensor, Tensor | None]":
        """Return ids[b, t] and mask[b, t] on the device of the weights."""
        ids, mask = prepared.padded(self.reader.pad)
        device = device_of(self.backbone.inner)
        return ids.to(device), None if mask is None else mask.to(device)

    @property
    def body(self) -> "torch.nn.Module":
        """The transformer, without heads."""
        inner: torch.nn.Module = self.backbone.inner
        return inner

    @property
    def how_pooled(self) -> list[Any]:
        """What changes a pooled vector, beside the weights and the token ids: pooling, the tokens of the prompt that it skips, padding."""
        return [list(self.modes), self.skip, self.reader.pad]

    @cached_property
    def weights(self) -> "Mapping[str, torch.nn.Module]":
        """The transformer as `backbone`, then each step after pooling that has weights outside of it."""
        step_weights = [step.weights for step in self.after if step.weights is not None]
        in_backbone = {id(module) for module in self.backbone.model.modules()}
        added = [
            weights for weights in step_weights if not any(id(module) in in_backbone for module in weights.children())
        ]
        return {"backbone": self.backbone.model} | {f"after.{number}": module for number, module in enumerate(added)}

    def represent(self, prepared: Tokens) -> "Tensor":
        """Encode one batch to vectors[b, e] as they are scored, with gradients if they are enabled."""
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
        masked_states, inner = states[real][torch.from_numpy(rows).to(ids.device)], cast(Any, self.backbone.inner)
        logits = functional.linear(masked_states, inner.get_input_embeddings().weight)
        return logits, torch.from_numpy(labels).to(ids.device)

    def layers(self, prepared: Tokens) -> Float32[np.ndarray, "l b e"]:
        """Pool the states of every layer in one forward pass (for the model's own pooler: the first token)."""
        import torch

        with torch.inference_mode(), evaluating(self.backbone.model):
            ids, mask = self._padded(prepared)
            pooled = torch.stack(self.backbone.each_layer(ids, mask, lambda states: self.pool(states, mask)))
            return pooled.cpu().numpy()  # type: ignore[no-any-return]

    def forward(self, prepared: Tokens) -> "tuple[Tensor, Tensor]":
        """Return (states[l, b, t, e], mask[b, t]), with gradients if they are enabled."""
        import torch

        ids, mask = self._padded(prepared)
        states = torch.stack(self.backbone.each_layer(ids, mask, lambda states: states))
        return states, torch.ones_like(ids) if mask is None else mask

    def pool(self, states: "Tensor", mask: "Tensor | None") -> "Tensor":
        """Pool states[b, t, e] under mask[b, t] to [b, e]."""
        return pooling.pool(states, mask, self.modes or ("cls",), self.skip)

    def project(self, pooled: "Tensor") -> "Tensor":
        """Apply the steps after pooling."""
        for step in self.after:
            pooled = step(pooled)
        return pooled

    def modules(self, pattern: str) -> "Mapping[str, torch.nn.Module]":
        """Return the modules of the backbone whose names match the regular expression.

        Raises:
            UnknownName: none matches.
        """
        return matching_modules(dict(self.backbone.inner.named_modules()), pattern)
