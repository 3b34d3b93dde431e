"""Save a text encoder as a sentence-transformers folder: transformer, pooling, later modules, prompts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.boundary.disk import disk_errors
from evidense.compute.models.tokens import save_tokenizer
from evidense.compute.quiet import quiet
from evidense.compute.texts.dense import PostPoolingStep
from evidense.compute.texts.text_tower import TextTower
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    from torch import nn

_MODES = {
    "cls": "cls_token",
    "mean": "mean_tokens",
    "max": "max_tokens",
    "mean_sqrt_len": "mean_sqrt_len_tokens",
    "weightedmean": "weightedmean_tokens",
    "lasttoken": "lasttoken",
}


def save_text(query: TextTower, document: TextTower, folder: Path, similarity: str) -> None:
    """Write an encoder whose two sides share one model into a folder. Equal weights give equal bytes.

    Raises:
        InvalidInput: the sides are two models, or the format has no name for the pooling.
        StoreError: the disk is full.
    """
    if query.backbone.model is not document.backbone.model:
        raise InvalidInput(
            "the two sides of this encoder are two models, but a sentence-transformers folder holds one; expected a shared "
            "model; train from one of the two"
        )
    if not query.modes:
        raise InvalidInput(
            "the read-out 'pooler' cannot be named in a sentence-transformers folder; expected a pooling; write @pooling=cls or mean"
        )
    refuse_unit_after_cut(any(step.truncate_dim is not None for step in query.after[:-1]))
    with disk_errors(folder), quiet():
        folder.mkdir(parents=True, exist_ok=True)
        model: Any = query.backbone.model
        model.save_pretrained(folder)
        save_tokenizer(query.reader.tokenizer, folder)
        steps = [step for step in query.after if step.truncate_dim is None and not _is_own(step, query)]
        truncate_dim = next((step.truncate_dim for step in query.after if step.truncate_dim is not None), None)
        kinds = ["", "Pooling", *(_kind(step) for step in steps)]
        paths = ["" if not kind else f"{index}_{kind}" for index, kind in enumerate(kinds)]
        write_json(
            folder / "modules.json",
            [
                module_entry(index, kind or "Transformer", path)
                for index, (kind, path) in enumerate(zip(kinds, paths, strict=True))
            ],
        )
        pooled = {
            "word_embedding_dimension": query.backbone.n_hidden,
            "include_prompt": not query.skip and not document.skip,
        }
        pooled |= {f"pooling_mode_{name}": mode in query.modes for mode, name in _MODES.items()}
        write_json(folder / paths[1] / "config.json", pooled)
        for path, step in zip(paths[2:], steps, strict=True):
            _save_step(step, folder / path)
        reading = {"max_seq_length": query.reader.max_length, "do_lower_case": query.reader.lower_case}
        write_json(folder / "sentence_bert_config.json", reading)
        write_json(
            folder / "config_sentence_transformers.json",
            settings(query.prompt, document.prompt, similarity, truncate_dim),
        )


def refuse_unit_after_cut(is_so: bool) -> None:
    """Refuse to save an encoder that normalises its vectors after truncation.

    Raises:
        InvalidInput: the encoder does that.
    """
    if is_so:
        raise InvalidInput(
            "a sentence-transformers folder cannot express unit length after truncate_dim; expected one of the two; leave "
            "@normalize=true out"
        )


def settings(
    query_prompt: str, document_prompt: str, similarity: str, truncate_dim: int | None = None
) -> dict[str, Any]:
    """Return config_sentence_transformers.json: prompts, similarity, and the dimensions kept (None: all)."""
    prompts = {"query": query_prompt, "document": document_prompt}
    sentence_settings = {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": similarity}
    return sentence_settings if truncate_dim is None else {**sentence_settings, "truncate_dim": truncate_dim}


def _is_own(step: PostPoolingStep, tower: TextTower) -> bool:
    """Say whether a step is the projection of the model class; the weights of the model include it already."""
    return step.weights is not None and any(m is tower.backbone.head for m in step.weights.children())


def _kind(step: PostPoolingStep) -> str:
    if step.weights is None:
        return "Normalize"
    return "LayerNorm" if "norm" in dict(step.weights.named_children()) else "Dense"


def module_entry(index: int, class_name: str, path: str) -> Mapping[str, Any]:
    """Return one entry of modules.json."""
    return {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{class_name}"}


def _save_step(step: PostPoolingStep, folder: Path) -> None:
    from safetensors.torch import save_file

    folder.mkdir(exist_ok=True)
    if step.weights is None:
        return
    layers: dict[str, nn.Module] = dict(step.weights.named_children())
    write_json(folder / "config.json", _described(layers, step.adds_input))
    tensors = {name: tensor.detach().contiguous() for name, tensor in sorted(step.weights.state_dict().items())}
    save_file(tensors, folder / "model.safetensors")


def _described(layers: Mapping[str, "nn.Module"], adds_input: bool) -> dict[str, Any]:
    if "norm" in layers:
        norm: Any = layers["norm"]
        return {"dimension": int(norm.normalized_shape[0])}
    linear: Any = layers["linear"]
    activation = type(layers["activation"]) if "activation" in layers else None
    name = f"{activation.__module__}.{activation.__name__}" if activation else "torch.nn.modules.linear.Identity"
    shape = {"in_features": linear.in_features, "out_features": linear.out_features, "bias": linear.bias is not None}
    return shape | {"activation_function": name} | ({"use_residual": True} if adds_input else {})


def write_json(path: Path, value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write a JSON file of a sentence-transformers folder, keys sorted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
