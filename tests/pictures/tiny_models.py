"""Small seeded random models of the CLIP and SigLIP kinds, saved as real folders by the real classes, with real picture files."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

WORDS = [
    "a",
    "photo",
    "of",
    "cat",
    "dog",
    "red",
    "blue",
    "house",
    "arrow",
    "circle",
    "square",
    "icon",
    "letter",
    "small",
]
TEXTS = ["a photo of a cat", "red house", "arrow", "a small blue circle of a dog and a square icon", "unknown wörds ☃"]


def save_clip(folder: Path, *, seed: int = 0, legacy_end: bool = False, side: int = 32) -> Path:
    """Save a CLIP model of 2 text and 3 image layers; `legacy_end` writes eos_token_id = 2, as old configs do."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.manual_seed(seed)
    tokenizer = clip_tokenizer()
    end = 2 if legacy_end else tokenizer.eos_token_id
    config = CLIPConfig(
        text_config={"vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                     "max_position_embeddings": 24, "eos_token_id": end, "bos_token_id": tokenizer.bos_token_id, "projection_dim": 16},
        vision_config={"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
                       "image_size": side, "patch_size": 8, "projection_dim": 16},
        projection_dim=16,
    )  # fmt: skip
    CLIPModel(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side}).save_pretrained(
        folder
    )
    return folder


def clip_tokenizer():
    from transformers import CLIPTokenizer

    letters = [chr(c) for c in range(33, 127)]
    vocab = {piece: i for i, piece in enumerate([*letters, *(f"{c}</w>" for c in letters)])}
    merges = []
    for word in WORDS:
        left = word[0]
        for i, letter in enumerate(word[1:], 1):
            right = letter + ("</w>" if i == len(word) - 1 else "")
            merges.append((left, right))
            left += right
            vocab.setdefault(left, len(vocab))
    vocab["<|startoftext|>"] = len(vocab)
    vocab["<|endoftext|>"] = len(vocab)
    return CLIPTokenizer(vocab=vocab, merges=list(dict.fromkeys(merges)), model_max_length=24)


def save_siglip(folder: Path, *, seed: int = 0, masked: bool = False, naflex: bool = False) -> Path:
    """Save a SigLIP model (`naflex`: SigLIP 2 with pictures of any shape); `masked`: its tokeniser gives an attention mask."""
    import torch
    import transformers

    torch.manual_seed(seed)
    tokenizer = letter_tokenizer() if naflex else word_tokenizer(masked=masked)
    text = {"vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
            "max_position_embeddings": 16, "projection_size": 32, "pad_token_id": tokenizer.pad_token_id, "eos_token_id": 1, "bos_token_id": 1}  # fmt: skip
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "patch_size": 8,
    }
    if naflex:
        config = transformers.Siglip2Config(text_config=text, vision_config=vision | {"num_patches": 16})
        model, processor = (
            transformers.Siglip2Model(config),
            transformers.Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16),
        )
    else:
        config = transformers.SiglipConfig(text_config=text, vision_config=vision | {"image_size": 32})
        model, processor = (
            transformers.SiglipModel(config),
            transformers.SiglipImageProcessorPil(size={"height": 32, "width": 32}),
        )
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def word_tokenizer(*, masked: bool):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocab = {piece: i for i, piece in enumerate(["<unk>", "</s>", *WORDS])}
    inner = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    inner.normalizer, inner.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    names = ["input_ids", "attention_mask"] if masked else ["input_ids"]
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", pad_token="</s>", eos_token="</s>",
                                   model_max_length=16, model_input_names=names)  # fmt: skip


def letter_tokenizer():
    """Return SigLIP 2's own tokeniser with letters as its tokens; it pads at the left."""
    from transformers import Siglip2Tokenizer

    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *(chr(c) for c in range(97, 123))]
    return Siglip2Tokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], model_max_length=16)


def save_pictures(folder: Path) -> list[Path]:
    """Write five real picture files of different formats, sizes and modes."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {
        "wide.png": (90, 40),
        "tall.jpg": (30, 80),
        "square.webp": (32, 32),
        "grey.png": (50, 33),
        "dot.bmp": (1, 1),
    }
    paths = []
    for name, (width, height) in shapes.items():
        pixels = rng.integers(0, 255, (6, 6) if "grey" in name else (6, 6, 3), dtype=np.uint8)
        path = folder / name
        Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC).save(path)
        paths.append(path)
    return paths


def edit_json(path: Path, **changes: object) -> None:
    """Change keys of a JSON file in place (None removes)."""
    value = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: v for key, v in value.items() if v is not None}))
