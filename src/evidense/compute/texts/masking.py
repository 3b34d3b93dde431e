"""Masking for masked language modelling: choose the tokens to predict and replace them."""

from typing import Any

import numpy as np
from jaxtyping import Int64

from evidense.compute.models.tokens import Tokens
from evidense.errors import InvalidInput

SHARE, MASKED, KEPT = 0.15, 0.8, 0.1
"""Share of tokens to predict; of these, the share that is masked and the share that stays. The others become random tokens."""


def masked(
    prepared: Tokens, tokenizer: Any, rng: np.random.Generator
) -> tuple[Tokens, Int64[np.ndarray, " m"], Int64[np.ndarray, " m"]]:
    """Return the corrupted tokens, the places of the tokens to predict in the flat array, and their original ids.

    Special tokens are never chosen. At least one token is chosen.

    Raises:
        InvalidInput: the tokeniser has no mask token, or the texts hold special tokens only.

    Source: Devlin et al. 2019, §3.1.
    """
    if tokenizer.mask_token_id is None:
        raise InvalidInput(
            "this tokeniser has no mask token; expected one for the objective 'mlm'; take an encoder with one, or another objective"
        )
    plain = np.flatnonzero(~np.isin(prepared.flat, tokenizer.all_special_ids))
    if not len(plain):
        raise InvalidInput("these texts hold special tokens only; expected words; leave out empty texts")
    chosen = plain[rng.random(len(plain)) < SHARE]
    places = chosen if len(chosen) else plain[:1]
    labels = prepared.flat[places].astype(np.int64)
    flat, draw = prepared.flat.copy(), rng.random(len(places))
    words = rng.integers(0, len(tokenizer), len(places))
    flat[places] = np.where(draw < MASKED, tokenizer.mask_token_id, np.where(draw < MASKED + KEPT, labels, words))
    return Tokens(flat, prepared.offsets), places.astype(np.int64), labels
