"""Loading guard: a checkpoint fills every weight that the read-out needs, or it is refused; nothing is left at random in silence."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from evidense.errors import IncompleteWeights, InvalidInput

if TYPE_CHECKING:
    import torch

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
"""Families with the prefixes of their declared heads (a decoder, where only the encoder is used), beside those of any family."""


def load_guarded(model: "torch.nn.Module", tensors: "Mapping[str, torch.Tensor]", source: str) -> tuple[str, ...]:
    """Copy the tensors into the model and return the names of those that belong to a declared head and were not used.

    Every parameter of `model` counts as needed: build it without the parts that the read-out does not use.

    Raises:
        IncompleteWeights: a needed weight is missing (lists them).
        InvalidInput: an unexpected weight that belongs to no declared head, or a weight of another shape.
    """
    own = dict(model.state_dict(keep_vars=True))
    names = _matched(own, list(tensors), model)
    tied = {id(own[name]) for name in names.values()}
    buffers = {name for name, _ in model.named_buffers()}
    missing = [n for n in own if n not in names.values() and n not in buffers and id(own[n]) not in tied]
    if missing:
        raise IncompleteWeights(_missing_text(source, model, missing, len(own), list(tensors)))
    unexpected = [name for name in tensors if name not in names and not name.endswith(_BUFFERS)]
    unused = tuple(sorted(name for name in unexpected if _of_a_head(name, model)))
    if strangers := sorted(set(unexpected) - set(unused)):
        raise InvalidInput.all_of(
            f"{source}: weights that {type(model).__name__} has no place for and that are no declared head of its"
            " family; expected none; use the class that this checkpoint was saved from",
            strangers,
        )
    shapes = [
        f"{theirs}: {tuple(tensors[theirs].shape)} instead of {tuple(own[mine].shape)}"
        for theirs, mine in names.items()
        if tensors[theirs].shape != own[mine].shape
    ]
    if shapes:
        raise InvalidInput.all_of(f"{source}: weights of another shape than config.json says; expected equal shapes; correct the config", shapes)  # fmt: skip
    _copy(own, names, tensors)
    return unused


def judge_loaded(model: Any, missing: Collection[str], unexpected: Collection[str], source: str) -> tuple[str, ...]:
    """Judge what transformers' own loader reports by the same rule, and return the names that belong to a declared head.

    Raises:
        IncompleteWeights: a weight is missing.
        InvalidInput: an unexpected weight that belongs to no declared head.
    """
    own = model.state_dict()
    if missing:
        raise IncompleteWeights(_missing_text(source, model, sorted(missing), len(own), sorted(unexpected)))
    if strangers := sorted(name for name in unexpected if not _of_a_head(name, model)):
        raise InvalidInput.all_of(f"{source}: weights that {type(model).__name__} has no place for and that are no declared head of its family; "
                                  "expected none; use the class that this checkpoint was saved from", strangers)  # fmt: skip
    return tuple(sorted(unexpected))


def _matched(own: Mapping[str, Any], given: list[str], model: "torch.nn.Module") -> dict[str, str]:
    """Return checkpoint name → model name, under the prefix ('', 'bert.' …) that matches most."""
    prefix = getattr(model, "base_model_prefix", "") or ""
    stems = sorted({"", f"{prefix}.", *(_stem(name, own) for name in given[:2000])})
    options = [{name: mine for name in given if (mine := _renamed(name, stem)) in own} for stem in stems]
    return max(options, key=len)


def _stem(name: str, own: Mapping[str, Any]) -> str:
    """Return the shortest leading part of a name whose rest the model knows; '' if none is."""
    pieces = name.split(".")
    for cut in range(1, min(4, len(pieces))):
        if _modern(".".join(pieces[cut:])) in own:
            return ".".join(pieces[:cut]) + "."
    return ""


def _renamed(name: str, stem: str) -> str:
    return _modern(name.removeprefix(stem)) if name.startswith(stem) else "\0"


def _modern(name: str) -> str:
    if name.endswith("LayerNorm.gamma"):
        return name.removesuffix("gamma") + "weight"
    return name.removesuffix("beta") + "bias" if name.endswith("LayerNorm.beta") else name


def _of_a_head(name: str, model: "torch.nn.Module") -> bool:
    config = getattr(model, "config", None)
    family = getattr(config, "model_type", "")
    heads = _ANY_FAMILY + _HEADS.get(family, ())
    prefix = getattr(model, "base_model_prefix", "") or ""
    rest = name.removeprefix(f"{prefix}.") if prefix else name
    return name.startswith(heads) or rest.startswith(heads)


def _copy(own: Mapping[str, Any], names: Mapping[str, str], tensors: "Mapping[str, torch.Tensor]") -> None:
    import torch

    with torch.no_grad():
        for theirs, mine in names.items():
            own[mine].copy_(tensors[theirs])


def _missing_text(source: str, model: Any, missing: list[str], n_needed: int, given: list[str]) -> str:
    listed = "\n  ".join(missing[:20] + ([f"… and {len(missing) - 20} more"] if len(missing) > 20 else []))
    held = f"the checkpoint holds {len(given)} weights" + (f", as '{given[0]}'" if given else "")
    return (
        f"{source}: {len(missing)} of {n_needed} weights that {type(model).__name__} needs for this read-out are"
        f" missing ({held}); expected all of them, since a missing weight would be random; use a checkpoint that holds"
        f" them, or another read-out\n  {listed}"
    )
