"""Loading guard: refuse a checkpoint that does not fill every weight that is needed, so that no weight is silently random."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidense.errors import IncompleteWeights, InvalidInput

if TYPE_CHECKING:
    import torch

_FREE_BUFFERS = 1 << 28
"""Most bytes of buffers that any model may have."""
_MOST_STEM = 6
"""Most parts of a prefix before the model's own name of a weight, as in `_orig_mod.module.0.auto_model.bert.`."""
_MOST_STEMS = 8
"""So many of the most common prefixes (stems) of a file are tried."""
_BUFFERS = ("position_ids", "rotary_emb.inv_freq", "attn.bias", "attn.masked_bias", "attention.bias", "attention.masked_bias", "token_type_ids")  # fmt: skip
_ANY_FAMILY = ("cls.", "lm_head.", "qa_outputs.", "classifier.", "score.", "pooler.")
_HEADS: Mapping[str, tuple[str, ...]] = {
    "albert": ("predictions.", "sop_classifier."),
    "deberta": ("lm_predictions.", "mask_predictions."),
    "deberta-v2": ("lm_predictions.", "mask_predictions.", "deberta.embeddings.position_embeddings."),
    "distilbert": ("vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "pre_classifier."),
    "electra": ("discriminator_predictions.", "generator_predictions.", "generator_lm_head."),
    "modernbert": ("head.", "decoder."),
    "t5": ("decoder.",),
    "mt5": ("decoder.",),
    "umt5": ("decoder.",),
}
"""Family → prefixes of its declared heads (or of the unused decoder), in addition to those of any family."""


def load_guarded(model: "torch.nn.Module", tensors: "Mapping[str, torch.Tensor]", source: str) -> tuple[str, ...]:
    """Copy the tensors into the model; return the names of unused tensors that belong to a declared head.

    Every parameter of `model` counts as needed, so build it without the parts that are not used.

    Raises:
        IncompleteWeights: needed weights are missing (all are listed).
        InvalidInput: an unexpected weight belongs to no declared head, or a weight has another shape.
    """
    fit = _fitted(model, tensors, source)
    _copy(fit, tensors)
    return fit.unused


def refuse_unfilled(blank: "torch.nn.Module", tensors: "Mapping[str, torch.Tensor]", source: str) -> None:
    """Check a model on the device `meta` (no memory used yet) as `load_guarded` does, and the size of its buffers.

    Raises:
        IncompleteWeights, InvalidInput: as `load_guarded`; or the buffers are far larger than the weights.
    """
    _fitted(blank, tensors, source)
    weight_bytes = sum(t.numel() * 4 for t in tensors.values())
    if (buffer_bytes := sum(b.numel() * b.element_size() for b in blank.buffers())) > max(
        _FREE_BUFFERS, 4 * weight_bytes
    ):
        raise InvalidInput(
            f"'{source}' asks for {buffer_bytes:,} bytes for buffers (such as position tables), besides {weight_bytes:,} bytes of weights. "
            "Expected a config.json that fits the weights; correct it."
        )


@dataclass(frozen=True)
class _Fit:
    """How a checkpoint fills a model."""

    model_weights: Mapping[str, Any]
    names: Mapping[str, str]
    """Checkpoint name → model name."""
    unused: tuple[str, ...]
    """Checkpoint names that belong to a declared head and are not used."""


def _fitted(model: "torch.nn.Module", tensors: "Mapping[str, torch.Tensor]", source: str) -> _Fit:
    """Match a checkpoint with a model; raises as `load_guarded`."""
    model_weights = dict(model.state_dict(keep_vars=True))
    stem, names = _matched(model_weights, list(tensors), model)
    tied_ids = {id(model_weights[name]) for name in names.values()}
    buffers = {name for name, _ in model.named_buffers()}
    filled = set(names.values())
    missing = [
        n for n in model_weights if n not in filled and n not in buffers and id(model_weights[n]) not in tied_ids
    ]
    if missing:
        raise IncompleteWeights(_missing_text(source, model, missing, len(model_weights), list(tensors)))
    unexpected = [name for name in tensors if name not in names and not name.endswith(_BUFFERS)]
    unused = tuple(sorted(name for name in unexpected if _of_a_head(name, model, stem)))
    if strangers := sorted(set(unexpected) - set(unused)):
        raise _no_place_for(strangers, model, source)
    if wrong := list(_wrong_tensors(model_weights, names, tensors)):
        raise InvalidInput.all_of(f"{source}: weights of another shape than config.json says; expected equal shapes; correct the config", wrong)  # fmt: skip
    return _Fit(model_weights, names, unused)


def _wrong_tensors(
    model_weights: Mapping[str, Any], names: Mapping[str, str], tensors: "Mapping[str, torch.Tensor]"
) -> Iterator[str]:
    """Yield a sentence for each tensor of another shape than the model's, then for each of another kind of numbers."""
    for theirs, mine in names.items():
        if tensors[theirs].shape != model_weights[mine].shape:
            yield f"{theirs}: {tuple(tensors[theirs].shape)} instead of {tuple(model_weights[mine].shape)}"
    for theirs, mine in names.items():
        if model_weights[mine].is_floating_point() and not tensors[theirs].is_floating_point():
            dtype = str(tensors[theirs].dtype).removeprefix("torch.")
            yield f"{theirs}: {dtype} instead of a floating number type"


def judge_loaded(model: Any, missing: Collection[str], unexpected: Collection[str], source: str) -> tuple[str, ...]:
    """Apply the same rule to the report of transformers' own loader; return the names that belong to a declared head.

    Raises:
        IncompleteWeights: a weight is missing.
        InvalidInput: an unexpected weight belongs to no declared head.
    """
    model_weights = model.state_dict()
    if missing:
        raise IncompleteWeights(_missing_text(source, model, sorted(missing), len(model_weights), sorted(unexpected)))
    if strangers := sorted(name for name in unexpected if not _of_a_head(name, model)):
        raise _no_place_for(strangers, model, source)
    return tuple(sorted(unexpected))


def _no_place_for(strangers: list[str], model: Any, source: str) -> InvalidInput:
    return InvalidInput.all_of(
        f"{source}: weights that {type(model).__name__} has no place for and that are no declared head of its"
        " family; expected none; use the class that this checkpoint was saved from",
        strangers,
    )


def _matched(
    model_weights: Mapping[str, Any], checkpoint_names: list[str], model: "torch.nn.Module"
) -> tuple[str, dict[str, str]]:
    """Return the prefix ('', 'bert.', 'module.' …) with the most matches, and for it checkpoint name → model name."""
    prefix = getattr(model, "base_model_prefix", "") or ""
    stem_counts = Counter(_stem(name, model_weights) for name in checkpoint_names)
    stems = sorted({"", f"{prefix}.", *(stem for stem, _ in stem_counts.most_common(_MOST_STEMS))})
    options = {
        stem: {name: mine for name in checkpoint_names if (mine := _renamed(name, stem)) in model_weights}
        for stem in stems
    }
    return max(options.items(), key=lambda option: len(option[1]))


def _stem(name: str, model_weights: Mapping[str, Any]) -> str:
    """Return the shortest prefix after which the model knows the name; '' if there is none."""
    pieces = name.split(".")
    for cut in range(1, min(_MOST_STEM, len(pieces) - 1) + 1):
        if _modern(".".join(pieces[cut:])) in model_weights:
            return ".".join(pieces[:cut]) + "."
    return ""


def _renamed(name: str, stem: str) -> str:
    return _modern(name.removeprefix(stem)) if name.startswith(stem) else "\0"


def _modern(name: str) -> str:
    if name.endswith("LayerNorm.gamma"):
        return name.removesuffix("gamma") + "weight"
    return name.removesuffix("beta") + "bias" if name.endswith("LayerNorm.beta") else name


def _of_a_head(name: str, model: "torch.nn.Module", stem: str = "") -> bool:
    """Say whether a name belongs to a declared head: as it is, after the matched prefix, or after a part of that prefix."""
    family = getattr(getattr(model, "config", None), "model_type", "")
    heads = _ANY_FAMILY + _HEADS.get(family, ())
    base = getattr(model, "base_model_prefix", "") or ""
    pieces = stem.split(".")[:-1]
    above = [".".join([*pieces[:cut], ""]) for cut in range(len(pieces) + 1)]
    stems = {"", *above, *(f"{part}{base}." for part in above if base)}
    return any(name.startswith(part) and name.removeprefix(part).startswith(heads) for part in stems)


def _copy(fit: _Fit, tensors: "Mapping[str, torch.Tensor]") -> None:
    import torch

    with torch.no_grad():
        for theirs, mine in fit.names.items():
            fit.model_weights[mine].copy_(tensors[theirs])


def _missing_text(source: str, model: Any, missing: list[str], n_needed: int, checkpoint_names: list[str]) -> str:
    listed = "\n  ".join(missing[:20] + ([f"… and {len(missing) - 20} more"] if len(missing) > 20 else []))
    holdings = f"the checkpoint holds {len(checkpoint_names)} weights" + (
        f", as '{checkpoint_names[0]}'" if checkpoint_names else ""
    )
    return (
        f"{source}: {len(missing)} of {n_needed} weights that {type(model).__name__} needs for this read-out are"
        f" missing ({holdings}); expected all of them, since a missing weight would be random; use a checkpoint that holds"
        f" them, or another read-out\n  {listed}"
    )
