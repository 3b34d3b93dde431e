"""Backbone: the transformer inside an encoder, of the class that its config and its weights name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from evidense.boundary.strangers import foreign
from evidense.compute.models.architecture import config_of, drawn, filled
from evidense.compute.models.folder import ModelFolder
from evidense.compute.models.modules import reduced_layers
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_ENCODER_ONLY = {
    "t5": "T5EncoderModel",
    "mt5": "MT5EncoderModel",
    "umt5": "UMT5EncoderModel",
    "longt5": "LongT5EncoderModel",
}
_DPR = {"ctx_encoder": "DPRContextEncoder", "question_encoder": "DPRQuestionEncoder"}
DECODERS = {
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "gemma2",
    "gemma3_text",
    "phi",
    "phi3",
    "gpt2",
    "gpt_neox",
    "gpt_neo",
    "opt",
    "bloom",
    "olmo",
    "olmo2",
    "granite",
    "smollm3",
    "starcoder2",
    "stablelm",
    "falcon",
}
"""Decoder families: only their last token attends to the whole text."""


@dataclass(frozen=True)
class Backbone:
    """A loaded model, and the module inside it that maps token ids to states."""

    model: "torch.nn.Module"
    inner: "torch.nn.Module"
    head: "torch.nn.Module | None" = None
    """A projection that belongs to the model class (`encode_proj` of DPR)."""

    @property
    def config(self) -> Any:
        """Config of the inner model."""
        return self.inner.config

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return int(getattr(self.config, "num_hidden_layers", 0) or getattr(self.config, "num_layers", 0))

    @property
    def n_hidden(self) -> int:
        """Width of a state."""
        return int(self.config.hidden_size)

    def states(self, ids: "Tensor", mask: "Tensor | None") -> "Tensor":
        """Return the last layer's states[b, t, e]."""
        return self.inner(input_ids=ids, attention_mask=mask).last_hidden_state

    def pooler_output(self, ids: "Tensor", mask: "Tensor | None") -> "Tensor":
        """Return the output [b, e] of the model's own pooler."""
        return self.inner(input_ids=ids, attention_mask=mask).pooler_output

    def each_layer(self, ids: "Tensor", mask: "Tensor | None", reduce: "Callable[[Tensor], Tensor]") -> "list[Tensor]":
        """Reduce the states of layers 0 (embeddings) … n_layers during one forward pass; full states are not kept.

        The last layer is `last_hidden_state` of transformers, after the final norm if there is one.
        """
        return reduced_layers(self.blocks(), lambda: self.states(ids, mask), reduce)

    def blocks(self) -> "list[torch.nn.Module]":
        """Return the transformer blocks in order.

        Raises:
            InvalidInput: this class does not keep its blocks in one list.
        """
        import torch

        lists = [m for m in self.inner.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == self.n_layers]
        if not lists:
            raise InvalidInput(
                f"{type(self.inner).__name__} does not keep its {self.n_layers} layers in one list; expected a plain"
                " stack of blocks; ask for the last layer only"
            )
        return list(lists[0])


def build(folder: ModelFolder, tensors: "Mapping[str, torch.Tensor] | None", *, pooler: bool) -> Backbone:
    """Build the model without loading weights; the names of the checkpoint's `tensors` tell the two towers of DPR apart.

    With tensors, the model is built only if they fill it. Without tensors (None), it keeps its random weights.

    Raises:
        IncompleteWeights, InvalidInput: the tensors do not fill the model, transformers does not know the config, or models of this
            family do not encode text.
    """
    config_file = folder.transformer / "config.json"
    config = config_of(config_file, folder.config, None if tensors is None else len(tensors))
    config.use_cache = False
    if config.model_type == "dpr":
        make = partial(_dpr, config, list(tensors or {}))
    else:
        with foreign(str(config_file), "Expected a text encoder; install what its class needs, or take another model."):
            model_class = _text_class(config, folder)
        make = partial(_with_inner, model_class, config, pooler)
    if tensors is None:
        return drawn(make, _model_of, str(config_file))
    return filled(make, _model_of, tensors, str(folder.root))


def _model_of(backbone: Backbone) -> "torch.nn.Module":
    return backbone.model


def _text_class(config: Any, folder: ModelFolder) -> type:
    import transformers
    from transformers import MODEL_MAPPING

    if config.model_type in _ENCODER_ONLY:
        return getattr(transformers, _ENCODER_ONLY[config.model_type])  # type: ignore[no-any-return]
    if (
        hasattr(config, "vision_config")
        or not hasattr(config, "vocab_size")
        or getattr(config, "is_encoder_decoder", False)
    ):
        raise InvalidInput(
            f"'{folder.root}' is a model of the kind '{config.model_type}', which does not encode plain text; expected"
            " a text encoder or decoder" + (f"; write clip:{folder.root}" if hasattr(config, "vision_config") else "")
        )
    mapped = MODEL_MAPPING.get(type(config), None)
    model_class = mapped[0] if isinstance(mapped, tuple | list) else mapped
    if model_class is None:
        raise InvalidInput(
            f"'{folder.root}' is a model of the kind '{config.model_type}', for which transformers has no base"
            " class; expected a text encoder; take another model"
        )
    return model_class  # type: ignore[no-any-return]


def _with_inner(model_class: type, config: Any, pooler: bool) -> Backbone:
    import inspect

    takes = "add_pooling_layer" in inspect.signature(model_class).parameters
    model = model_class(config, add_pooling_layer=pooler) if takes else model_class(config)
    if pooler and getattr(model, "pooler", None) is None:
        raise InvalidInput(
            f"{model_class.__name__} has no pooler; expected one for the read-out 'pooler'; write"
            " @pooling=cls or @pooling=mean"
        )
    return Backbone(model.eval(), model)


def _dpr(config: Any, names: list[str]) -> Backbone:
    import transformers

    sides = {name.partition(".")[0] for name in names} & set(_DPR)
    named = [side for side, class_name in _DPR.items() if class_name in (config.architectures or [])]
    side = sides.pop() if len(sides) == 1 else (named or ["question_encoder"])[0]
    model = getattr(transformers, _DPR[side])(config).eval()
    inner = getattr(model, side)
    return Backbone(model, inner.bert_model, inner.encode_proj if config.projection_dim > 0 else None)
