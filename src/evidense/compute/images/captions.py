"""Tokenise texts for an image-text model, with the padding, length and end token of its family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Int, Int32, Int64

from evidense.compute.models.tokens import longer_than, reading_text
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Captions:
    """Token ids of several texts, padded to the length of the model."""

    ids: Int32[np.ndarray, "b t"]
    mask: Int32[np.ndarray, "b t"]
    """1 for tokens that count; for CLIP the last one is the end token."""
    is_fixed: bool
    """Whether padding is part of the input (SigLIP) or cut away (CLIP)."""
    sees_padding: bool
    """Whether the model attends to padding (SigLIP, unless its tokeniser gives a mask)."""

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """Tokens of each text; padding counts if the model computes it."""
        length = np.full(len(self.ids), self.ids.shape[1]) if self.is_fixed else self.mask.sum(axis=1)
        return length.astype(np.int64)

    def take(self, rows: Int[np.ndarray, " n"]) -> "Captions":
        """Return these texts, in this order."""
        return Captions(self.ids[rows], self.mask[rows], self.is_fixed, self.sees_padding)

    def inputs(self) -> "tuple[dict[str, Tensor], Tensor]":
        """Return the inputs of the model, and mask[b, t] for pooling."""
        import torch

        stop = self.ids.shape[1] if self.is_fixed else max(1, int(self.mask.sum(axis=1).max(initial=1)))
        ids, mask = (torch.from_numpy(a[:, :stop].astype(np.int64)) for a in (self.ids, self.mask))
        if self.sees_padding:
            return {"input_ids": ids}, torch.ones_like(mask)
        return {"input_ids": ids, "attention_mask": mask}, mask


@dataclass(frozen=True, eq=False)
class CaptionReader:
    """A tokeniser with the rules of its model family."""

    tokenizer: Any
    family: str
    max_length: int
    end_id: int
    """CLIP: id of the end token; 2 means the highest id in the text (as in configs from before transformers 4.31)."""

    @classmethod
    def of(cls, tokenizer: Any, config: Mapping[str, Any], requested_length: str | None) -> "CaptionReader":
        """Make the reader. The length is that of the model, or of the user if the family allows another.

        Raises:
            InvalidInput: the model has no positions for this length, or is a SigLIP model of another length.
        """
        text, family = config["text_config"], str(config["model_type"])
        positions = int(text.get("max_position_embeddings", 77 if family == "clip" else 64))
        length = positions if requested_length is None else int(requested_length) if requested_length.isdigit() else 0
        if family != "clip" and length != positions:
            raise InvalidInput(
                f"max_length={requested_length} is not the length of this model; expected {positions}, "
                "since SigLIP models are trained with every text padded to it; leave it out"
            )
        if not 3 <= length <= positions:
            raise InvalidInput(
                f"max_length={requested_length} is not between 3 and the {positions} positions of this model; correct it"
            )
        return cls(tokenizer, family, length, int(text.get("eos_token_id", 49407)))

    def read(self, texts: Sequence[str]) -> Captions:
        """Tokenise, pad and cut.

        Raises:
            InvalidInput: a text lacks the end token that a CLIP model pools.
        """
        padding = {"padding_side": "right"} if self.family == "clip" else {}
        with reading_text(self.tokenizer):
            encoded = self.tokenizer(list(texts), padding="max_length", truncation=True, max_length=self.max_length,
                                   return_attention_mask=True, return_tensors="np", **padding)  # fmt: skip
            ids, mask = (np.asarray(encoded[name], np.int32) for name in ("input_ids", "attention_mask"))
        if self.family != "clip":
            return Captions(ids, mask, True, "attention_mask" not in self.tokenizer.model_input_names)
        return Captions(ids, self._until_end(ids, mask), False, False)

    def is_cut(self, texts: Sequence[str]) -> Bool[np.ndarray, " n"]:
        """Say which texts `read` cuts."""
        return longer_than(self.max_length, self.tokenizer, texts)

    def _until_end(self, ids: Int32[np.ndarray, "b t"], mask: Int32[np.ndarray, "b t"]) -> Int32[np.ndarray, "b t"]:
        """End the mask at the token that transformers pools; attention is causal, so later tokens have no influence."""
        is_end = ids == (ids.max(axis=1, keepdims=True) if self.end_id == 2 else self.end_id)
        if not is_end.any(axis=1).all():
            raise InvalidInput(
                f"a tokenised text lacks the end token {self.end_id} (eos_token_id in config.json); "
                "expected both from one model; fetch the model again"
            )
        is_before_end = np.arange(ids.shape[1]) <= is_end.argmax(axis=1)[:, None]
        return np.asarray(mask * is_before_end if self.end_id == 2 else is_before_end, np.int32)
