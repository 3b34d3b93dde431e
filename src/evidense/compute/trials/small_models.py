"""Small models with random weights, of the classes of published models, to test pooling before anything is downloaded."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput, MissingExtra
from evidense.values import Item, Picture, Spelling

Vectors = list[Float32[np.ndarray, "n e"]]
_WORDS = "what is a the of red blue house cat query passage instruct find image that".split()
_TEXT = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
_VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
_CONFIGS: dict[str, dict[str, Any]] = {
    "BertModel": _TEXT | {"max_position_embeddings": 64},
    "DPRQuestionEncoder": _TEXT | {"max_position_embeddings": 64},
    "DPRContextEncoder": _TEXT | {"max_position_embeddings": 64},
    "LlamaModel": _TEXT | {"num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3},
    "CLIPModel": {
        "text_config": _TEXT | {"max_position_embeddings": 32, "projection_dim": 16, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0},
        "vision_config": _VISION | {"projection_dim": 16},
        "projection_dim": 16,
    },
    "SiglipModel": {
        "text_config": _TEXT | {"max_position_embeddings": 16, "projection_size": 32, "pad_token_id": 3, "bos_token_id": 2, "eos_token_id": 3},
        "vision_config": _VISION,
    },
    "Qwen2VLModel": {
        "text_config": _TEXT | {"num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0,
                                "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}},
        "vision_config": {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 4, "mlp_ratio": 2},
        "image_token_id": 5, "vision_start_token_id": 6, "vision_end_token_id": 7, "video_token_id": 8,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Small:
    """A small model on disk."""

    model_class: str
    folder: Path
    n_dims: int


def require() -> None:
    """Refuse if torch, transformers or tokenizers is not installed.

    Raises:
        MissingExtra: one of them is missing.
    """
    from importlib.util import find_spec

    for name in ("torch", "transformers", "tokenizers"):
        if find_spec(name) is None:
            raise MissingExtra.named("encoders", "checking a model's class", name)


def width(config: Any) -> int:
    """Return the dimensions of a vector: those of the projection, else those of a state."""
    if hasattr(config, "vision_config") and config.model_type != "qwen2_vl":
        return int(getattr(config, "projection_dim", None) or config.vision_config.hidden_size)
    projected = getattr(config, "projection_dim", 0) if config.model_type == "dpr" else 0
    return int(projected or _text(config).hidden_size)


def positions(config: Any) -> int:
    """Return the number of positions of a config."""
    return int(_text(config).max_position_embeddings)


def save(model_class: str, folder: Path) -> Small:
    """Write a small model of a class, with tokeniser and picture processor if it needs them; the seed is fixed.

    Raises:
        InvalidInput: there is no small config for this class.
    """
    import torch
    import transformers

    if model_class not in _CONFIGS:
        raise InvalidInput(
            f"no small {model_class} is known; expected one of {', '.join(_CONFIGS)}; add its config to small_models"
        )
    built = getattr(transformers, model_class)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = built(built.config_class(**_CONFIGS[model_class])).eval()
    if model_class == "DPRContextEncoder":  # both towers are opened together
        save("DPRQuestionEncoder", folder / "questions")
    with quiet():
        model.save_pretrained(folder)
    _tokenizer(model_class).save_pretrained(folder)
    if model_class == "CLIPModel":
        transformers.CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        ).save_pretrained(folder)
    elif model_class == "SiglipModel":
        transformers.SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return Small(model_class, folder, width(model.config))


def encode(small: Small, pooling: str, query_prompt: str, document_prompt: str) -> tuple[Vectors, str]:
    """Encode two queries and two documents as Evidense would with the real model, and say how.

    Raises:
        EvidenseError: as opening the real model would.
    """
    if small.model_class == "Qwen2VLModel":
        return _decoder_with_pictures(
            small, pooling
        ), f"{pooling} pooling of a picture and a text; no part opens this class: encode elsewhere, then vectors:FOLDER"
    texts = [Item("a", "red house"), Item("b", "what is a cat")]
    pictures = [Item("c", picture=Picture(_png()))] if small.model_class in ("CLIPModel", "SiglipModel") else []
    options = {"query_prompt": query_prompt, "document_prompt": document_prompt} | (
        {"pooling": pooling} if pooling else {}
    )
    encoder = _opened(small, {k: v for k, v in options.items() if v})
    vectors = [
        encoder.tower(side).vectors(encoder.tower(side).prepare(items))
        for side, items in (("query", texts), ("document", pictures or texts))
    ]
    return (
        vectors,
        f"{encoder.setup.pooling} read out of {'text and picture' if pictures else 'queries and documents'}{_prompted(query_prompt, document_prompt)}",
    )


def _opened(small: Small, options: dict[str, str]) -> Any:
    from evidense.compute.images.open_image_text import open_image_text
    from evidense.compute.texts.open_text import open_text_encoder

    if small.model_class in ("CLIPModel", "SiglipModel"):
        return open_image_text(Spelling(str(small.folder), options))
    if small.model_class == "DPRContextEncoder":
        return open_text_encoder(
            Spelling(str(small.folder / "questions"), options | {"document_tower": str(small.folder)})
        )
    return open_text_encoder(Spelling(str(small.folder), options))


def _decoder_with_pictures(small: Small, pooling: str) -> Vectors:
    """Encode a text and a picture of 4 patches (one token after merging) with the class itself."""
    import torch
    import transformers

    from evidense.compute.pooling import canonical, pool

    with quiet():
        model = transformers.Qwen2VLModel.from_pretrained(small.folder).eval()
    ids = torch.tensor([[10, 6, 5, 7, 11, 12]])
    patches = torch.zeros(4, 3 * model.config.vision_config.temporal_patch_size * 4 * 4)
    with torch.inference_mode():
        states = model(
            input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=patches, image_grid_thw=torch.tensor([[1, 2, 2]]),
            mm_token_type_ids=(ids == 5).int(),
        ).last_hidden_state  # fmt: skip
        pooled = pool(states, None, canonical(pooling or "lasttoken"))
        return [torch.nn.functional.normalize(pooled, dim=-1).numpy()]


def _text(config: Any) -> Any:
    return getattr(config, "text_config", config)


def _tokenizer(model_class: str) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["<pad>", "<unk>", "<s>", "</s>", "<mask>", ":", *_WORDS])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    raw.normalizer, raw.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    is_bert = model_class in ("BertModel", "DPRQuestionEncoder", "DPRContextEncoder", "CLIPModel")
    pattern = "<s> $A </s>" if is_bert else "$A </s>"
    raw.post_processor = processors.TemplateProcessing(single=pattern, special_tokens=[("<s>", 2), ("</s>", 3)])
    pad, limit = ("</s>", 16) if model_class == "SiglipModel" else ("<pad>", 32)
    return PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="<unk>", pad_token=pad, bos_token="<s>", eos_token="</s>",
                                   cls_token="<s>", sep_token="</s>", mask_token="<mask>", model_max_length=limit)  # fmt: skip


def _png() -> bytes:
    """Return a grey picture of 32 × 32."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([128]) * 32 for _ in range(32))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _prompted(query: str, document: str) -> str:
    prompts = [repr(prompt) for prompt in (query, document) if prompt]
    return f" after {' and '.join(prompts)}" if prompts else ""
