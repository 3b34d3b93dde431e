"""A tiny seeded Gemma 3 as a GGUF file, written by the gguf package from a real model of transformers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

TOKENS = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz0123456789.", "th", "the", "▁the", "he", "ar", "art"]  # fmt: skip
TEXTS = ["the heart", "a cat sat on the mat", "the art of 42 hats.", "x"]


def model(seed: int = 0) -> Any:
    """Return the model that the file is made from; norms are not at their zero start, so that w + 1 is seen."""
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    config = Gemma3TextConfig(vocab_size=len(TOKENS), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                              num_key_value_heads=1, head_dim=16, max_position_embeddings=64, sliding_window=16, pad_token_id=0)  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = Gemma3ForCausalLM(config).eval()
        for name, weight in built.named_parameters():
            if "norm" in name:
                torch.nn.init.normal_(weight, std=0.1)
    return built


def write(
    file: Path,
    *,
    keep: Callable[[str], bool] = lambda _: True,
    more: dict[str, Any] | None = None,
    tokeniser: bool = True,
    pack_embeddings: bool = False,
    settings: Callable[[Any], None] = lambda _: None,
) -> Path:
    """Write the file; `keep` and `more` decide over tensors by their names in the file."""
    import gguf
    import numpy as np

    made, writer = model(), gguf.GGUFWriter(file, "gemma3")
    _describe(writer, made.config)
    settings(writer)
    if tokeniser:
        _add_tokeniser(writer)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, 2)
    for name, weight in made.state_dict().items():
        stored = f"{names.get_name(name.removesuffix('.weight'))}.weight"
        if name == "lm_head.weight" or not keep(stored):
            continue
        values = weight.numpy() + np.float32("norm" in name)
        if pack_embeddings and stored == "token_embd.weight":
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(stored, gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(stored, values)
    for name, extra in (more or {}).items():
        writer.add_tensor(name, extra)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _describe(writer: Any, config: Any) -> None:
    writer.add_name("Tiny")
    writer.add_license("gemma")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(config.sliding_window)


def _add_tokeniser(writer: Any) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([-float(at) for at in range(len(TOKENS))])
    writer.add_token_types([3 if token.startswith("<") else 1 for token in TOKENS])
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(3)
    writer.add_pad_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
