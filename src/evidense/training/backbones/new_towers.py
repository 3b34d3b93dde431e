"""New towers: writes a design to disk, with weights drawn from a seed, in the formats of sentence-transformers (text) and transformers (image)."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.scratch import Scratch
from evidense.compute.images import lite
from evidense.compute.images.class_names import linear_head
from evidense.compute.images.locked import weights_sha256
from evidense.compute.images.two_towers import FORMAT, PROJECTION, SETTINGS, open_texts, open_two_towers
from evidense.compute.images.vision import open_vision, save_vision
from evidense.compute.models.checkpoint import weight_files
from evidense.compute.models.folder import ModelFolder, is_static, read_folder
from evidense.compute.models.tokens import tokenizer_files
from evidense.compute.pictures.arrays import Scaling
from evidense.compute.pictures.processors import require_pillow
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput, MissingExtra
from evidense.records import canonical_json, sha256_of
from evidense.training.backbones import vocabulary
from evidense.training.backbones.architectures import CLASS_NAMES, FROM_SCRATCH, RANDOM, TEXT, Design
from evidense.training.backbones.ready_texts import place, static_table, text_folder
from evidense.values import Spelling

_MODULES = "sentence_transformers.models."
_LAYER_SCALE = 1.0
"""Layer scale of a ConvNeXt from scratch; its default of 1e-6 is for very deep networks and would mute the blocks of a small training."""


@dataclass(frozen=True)
class _Module:
    """One entry of modules.json."""

    kind: str
    folder: str = ""
    config: Mapping[str, Any] | None = None
    weights: Any = None
    """A torch module, or None."""


def write(design: Design, texts: Sequence[str], seed: int, folder: Path) -> None:
    """Write a text encoder or two towers into an empty folder: weights drawn from the seed, a vocabulary learnt from the texts.

    Raises:
        InvalidInput: the texts hold no letter, or a copied tower does not fit the design.
        MissingExtra: a library that it needs is not installed.
    """
    _require()
    folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        if design.image is None:
            _write_text(design, texts, seed, folder)
            return
        width = _write_text(design, texts, seed, folder / "text")
        _write_image(design, seed, folder, width)


def _require() -> None:
    from importlib.util import find_spec

    for name in ("torch", "transformers", "tokenizers", "safetensors"):
        if find_spec(name) is None:
            raise MissingExtra.named("encoders", "building an architecture", name)


@contextmanager
def _drawn(seed: int, what: str) -> Iterator[None]:
    """Seed torch's random numbers by the seed and the name of what is drawn, within this context."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_draw(seed, what))
        yield


def _draw(seed: int, what: str) -> int:
    return int(sha256_of(["architecture", seed, what])[:15], 16)


# --- text -------------------------------------------------------------------------------------------------------------


def _write_text(design: Design, texts: Sequence[str], seed: int, folder: Path) -> int:
    """Write a sentence-transformers folder and return the width of the pooled vector."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = design.text["kind"]
    if kind == "bert":
        return _write_bert(design, texts, seed, folder)
    if kind == "static":
        return _write_static(design, texts, seed, folder)
    with Scratch(folder.parent) as scratch:
        root = text_folder(kind, _draw(seed, "text"), scratch)
        return _copy_static(design, seed, root, folder) if is_static(root) else _copy_text(design, seed, root, folder)


def _write_bert(design: Design, texts: Sequence[str], seed: int, folder: Path) -> int:
    from transformers import BertConfig, BertModel

    text = design.text
    tokenizer = vocabulary.learnt(texts, text["vocabulary"])
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=text["width"],
        num_hidden_layers=text["n_layers"],
        num_attention_heads=text["n_heads"],
        intermediate_size=4 * text["width"],
        max_position_embeddings=text["max_length"],
        hidden_dropout_prob=design.dropout,
        attention_probs_dropout_prob=design.dropout,
        pad_token_id=vocabulary.SPECIAL.index("[PAD]"),
    )
    with _drawn(seed, "text"):
        BertModel(config, add_pooling_layer=False).save_pretrained(str(folder))
    vocabulary.for_transformers(tokenizer, text["max_length"]).save_pretrained(str(folder))
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": text["max_length"], "do_lower_case": False})
    pooling = _pooling(text["pooling"], text["width"])
    _write_modules(folder, [_Module("Transformer"), pooling, *_dense(design, seed, text["width"])])
    return int(text["width"])


def _write_static(design: Design, texts: Sequence[str], seed: int, folder: Path) -> int:
    import torch
    from safetensors.torch import save_file

    tokenizer = vocabulary.learnt(texts, design.text["vocabulary"])
    n_dims = int(design.n_dims or 0)
    with _drawn(seed, "text"):
        table = torch.randn(tokenizer.get_vocab_size(), n_dims) / n_dims**0.5
    inside = folder / "0_StaticEmbedding"
    inside.mkdir(exist_ok=True)
    tokenizer.save(str(inside / "tokenizer.json"))
    save_file({"embedding.weight": table}, inside / "model.safetensors")
    _write_modules(folder, [_Module("StaticEmbedding", "0_StaticEmbedding"), _Module("Normalize", "1_Normalize")])
    return n_dims


def _copy_static(design: Design, seed: int, root: Path, folder: Path) -> int:
    """Copy an existing static encoder. It has no projection, so vectors have the dimensions of its table."""
    width = static_table(root, folder, _draw(seed, "text") if design.text["kind"].startswith(RANDOM) else None)
    if design.n_dims != width:
        raise InvalidInput(
            f"n_dims is {design.n_dims}, and the static table of '{design.text['kind']}' has {width} dimensions and no projection; "
            f"expected equal numbers; write n_dims = {width}"
        )
    return width


def _copy_text(design: Design, seed: int, root: Path, folder: Path) -> int:
    """Copy an existing text encoder, and add a projection before Normalize if `n_dims` is set."""
    source = read_folder(root)
    for file in [*weight_files(source.transformer), *tokenizer_files(source.transformer), *_settings_of(source)]:
        shutil.copyfile(file, folder / file.name)
    width = int(source.config.get("hidden_size", 0))
    modes = source.pooling or ("mean",)
    modules = [_Module("Transformer"), _pooling("+".join(modes), width, source.pools_prompt)]
    later_modules = [(kind, path) for kind, path in source.after if kind != "Normalize"]
    if later_modules and design.n_dims is not None:
        raise InvalidInput(
            f"'{root}' has a {later_modules[0][0]} of its own after pooling; expected none where n_dims asks for a new projection; "
            "leave n_dims out, or take another encoder"
        )
    for kind, path in later_modules:
        shutil.copytree(path, folder / path.name)
        modules.append(_Module(kind, path.name))
    _write_modules(folder, [*modules, *_dense(design, seed, width * len(modes))], source)
    return width * len(modes)


def _settings_of(source: ModelFolder) -> list[Path]:
    names = ["config.json", *sorted(p.name for p in source.transformer.glob("sentence_*_config.json"))]
    card = source.root / "README.md"
    return [source.transformer / name for name in names] + [card] * card.is_file()


def _pooling(modes: str, width: int, pools_prompt: bool = True) -> _Module:
    from evidense.compute.pooling import canonical

    names = canonical(modes)
    known = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens", "lasttoken": "lasttoken"}
    flags = {f"pooling_mode_{name}": mode in names for mode, name in known.items()}
    return _Module("Pooling", "1_Pooling", {"word_embedding_dimension": width, **flags, "include_prompt": pools_prompt})


def _dense(design: Design, seed: int, width: int) -> list[_Module]:
    """Return the modules after pooling: a linear map if `n_dims` is set, then Normalize."""
    import torch

    unit = _Module("Normalize", "3_Normalize")
    if design.n_dims is None:
        return [unit]
    with _drawn(seed, "projection"):
        linear = torch.nn.Linear(width, design.n_dims, bias=False)
    config = {
        "in_features": width,
        "out_features": design.n_dims,
        "bias": False,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    return [_Module("Dense", "2_Dense", config, torch.nn.ModuleDict({"linear": linear})), unit]


def _write_modules(folder: Path, modules: Sequence[_Module], like: ModelFolder | None = None) -> None:
    from safetensors.torch import save_file

    entries = []
    for number, module in enumerate(modules):
        entries.append({"idx": number, "name": str(number), "path": module.folder, "type": _MODULES + module.kind})
        target = folder / module.folder
        target.mkdir(exist_ok=True)
        if module.config is not None:
            _write_json(target / "config.json", module.config)
        if module.weights is not None:
            save_file(dict(module.weights.state_dict()), target / "model.safetensors")
    (folder / "modules.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    prompts = {"query": "", "document": "", **(like.prompts if like else {})}
    similarity = (like.similarity if like else None) or "cosine"
    settings: dict[str, Any] = {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": similarity}
    if like and like.truncate_dim is not None and not any(module.kind == "Dense" for module in modules):
        settings["truncate_dim"] = like.truncate_dim
    _write_json(folder / "config_sentence_transformers.json", settings)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


# --- image ------------------------------------------------------------------------------------------------------------


def _write_image(design: Design, seed: int, folder: Path, text_width: int) -> None:
    require_pillow()
    image: Mapping[str, Any] = design.image or {}
    with _drawn(seed, "image"):
        model, scaling = _model(image, design.dropout)
    save_vision(model, scaling, folder / "image")
    width = _width(model)
    if design.shared_projection and width != text_width:
        raise InvalidInput(
            f"shared_projection is true, and the text tower pools to {text_width} dimensions, the image tower to {width}; expected "
            "equal widths; change one of them, or write shared_projection = false"
        )
    if not design.shared_projection:
        _write_projection(design, seed, folder, width)
    settings = {"format": FORMAT, "n_dims": design.n_dims, "shared_projection": design.shared_projection}
    _write_settings(settings, folder)
    if built_with := _built_with(design, folder):
        _write_settings({**settings, "built_with": built_with}, folder)


def _write_settings(settings: Mapping[str, Any], folder: Path) -> None:
    (folder / SETTINGS).write_text(canonical_json(dict(settings)) + "\n", encoding="utf-8")


def _built_with(design: Design, folder: Path) -> dict[str, str]:
    """Return the sha256 of the weights of each ready backbone, as it is opened; backbones from scratch are there to be trained."""
    image: Mapping[str, Any] = design.image or {}
    ready = [("text", TEXT, design.text["kind"]), ("image", FROM_SCRATCH, image["kind"])]
    names = [name for name, scratch, kind in ready if kind not in scratch]
    if not names:
        return {}
    towers = open_two_towers(folder, Spelling(str(folder)))
    return {name: weights_sha256(tower) for name in names if hasattr(tower := getattr(towers, name), "body")}


def _write_projection(design: Design, seed: int, folder: Path, width: int) -> None:
    import torch
    from safetensors.torch import save_file

    with _drawn(seed, "image projection"):
        linear = torch.nn.Linear(width, int(design.n_dims or 0), bias=False)
    weight = linear.weight.detach()
    image: Mapping[str, Any] = design.image or {}
    if image.get("head") == CLASS_NAMES:
        text = open_texts(folder / "text").tower("query")
        weight = linear_head(image["kind"], text, length=float(weight.norm()))
    save_file({"weight": weight}, folder / PROJECTION)


def _model(image: Mapping[str, Any], dropout: float) -> tuple[Any, Any]:
    """Return the vision model and its scaling."""
    kind = image["kind"]
    variant = kind.removeprefix(RANDOM)
    if variant in lite.VARIANTS:
        make = lite.pretrained if variant == kind else lite.random
        return make(variant, image["side"]), lite.scaling(image["side"])
    if kind not in FROM_SCRATCH:
        vision = open_vision(place(kind))
        return vision.model, vision.scaling
    half = (0.5,) * image["channels"]
    return (_convnet(image) if kind == "convnet" else _vit(image, dropout)), Scaling(image["side"], half, half)


def _convnet(image: Mapping[str, Any]) -> Any:
    from transformers import ConvNextConfig, ConvNextModel

    return ConvNextModel(ConvNextConfig(
        num_channels=image["channels"], patch_size=image["patch"], image_size=image["side"], num_stages=len(image["widths"]),
        hidden_sizes=list(image["widths"]), depths=list(image["depths"]), layer_scale_init_value=_LAYER_SCALE, drop_path_rate=0.0,
    )).eval()  # fmt: skip


def _vit(image: Mapping[str, Any], dropout: float) -> Any:
    from transformers import ViTConfig, ViTModel

    return ViTModel(ViTConfig(
        num_channels=image["channels"], patch_size=image["patch"], image_size=image["side"], hidden_size=image["width"],
        num_hidden_layers=image["n_layers"], num_attention_heads=image["n_heads"], intermediate_size=4 * image["width"],
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )).eval()  # fmt: skip


def _width(model: Any) -> int:
    config = model.config
    return int(getattr(config, "hidden_size", 0) or config.hidden_sizes[-1])
