"""Pooling: turn the token states of each text into one vector. Correct under left and right padding."""

from typing import TYPE_CHECKING, Any

from evidense.errors import InvalidInput, UnknownName

if TYPE_CHECKING:
    from torch import Tensor

NAMES = {
    "cls": "cls", "cls_token": "cls", "mean": "mean", "mean_tokens": "mean", "avg": "mean", "max": "max", "max_tokens": "max",
    "mean_sqrt_len": "mean_sqrt_len", "mean_sqrt_len_tokens": "mean_sqrt_len", "weightedmean": "weightedmean",
    "weighted_mean": "weightedmean", "weightedmean_tokens": "weightedmean", "lasttoken": "lasttoken", "last": "lasttoken", "eos": "lasttoken",
}  # fmt: skip
"""Accepted spelling → canonical spelling."""

_ORDER = ("cls", "max", "mean", "mean_sqrt_len", "weightedmean", "lasttoken")


def canonical(spelling: str) -> tuple[str, ...]:
    """Return the canonical pooling modes of a spelling. `+` joins several modes; their vectors are concatenated.

    Raises:
        UnknownName: a mode does not exist.

    >>> canonical("eos"), canonical("mean+max")
    (('lasttoken',), ('mean', 'max'))
    """
    modes = tuple(spelling.split("+"))
    for mode in modes:
        if mode not in NAMES:
            raise UnknownName.among("pooling", mode, set(NAMES.values()))
    return tuple(NAMES[mode] for mode in modes)


def from_config(config: dict[str, Any]) -> tuple[str, ...]:
    """Return the pooling modes that the config.json of a sentence-transformers Pooling module names, in its old or new form.

    >>> from_config({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    ('cls',)
    """
    spelling = config.get("pooling_mode")
    if spelling is not None:
        return canonical("+".join([spelling] if isinstance(spelling, str) else spelling))
    keys = {
        "cls": "cls_token",
        "max": "max_tokens",
        "mean": "mean_tokens",
        "mean_sqrt_len": "mean_sqrt_len_tokens",
        "weightedmean": "weightedmean_tokens",
        "lasttoken": "lasttoken",
    }
    return tuple(mode for mode in _ORDER if config.get(f"pooling_mode_{keys[mode]}")) or ("mean",)


def pool(states: "Tensor", mask: "Tensor | None", modes: tuple[str, ...], skip: int = 0) -> "Tensor":
    """Pool states[b, t, e] under mask[b, t] (None: nothing is padded) to [b, e · modes], in float32.

    `skip` leaves out the first so many real tokens (a prompt that is not pooled).
    """
    import torch

    states = states.float()
    if skip:
        mask = torch.ones(states.shape[:2], dtype=torch.long) if mask is None else mask
        first = mask.int().argmax(1, keepdim=True)
        pooled_mask = mask * (torch.arange(mask.shape[1], device=mask.device) >= first + skip)
        return torch.cat([_MODES[mode](states, pooled_mask, mask) for mode in modes], -1)
    return torch.cat([_MODES[mode](states, mask, mask) for mode in modes], -1)


def _cls(states: "Tensor", pooled_mask: "Tensor | None", _: "Tensor | None") -> "Tensor":
    return states[:, 0] if pooled_mask is None else _gather(states, pooled_mask.int().argmax(1))


def _last(states: "Tensor", pooled_mask: "Tensor | None", _: "Tensor | None") -> "Tensor":
    return (
        states[:, -1]
        if pooled_mask is None
        else _gather(states, pooled_mask.shape[1] - 1 - pooled_mask.flip(1).int().argmax(1))
    )


def _mean(states: "Tensor", pooled_mask: "Tensor | None", _: "Tensor | None") -> "Tensor":
    if pooled_mask is None:
        return states.mean(1)
    weights = pooled_mask.to(states.dtype)
    return _weighted_sum(states, weights) / weights.sum(1, keepdim=True).clamp(min=1e-9)


def _mean_sqrt_len(states: "Tensor", pooled_mask: "Tensor | None", _: "Tensor | None") -> "Tensor":
    if pooled_mask is None:
        return states.sum(1) / states.shape[1] ** 0.5
    weights = pooled_mask.to(states.dtype)
    return _weighted_sum(states, weights) / weights.sum(1, keepdim=True).clamp(min=1e-9).sqrt()


def _max(states: "Tensor", pooled_mask: "Tensor | None", _: "Tensor | None") -> "Tensor":
    return (states if pooled_mask is None else states.masked_fill(pooled_mask.unsqueeze(-1) == 0, float("-inf"))).amax(
        1
    )


def _weighted_mean(states: "Tensor", pooled_mask: "Tensor | None", mask: "Tensor | None") -> "Tensor":
    """Weight position i (1, 2 … from the first real token) by i. Source: Muennighoff, SGPT, 2022, eq. 2."""
    import torch

    positions = torch.arange(1, states.shape[1] + 1, device=states.device, dtype=states.dtype).expand(states.shape[:2])
    if pooled_mask is not None and mask is not None:
        positions = (positions - mask.int().argmax(1, keepdim=True)) * pooled_mask
    return _weighted_sum(states, positions) / positions.sum(1, keepdim=True).clamp(min=1e-9)


def _weighted_sum(states: "Tensor", weights: "Tensor") -> "Tensor":
    return (weights.unsqueeze(1) @ states).squeeze(1)


def _gather(states: "Tensor", positions: "Tensor") -> "Tensor":
    import torch

    return states[torch.arange(len(states), device=states.device), positions]


_MODES = {
    "cls": _cls,
    "lasttoken": _last,
    "mean": _mean,
    "max": _max,
    "mean_sqrt_len": _mean_sqrt_len,
    "weightedmean": _weighted_mean,
}


def width(modes: tuple[str, ...], n_hidden: int) -> int:
    """Return the number of dimensions after pooling.

    Raises:
        InvalidInput: no mode is named.
    """
    if not modes:
        raise InvalidInput("no pooling is named; expected at least one mode; write MODEL@pooling=mean")
    return len(modes) * n_hidden
