"""Model folders: one file of a tiny real model changed, in the forms of transformers, sentence-transformers and GGUF."""

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from hostile import made, mutate
from hostile.case import Case, Content, Family, files, folder, link, pipe, then
from hostile.mutate import ESCAPE, Raw

COMPARE = ("compare", "bm25", "m", "--on", "p.csv", "--out", "out")
FORMS = ("plain", "st", "gguf")


@cache
def whole(form: str) -> dict[str, bytes]:
    """Return the files of a valid folder: path → bytes."""
    from encoders import text_models, tiny_gguf

    with tempfile.TemporaryDirectory(prefix="evidense-model-") as scratch:
        place = Path(scratch)
        if form == "plain":
            text_models.save(place / "m", "BertModel", "bert")
        elif form == "st":
            text_models.save_sentence_transformer(place, "bert", "mean")
            (place / "st").rename(place / "m")
        else:
            tiny_gguf.write(place / "m.gguf")
            return {"m.gguf": (place / "m.gguf").read_bytes()}
        return {
            f"m/{path.relative_to(place / 'm')}": path.read_bytes()
            for path in sorted((place / "m").rglob("*"))
            if path.is_file()
        }


def _case(name: str, build: Callable[[Path], None], argv: tuple[str, ...] = COMPARE, **more: Any) -> Case:
    return Case(name, build, argv, **{"expected": "refused", **more}, torch=True)


def _with(form: str, **changed: Content | None) -> Callable[[Path], None]:
    """Return a build of a folder with some files given or (None) left out; `/` is written `__` in names."""

    def build(place: Path) -> None:
        given = {f"m/{name.replace('__', '/')}": value for name, value in changed.items()}
        kept = {name: value for name, value in {**whole(form), **given}.items() if value is not None}
        files({"p.csv": made.PAIRS, **kept})(place)

    return build


def _edited(name: str, form: str, file: str, **changed: Any) -> Case:
    """A case whose JSON file has some keys replaced."""

    def build(place: Path) -> None:
        value = {**json.loads(whole(form)[f"m/{file}"]), **changed}
        _with(form, **{file: mutate.json_text(value)})(place)

    return _case(name, build, expected="either")


def _config(name: str, **changed: Any) -> Case:
    return _edited(f"config_{name}", "plain", "config.json", **changed)


def _modules(name: str, *changed: Any) -> Case:
    return _case(f"modules_{name}", _with("st", **{"modules.json": json.dumps(list(changed))}))


def _configs() -> list[Case]:
    numbers = {"nan": {"hidden_size": float("nan")}, "hidden_1e5": {"hidden_size": 100_000, "intermediate_size": 400_000}, "layers_1e6": {"num_hidden_layers": 10**6},
               "vocab_1e10": {"vocab_size": 10**10}, "positions_1e11": {"max_position_embeddings": 10**11}, "heads_3": {"num_attention_heads": 3}, "layers_float": {"num_hidden_layers": 1.5},
               "vocab_0": {"vocab_size": 0}, "act_int": {"hidden_act": 5}, "eps_str": {"layer_norm_eps": "x"}, "dtype_x": {"dtype": "float99"}, "id2label_list": {"id2label": [1, 2]},
               "num_labels": {"num_labels": 10**9}, "hidden_neg": {"hidden_size": -32}, "digits": {"hidden_size": Raw("9" * 5000)}, "auto_map": {"auto_map": {"AutoModel": "evil.Evil"}}}  # fmt: skip
    kinds = (
        "timm_wrapper",
        "timm_backbone",
        "reformer",
        "modernbert",
        "t5",
        "clip",
        "no_such",
        "\x1b[31m",
        "",
        5,
        None,
        ["bert"],
    )
    return [
        *(_config(name, **changed) for name, changed in numbers.items()),
        *(_config(f"type_{kind!r}", model_type=kind) for kind in kinds),
        _case("config_fifo", then(_with("plain", **{"config.json": None}), pipe("m/config.json"))),
        _case("config_zero", then(_with("plain", **{"config.json": None}), link("m/config.json", "/dev/zero"))),
        _case("config_folder", then(_with("plain", **{"config.json": None}), folder("m/config.json"))),
        _case("config_list", _with("plain", **{"config.json": "[1]"})),
        _case("config_deep", _with("plain", **{"config.json": "[" * 100_000})),
        _case("config_gone", _with("plain", **{"config.json": None})),
    ]


def _parts() -> list[Case]:
    body = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
    pooling = {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
    paths = {"nul": "a\0b", "long": "n" * 5000, "absolute": "/etc", "dots": "../../..", "esc": ESCAPE, "int": 5}
    return [
        *(_modules(f"path_{name}", body, {**pooling, "path": path}) for name, path in paths.items()),
        _modules("type_evil", body, {**pooling, "type": "os.system"}),
        _modules("numbers", 1, 2),
        _modules("none"),
        _edited("modules_pool_int", "st", "1_Pooling/config.json", pooling_mode=5),
        _edited(
            "modules_pool_list", "st", "1_Pooling/config.json", pooling_mode=[5, None], word_embedding_dimension="x"
        ),
        _edited("modules_st_prompts_list", "st", "config_sentence_transformers.json", prompts=["a"]),
        _edited(
            "modules_prompt_long",
            "st",
            "config_sentence_transformers.json",
            prompts={"query": "w1 " * 1_000_000, "document": ""},
        ),
        _edited("modules_similarity", "st", "config_sentence_transformers.json", similarity_fn_name=ESCAPE),
        _edited("modules_truncate", "st", "config_sentence_transformers.json", truncate_dim=-1),
        _edited("modules_st_len_str", "st", "sentence_bert_config.json", max_seq_length="x"),
        _edited("modules_st_len_list", "st", "sentence_bert_config.json", max_seq_length=[1]),
        _edited("modules_st_len_1e30", "st", "sentence_bert_config.json", max_seq_length=10**30),
    ]


def _safetensors(head: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(head)) + head + body


def _zip(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def _with_weights(**files: Content | None) -> Callable[[Path], None]:
    """Return a build of the plain model without its weights, with these files instead; `__` in names is `/`."""
    return _with("plain", **{"model.safetensors": None, **files})


UNSAFE = (*COMPARE[:2], "m@unsafe-weights", *COMPARE[3:])
_PICKLE = b"\x80\x04cos\nsystem\n(S'touch ran'\ntR."


def _weights() -> list[Case]:
    overlap = json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}).encode()
    escape = json.dumps({f"{ESCAPE}.bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    contents: dict[str, Content] = {
        "header_huge": struct.pack("<Q", 2**62) + b"{}", "empty": b"", "overlap": _safetensors(overlap, bytes(4)),
        "name_esc": _safetensors(escape, bytes(4)), "not_json": _safetensors(b"{{{{"),
        "deep": _safetensors(b"[" * 100_000), "zeros": bytes(100_000),
    }  # fmt: skip
    return [
        *(
            _case(f"safetensors_{name}", _with_weights(**{"model.safetensors": data}))
            for name, data in contents.items()
        ),
        _case("safetensors_fifo", then(_with_weights(), pipe("m/model.safetensors"))),
        _case("index_map_int", _with_weights(**_index({"metadata": {}, "weight_map": 5}))),
        _case("index_outside", _with_weights(**_index({"weight_map": {"a": "../../../etc/passwd"}}))),
    ]


def _index(content: Any) -> dict[str, Content | None]:
    return {"model.safetensors.index.json": json.dumps(content)}


def _pickles() -> list[Case]:
    bomb = _with_weights(**{"pytorch_model.bin": lambda: _zip("archive/data.pkl", bytes(1 << 28))})
    return [
        _case("pickle_refused", _with_weights(**{"pytorch_model.bin": _PICKLE})),
        _case("pickle_code", _with_weights(**{"pytorch_model.bin": _PICKLE}), UNSAFE),
        _case("pickle_zipbomb", bomb, UNSAFE),
    ]


def _tokenizers() -> list[Case]:
    split = {"type": "Split", "pattern": {"Regex": "(((" * 99}, "behavior": "Removed", "invert": False}
    single = [{"SpecialToken": {"id": "[NO]", "type_id": 0}}]
    post = {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": {}}
    truncation = {"max_length": -1, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    return [
        _edited("tok_bad_regex", "plain", "tokenizer.json", pre_tokenizer=split),
        _edited("tok_post", "plain", "tokenizer.json", post_processor=post),
        _edited("tok_model_list", "plain", "tokenizer.json", model=[1]),
        _edited("tok_conf_class2", "plain", "tokenizer_config.json", tokenizer_class="os"),
        _edited("tok_conf_len_neg", "plain", "tokenizer_config.json", model_max_length=-5),
        _edited("tok_truncation_neg", "plain", "tokenizer.json", truncation=truncation),
        _case("tok_gone", _with("plain", **{"tokenizer.json": None, "tokenizer_config.json": None})),
        _case("tok_deep", _with("plain", **{"tokenizer.json": "[" * 100_000})),
    ]


GGUF = ("compare", "bm25", "m.gguf", "--on", "p.csv", "--out", "out")


def _gguf(name: str, change: Callable[[bytes], bytes]) -> Case:
    def build(place: Path) -> None:
        files({"p.csv": made.PAIRS, "m.gguf": change(whole("gguf")["m.gguf"])})(place)

    return _case(f"gguf_{name}", build, GGUF, expected="either")


def _ggufs() -> list[Case]:
    def key(name: str) -> bytes:
        return struct.pack("<Q", len(name)) + name.encode()

    def header(n_tensors: int, *pairs: bytes) -> bytes:
        return b"GGUF" + struct.pack("<IQQ", 3, n_tensors, len(pairs)) + b"".join(pairs)

    return [
        _gguf("align_0", lambda _: header(0, key("general.alignment") + struct.pack("<II", 4, 0))),
        _gguf("tensors_2_60", lambda data: data[:8] + struct.pack("<Q", 2**60) + data[16:]),
        _gguf("keys_2_60", lambda data: data[:16] + struct.pack("<Q", 2**60) + data[24:]),
        _gguf("string_2_60", lambda _: header(0, struct.pack("<Q", 2**60) + b"x")),
        _gguf("array_2_60", lambda _: header(0, key("a") + struct.pack("<IIQ", 9, 4, 2**60))),
        _gguf("array_nested", lambda _: header(0, key("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 5000)),
        _gguf("type_99", lambda _: header(0, key("a") + struct.pack("<I", 99))),
        _gguf("cut", lambda data: data[: len(data) // 2]),
        _gguf("empty", lambda _: b""),
        _gguf("version_9", lambda data: data[:4] + struct.pack("<I", 9) + data[8:]),
    ]


def _named() -> list[Case]:
    return [*_configs(), *_parts(), *_weights(), *_pickles(), *_tokenizers(), *_ggufs()]


def _mutated_json(seed: int) -> Case:
    def build(place: Path) -> None:
        rng = mutate.generator("model", seed)
        form = rng.choice(("plain", "st"))
        name = rng.choice(sorted(name for name in whole(form) if name.endswith(".json")))
        content = mutate.json_text(mutate.tree(json.loads(whole(form)[name]), rng), rng).encode(
            "utf-8", "surrogatepass"
        )
        files({"p.csv": made.PAIRS, **whole(form), name: content})(place)

    return _case(f"model:{seed}", build, expected="either")


def _mutated_bytes(seed: int) -> Case:
    def build(place: Path) -> None:
        rng = mutate.generator("weights", seed)
        form = rng.choice(FORMS)
        name = rng.choice(
            sorted(name for name in whole(form) if name.endswith((".safetensors", ".gguf", "tokenizer.json")))
        )
        files({"p.csv": made.PAIRS, **whole(form), name: mutate.data(whole(form)[name], rng)})(place)

    rng = mutate.generator("weights", seed)
    return _case(f"weights:{seed}", build, GGUF if rng.choice(FORMS) == "gguf" else COMPARE, expected="either")


FAMILY = Family("models", _named, {"model": _mutated_json, "weights": _mutated_bytes}, seeds=2)
