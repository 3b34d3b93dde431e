"""Tiny encoders of each class, with queries and documents, for the tests of neuron attribution."""

from pathlib import Path
from typing import Any

import numpy as np

from encoders import text_models
from evidense.compute.images.open_image_text import open_image_text
from evidense.compute.texts.open_text import open_text_encoder
from evidense.compute.trials.small_models import save
from evidense.dissection.attribution.targets import Target
from evidense.values import Item, Picture, Spelling

QUERIES = ["w1 w2 w3", "w4 w5 w6 w7 w8 w9", "w11 w12 w13 w14", "w20 w21"]
RELEVANT = ["w1 w2 w9 w10", "w4 w5 w6 w7", "w14 w15 w16", "w21 w22 w23 w24 w25"]
OTHERS = ["w30 w31", "w40 w41 w42", "w50 w51 w52 w53", "w59 w58 w57"]
TEXT_CLASSES = {
    "BertModel": "bert",
    "MPNetModel": "mpnet",
    "DistilBertModel": "distilbert",
    "LlamaModel": "llama",
    "Qwen2Model": "qwen2",
    "Qwen3Model": "qwen3",
    "GemmaModel": "gemma",
    "Gemma3TextModel": "gemma3_text",
}
SMALL = {"vocab_size": 66, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}


def items(texts: list[str]) -> list[Item]:
    return [Item(str(at), text) for at, text in enumerate(texts)]


def text_encoder(folder: Path, class_name: str = "BertModel", **options: str) -> Any:
    """Save and open a small text encoder of a class, with weights large enough that texts differ."""
    import torch
    import transformers

    kind = TEXT_CLASSES[class_name]
    if kind in {"mpnet", "qwen3", "gemma3_text"}:
        more = {"mpnet": {"max_position_embeddings": 66}, "qwen3": {"head_dim": 8}, "gemma3_text": {"head_dim": 8}}[
            kind
        ]
        decoder = (
            {} if kind == "mpnet" else {"num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0}
        )
        torch.manual_seed(0)
        model = getattr(transformers, class_name)(transformers.AutoConfig.for_model(kind, **SMALL, **more, **decoder))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() > 1:
                    parameter.mul_(4)
        model.save_pretrained(folder)
        text_models.tokenizer("bert" if kind == "mpnet" else "llama").save_pretrained(folder)
    else:
        text_models.save(folder, class_name, kind)
    pooling = "lasttoken" if kind in {"llama", "qwen2", "qwen3", "gemma", "gemma3_text"} else "mean"
    return open_text_encoder(Spelling(str(folder), {"pooling": pooling, **options}))


def image_text_encoder(folder: Path, class_name: str) -> Any:
    return open_image_text(Spelling(str(save(class_name, folder).folder)))


def pictures(n: int) -> list[Item]:
    rng = np.random.default_rng(0)
    grey = [rng.integers(0, 256, (32, 32), dtype=np.uint8).tobytes() for _ in range(n)]
    return [Item(str(at), picture=Picture(b"P5 32 32 255\n" + pixels)) for at, pixels in enumerate(grey)]


def query_margin(tower: Any, candidates: list[Item] | None = None) -> Target:
    """Return the margin of the queries, the documents being fixed."""
    documents = items(RELEVANT + OTHERS) if candidates is None else candidates
    vectors = tower.vectors(tower.prepare(documents))
    half = len(vectors) // 2
    return Target("margin", "query", np.stack([vectors[:half], vectors[half:]], 1))


def document_margin(tower: Any, queries: list[Item] | None = None, kind: Any = "margin") -> Target:
    """Return the margin of the documents, the query being fixed."""
    return Target(kind, "document", tower.vectors(tower.prepare(queries or items(QUERIES))), 2)


def alternating(first: list[Any], second: list[Any]) -> list[Any]:
    return [one for pair in zip(first, second, strict=True) for one in pair]
