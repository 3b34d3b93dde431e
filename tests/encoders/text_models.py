"""Small seeded text models, saved as real folders by the real classes of transformers and sentence-transformers."""

import json
from pathlib import Path
from typing import Any

WORDS = [f"w{i}" for i in range(60)]
TEXTS = [
    "w1 w2 w3",
    "w4",
    "w5 w6 w7 w8 w9 w10 w11 w12",
    "w13 w14 w15 w16 w17 w18 w19 w20 w21 w22 w23 w24 w25 w26 w27 w28 w29 w30",
    "w31 unheard w33 w34",
    "w1 w2 w3 w4 w5 w6",
    "w40 w41",
]
SMALL = {"vocab_size": 66, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}


DECODERS = {"llama", "qwen2", "gemma"}


def tokenizer(kind: str = "bert", padding_side: str = "right") -> Any:
    """Make a fast word tokeniser with [CLS] and [SEP]; decoders get [SEP] alone at the end, Qwen its own byte-level class."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, Qwen2Tokenizer

    if kind == "qwen2":
        pieces = ["<pad>", "<end>", *"w0123456789:Ġunheard"]
        return Qwen2Tokenizer(vocab={c: i for i, c in enumerate(dict.fromkeys(pieces))}, merges=[], unk_token="<end>", pad_token="<pad>",
                              eos_token="<end>", padding_side=padding_side, model_max_length=64)  # fmt: skip
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ":", *WORDS])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    pattern = "$A [SEP]" if kind in DECODERS else "[CLS] $A [SEP]"
    raw.post_processor = processors.TemplateProcessing(single=pattern, special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
                                   mask_token="[MASK]", padding_side=padding_side, model_max_length=64)  # fmt: skip


def config_of(kind: str) -> Any:
    """Return a small config of a model type."""
    import transformers

    more: dict[str, dict[str, Any]] = {
        "bert": {"max_position_embeddings": 64},
        "dpr": {"max_position_embeddings": 64},
        "roberta": {"max_position_embeddings": 66, "pad_token_id": 0},
        "llama": {"num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0},
        "qwen2": {"num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0},
        "gemma": {"num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64, "pad_token_id": 0},
    }
    if kind == "distilbert":
        return transformers.DistilBertConfig(
            vocab_size=66, dim=32, n_layers=3, n_heads=4, hidden_dim=64, max_position_embeddings=64
        )
    if kind == "t5":
        return transformers.T5Config(vocab_size=66, d_model=32, d_kv=8, d_ff=64, num_layers=3, num_heads=4)
    return transformers.AutoConfig.for_model(kind, **SMALL, **more[kind])


def save(
    folder: Path, class_name: str, kind: str, *, seed: int = 0, padding_side: str = "right", safe: bool = True
) -> Any:
    """Save a seeded model of this class with its tokeniser and return it, in evaluation mode."""
    import torch
    import transformers

    torch.manual_seed(seed)
    model = getattr(transformers, class_name)(config_of(kind)).eval()
    with torch.no_grad():  # larger than the usual 0.02, so that tokens differ by more than rounding
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    model.save_pretrained(folder)
    tokenizer(kind, padding_side).save_pretrained(folder)
    if not safe:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    return model


def edit_weights(folder: Path, change: Any) -> None:
    """Rewrite model.safetensors after `change(tensors)` edited it in place."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def edit_json(path: Path, **values: Any) -> None:
    """Set keys of a JSON file."""
    data = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**data, **values}))


def save_sentence_transformer(
    folder: Path, kind: str, pooling: Any, *, padding_side: str = "right", more: tuple[Any, ...] = (), **kwargs: Any
) -> Any:
    """Save a sentence-transformers folder of a small model and return it as loaded by sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    include_prompt = kwargs.pop("include_prompt", True)
    plain = folder / "plain"
    class_name = {
        "bert": "BertModel",
        "llama": "LlamaModel",
        "qwen2": "Qwen2Model",
        "gemma": "GemmaModel",
        "roberta": "RobertaModel",
    }[kind]
    save(plain, class_name, kind, padding_side=padding_side)
    body = Transformer(str(plain), max_seq_length=32)
    model = SentenceTransformer(
        modules=[body, Pooling(32, pooling, include_prompt=include_prompt), *more], device="cpu", **kwargs
    )
    model.save(str(folder / "st"))
    return SentenceTransformer(str(folder / "st"), device="cpu")
