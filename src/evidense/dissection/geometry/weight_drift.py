"""How far weights moved: relative change and effective rank of the change, per matrix."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from evidense.dissection.matrices import effective_number
from evidense.errors import InvalidInput

Array = Float[np.ndarray, "..."]

_BLOCK = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|encoder\.layer|transformer\.layer)\.(\d+)\.")
_KINDS = (
    ("embeddings", r"embed|wte|wpe|patch|cls_token|class_token"),
    ("norm", r"norm|ln_\d|layernorm|\.ln\b"),
    ("attention query and key", r"(?:^|[._])(?:q|k|query|key|q_lin|k_lin|q_proj|k_proj)(?:[._]|$)"),
    (
        "attention value and output",
        r"(?:^|[._])(?:v|o|value|v_lin|out_lin|v_proj|o_proj|out_proj)(?:[._]|$)|attention\.output|attn\.o",
    ),
    ("attention", r"attn|attention"),
    ("intermediate", r"intermediate|fc1|lin1|up_proj|gate_proj|c_fc|wi"),
    ("output", r"output|fc2|lin2|down_proj|c_proj|wo"),
)


@dataclass(frozen=True)
class WeightChange:
    """The change of one weight between two subjects."""

    name: str
    layer: int
    """0 for embeddings, b + 1 for block b (as states are counted), and one more for what follows the blocks."""
    kind: str
    """Kind of its module: attention query and key, attention value and output, intermediate, output, norm, embeddings, other."""
    square_change: float
    """‖ΔW‖²_F."""
    square: float
    """‖W‖²_F in the base."""
    rank: float | None
    """Effective rank of ΔW, e^H of its squared singular values' shares; None for a vector or an unchanged matrix."""
    shape: tuple[int, ...]


def weights(tower: Any) -> dict[str, Array]:
    """Return the weights of a tower by name, as arrays.

    Raises:
        InvalidInput: the tower shows no modules, as towers that cannot be trained.
    """
    modules = getattr(tower, "weights", None)
    if not isinstance(modules, Mapping):
        raise InvalidInput(
            f"{type(tower).__name__} shows no weights; expected a tower that can be trained; leave drift out for it"
        )
    arrays: dict[str, Array] = {}
    known_ids: set[int] = set()
    for name, module in modules.items():
        for inner, weight in module.named_parameters():
            if id(weight) not in known_ids:
                known_ids.add(id(weight))
                arrays[f"{name}.{inner}"] = weight.detach().cpu().float().numpy()
    return arrays


def moved(base: Mapping[str, Array], other: Mapping[str, Array]) -> list[WeightChange]:
    """Compare the weights of equal names.

    Raises:
        InvalidInput: names or shapes differ; the message names the first difference.
    """
    check_alike(base, other)
    n_blocks = 1 + max((block for name in base if (block := _block(name)) is not None), default=-1)
    return list(_moved(base, other, n_blocks))


def check_alike(base: Mapping[str, Array], other: Mapping[str, Array]) -> None:
    """Refuse two sets of weights that do not correspond.

    Raises:
        InvalidInput: names or shapes differ; the message names the first difference.
    """
    for name in sorted(set(base) | set(other)):
        if name not in base or name not in other:
            where = "the base" if name in base else "the other"
            raise InvalidInput(
                f"the weight '{name}' is only in {where}; expected two encoders of one architecture; leave drift out for this pair"
            )
        if base[name].shape != other[name].shape:
            raise InvalidInput(
                f"the weight '{name}' has shape {base[name].shape} in the base and {other[name].shape} in the other; expected equal shapes"
            )
        if not (np.isfinite(base[name]).all() and np.isfinite(other[name]).all()):
            raise InvalidInput(
                f"the weight '{name}' holds a value that is not finite; expected finite weights; check the checkpoint"
            )


def _moved(base: Mapping[str, Array], other: Mapping[str, Array], n_blocks: int) -> Iterator[WeightChange]:
    for name, before in base.items():
        block = _block(name)
        kind = kind_of(name)
        layer = (
            block + 1 if block is not None else (0 if kind == "embeddings" or ".embeddings" in name else n_blocks + 1)
        )
        change = other[name].astype(np.float64) - before
        square = float((change**2).sum())
        rank = effective_rank(change) if change.ndim == 2 and square > 0 and kind != "embeddings" else None
        yield WeightChange(name, layer, kind, square, float((before.astype(np.float64) ** 2).sum()), rank, before.shape)


def kind_of(name: str) -> str:
    """Return the kind of module that a weight belongs to.

    >>> kind_of("encoder.layer.3.attention.self.query.weight"), kind_of("encoder.layer.3.intermediate.dense.weight")
    ('attention query and key', 'intermediate')
    """
    return next((kind for kind, pattern in _KINDS if re.search(pattern, name, re.IGNORECASE)), "other")


def _block(name: str) -> int | None:
    match = _BLOCK.search(name)
    return int(match.group(1)) if match else None


def effective_rank(change: Float[np.ndarray, "a b"]) -> float:
    """Return e^H of the shares of squared singular values: 1 for an outer product, min(a, b) if all are equal.

    Source: Roy and Vetterli 2007, on squares.

    >>> round(effective_rank(np.outer([1.0, 2.0], [3.0, 4.0])), 6), round(effective_rank(np.eye(3)), 6)
    (1.0, 3.0)
    """
    small = change if change.shape[0] <= change.shape[1] else change.T
    shares = np.maximum(np.linalg.eigvalsh(small @ small.T), 0)
    return float(effective_number(shares / shares.sum()))
