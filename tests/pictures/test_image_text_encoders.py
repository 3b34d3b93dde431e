"""CLIP and SigLIP encoders against transformers' own path, on small seeded models with real picture files."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from evidense import registry
from evidense.compute.images.image_text_tower import ImageTextTower
from evidense.compute.pictures.decoding import decode
from evidense.errors import IncompleteWeights, InvalidInput, UnknownName, UnsafeInput
from evidense.parts import LayeredTower
from evidense.values import Item, Picture, Spelling
from pictures.hostile import encoded, photo, png_header
from pictures.tiny_models import TEXTS, edit_json, save_clip, save_pictures, save_siglip

KINDS = ("clip", "clip-legacy", "siglip", "siglip-masked", "siglip2")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {
        "clip": save_clip(root / "clip"),
        "clip-legacy": save_clip(root / "clip-legacy", legacy_end=True),
        "siglip": save_siglip(root / "siglip"),
        "siglip-masked": save_siglip(root / "siglip-masked", masked=True),
        "siglip2": save_siglip(root / "siglip2", naflex=True),
    }


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """Five texts, five pictures, and five items that are both."""
    paths = save_pictures(tmp_path_factory.mktemp("pictures"))
    texts = [Item(f"text{i}", text) for i, text in enumerate(TEXTS)]
    pictures = [Item(path.name, picture=Picture(path)) for path in paths]
    both = [Item(f"both{i}", t.text, p.picture) for i, (t, p) in enumerate(zip(texts, pictures, strict=True))]
    return [*texts, *pictures, *both]


def opened(spelling: object):  # the part, found as a user's spelling finds it
    part, rest = registry.system(Spelling.parse(str(spelling)))
    return part.open(rest)


def vectors(tower, items: list[Item]) -> np.ndarray:
    return tower.vectors(tower.prepare(items))


def reference(folder: Path, items: list[Item]) -> tuple[np.ndarray, np.ndarray]:
    """Return what transformers makes of the texts and of the pictures, by its own classes, normalised."""
    import torch
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    name = {"clip": "CLIP", "siglip": "Siglip", "siglip2": "Siglip2"}[model.config.model_type]
    processor = getattr(transformers, f"{name}ImageProcessorPil").from_pretrained(folder)
    padding = "longest" if name == "CLIP" else "max_length"
    with torch.no_grad():
        texts = tokenizer(
            [i.text for i in items if i.text and not i.picture], padding=padding, truncation=True, return_tensors="pt"
        )
        pictures = processor(images=[decode(i.picture) for i in items if i.picture and not i.text], return_tensors="pt")
        pooled = model.get_text_features(**texts).pooler_output, model.get_image_features(**pictures).pooler_output
    return tuple(torch.nn.functional.normalize(p, dim=-1).numpy() for p in pooled)


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_equal_those_of_transformers(kind: str, models: dict[str, Path], items: list[Item]) -> None:
    texts, pictures = reference(models[kind], items)
    got = vectors(opened(models[kind]).tower("query"), items)
    assert np.abs(got[:5] - texts).max() < 1e-5
    assert np.abs(got[5:10] - pictures).max() < 1e-5
    fused = texts + pictures
    assert np.abs(got[10:] - fused / np.linalg.norm(fused, axis=1, keepdims=True)).max() < 1e-5
    assert np.unique(got.round(4), axis=0).shape[0] == 15  # no two of these items are the same to a random model


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_do_not_depend_on_the_batch(kind: str, models: dict[str, Path], items: list[Item]) -> None:
    tower = opened(models[kind]).tower("document")
    prepared = tower.prepare(items)
    alone = np.concatenate([vectors(tower, [item]) for item in items])
    order = np.array([14, 0, 7, 3, 3, 11, 5])
    assert np.abs(tower.vectors(prepared) - alone).max() < 1e-5
    assert np.abs(tower.vectors(prepared.take(order)) - alone[order]).max() < 1e-5
    assert prepared.take(order).sizes.tolist() == prepared.sizes[order].tolist()
    assert prepared.sizes[10] == prepared.sizes[0] + prepared.sizes[5]


def test_siglip_pads_to_its_length_and_clip_does_not(models: dict[str, Path], items: list[Item]) -> None:
    sizes = {kind: opened(models[kind]).tower("query").prepare(items[:5]).sizes.tolist() for kind in KINDS}
    assert sizes["siglip"] == sizes["siglip2"] == [16] * 5
    assert sizes["clip"][2] == 3  # start, arrow, end
    assert max(sizes["clip"]) <= 24
    with pytest.raises(InvalidInput, match="max_length=8 is not the length of this model; expected 16"):
        opened(f"{models['siglip']}@max_length=8")
    with pytest.raises(InvalidInput, match="between 3 and the 24 positions"):
        opened(f"{models['clip']}@max_length=77")


def test_a_long_text_keeps_its_end_token(models: dict[str, Path]) -> None:
    tower = opened(models["clip"]).tower("query")
    long = Item("long", " ".join(["a cat"] * 500))
    short = Item("short", " ".join(["a cat"] * 11))  # start + 22 words + end = the 24 positions
    assert np.abs(vectors(tower, [long]) - vectors(tower, [short])).max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("half", ["text", "image"])
def test_layers_and_modules_are_visible(kind: str, half: str, models: dict[str, Path], items: list[Item]) -> None:
    import torch

    tower = getattr(opened(models[kind]).tower("query"), half)
    mine = items[:5] if half == "text" else items[5:10]
    assert isinstance(tower, LayeredTower)
    prepared = tower.prepare(mine)
    layers = tower.layers(prepared)
    assert layers.shape == (tower.n_layers + 1, 5, tower.n_pooled)
    assert np.abs(tower.project(torch.from_numpy(layers[-1])).numpy() - tower.vectors(prepared)).max() < 1e-6
    assert all(np.abs(a - b).max() > 1e-3 for a, b in pairwise(layers))
    states, mask = tower.forward(prepared)
    assert states.shape[:2] == (tower.n_layers + 1, 5)
    assert mask.shape == states.shape[1:3]
    pooled = torch.stack([tower.pool(s, mask) for s in states])
    assert np.abs(pooled.detach().numpy() - layers).max() < 1e-6
    assert len(tower.modules(r"encoder\.layers\.\d+\.mlp")) == tower.n_layers
    with pytest.raises(UnknownName):
        tower.modules("nothing")


def test_gradients_reach_a_named_module_of_both_halves(models: dict[str, Path], items: list[Item]) -> None:
    tower = opened(models["siglip"]).tower("query")
    for half, mine in ((tower.text, items[:2]), (tower.image, items[5:7])):
        module = half.modules(r"encoder\.layers\.0\.mlp\.fc1")["encoder.layers.0.mlp.fc1"]
        module.weight.requires_grad_(True)
        states, mask = half.forward(half.prepare(mine))
        half.project(half.pool(states[-1], mask)).sum().backward()
        assert module.weight.grad.abs().sum() > 0


def test_the_mixed_tower_shows_the_layers_of_one_kind_and_refuses_to_stack_two(
    models: dict[str, Path], items: list[Item]
) -> None:
    tower = opened(models["clip"]).tower("query")
    assert tower.layers(tower.prepare(items[:3])).shape == (3, 3, 32)
    assert tower.layers(tower.prepare(items[5:8])).shape == (4, 3, 48)
    assert set(tower.modules(r".*encoder\.layers\.0")) == {
        "text_model.encoder.layers.0",
        "vision_model.encoder.layers.0",
    }
    with pytest.raises(InvalidInput, match="cannot be stacked"):
        tower.layers(tower.prepare(items))


def test_prompts_make_two_towers_and_a_template_holds_the_text(models: dict[str, Path], items: list[Item]) -> None:
    plain = opened(models["clip"])
    assert plain.tower("query") is plain.tower("document")
    prompted = opened(f"{models['clip']}@query_prompt=a photo of {{}} icon")
    assert prompted.tower("query").fingerprint != prompted.tower("document").fingerprint
    assert prompted.tower("document").fingerprint == plain.tower("document").fingerprint
    assert prompted.setup.query_prompt == "a photo of {} icon"
    got = vectors(prompted.tower("query"), [Item("q", "red cat")])
    assert np.abs(got - vectors(plain.tower("query"), [Item("q", "a photo of red cat icon")])).max() < 1e-6
    assert prompted.tower("query").image.fingerprint == plain.tower("query").image.fingerprint


def test_the_setup_says_how_it_was_run(models: dict[str, Path]) -> None:
    setup = opened(models["siglip"]).setup
    assert (setup.max_length, setup.normalised, setup.similarity, setup.dtype, setup.n_dims) == (
        16,
        True,
        "cosine",
        "float32",
        32,
    )
    assert "attention head" in (setup.pooling or "")
    assert "mean of the unit vectors" in (setup.pooling or "")
    assert setup.n_parameters > 50_000
    assert not setup.unused_weights
    raw = opened(f"{models['siglip']}@normalize=false")
    assert not raw.setup.normalised
    assert np.abs(np.linalg.norm(vectors(raw.tower("query"), [Item("a", "cat")])) - 1) > 1e-3


def test_represent_and_ranking_score_alike(models: dict[str, Path], items: list[Item]) -> None:
    for more, is_unit in (("", True), ("@normalize=false", True), ("@normalize=false@similarity=dot", False)):
        tower = opened(f"{models['clip']}{more}").tower("query")
        alone = [item for item in items if item.picture is None or item.text is None]
        lengths = tower.represent(tower.prepare(alone)).detach().norm(dim=-1).numpy()
        assert bool(np.abs(lengths - 1).max() < 1e-5) is is_unit, more


def test_the_similarity_of_sentence_transformers_wrapping_is_read(models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]'
    )
    shutil.copytree(models["clip"], tmp_path / "0_CLIPModel")
    (tmp_path / "config_sentence_transformers.json").write_text('{"similarity_fn_name": "euclidean"}')
    assert opened(str(tmp_path)).setup.similarity == "euclidean"
    (tmp_path / "config_sentence_transformers.json").write_text('{"similarity_fn_name": "nearest"}')
    with pytest.raises(InvalidInput, match="'nearest'; expected cosine"):
        opened(str(tmp_path))


def test_vectors_of_random_init_depend_on_the_seed_alone(models: dict[str, Path], items: list[Item]) -> None:
    one, same, other = (
        vectors(opened(f"random-init:{models['clip']}@seed={s}").tower("query"), items) for s in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
    with pytest.raises(InvalidInput, match="has the option 'seed'"):
        opened(f"{models['clip']}@seed=1")  # random weights only for who asks for them


def test_bf16_vectors_of_images_are_close(models: dict[str, Path], items: list[Item]) -> None:
    full, half = (opened(f"{models['clip']}{end}").tower("query") for end in ("", "@bf16"))
    cosine = (vectors(full, items) * vectors(half, items)).sum(axis=1)
    assert cosine.min() > 0.995
    assert full.fingerprint != half.fingerprint


# --- whose model is whose ---------------------------------------------------------------------------------------------


def test_only_the_part_clip_recognises_image_text_folders(models: dict[str, Path]) -> None:
    for folder in models.values():
        part, _ = registry.system(Spelling.parse(str(folder)))
        assert part.name == "clip"


def test_the_wrapping_of_sentence_transformers_is_read(
    models: dict[str, Path], tmp_path: Path, items: list[Item]
) -> None:
    shutil.copytree(models["clip"], tmp_path / "wrapped" / "0_CLIPModel")
    (tmp_path / "wrapped" / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]'
    )
    got = opened(tmp_path / "wrapped").tower("query")
    assert isinstance(got, ImageTextTower)
    assert np.array_equal(vectors(got, items), vectors(opened(models["clip"]).tower("query"), items))


def test_another_kind_of_image_model_is_refused_by_name(models: dict[str, Path], tmp_path: Path) -> None:
    other = Path(shutil.copytree(models["clip"], tmp_path / "other"))
    edit_json(other / "config.json", model_type="llava")
    with pytest.raises(InvalidInput, match="is a model of the kind 'llava'; expected clip, siglip, siglip2"):
        opened(other)


# --- the guard --------------------------------------------------------------------------------------------------------


def weights(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def save_weights(folder: Path, tensors: dict) -> None:
    from safetensors.torch import save_file

    save_file(tensors, folder / "model.safetensors")


@pytest.fixture
def copy(models: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(models["clip"], tmp_path / "copy"))


@pytest.mark.parametrize(
    "lost",
    ["visual_projection.weight", "text_model.encoder.layers.1.mlp.fc1.bias", "vision_model.embeddings.class_embedding"],
)
def test_a_missing_weight_of_either_half_is_an_error(copy: Path, lost: str) -> None:
    tensors = weights(copy)
    del tensors[lost]
    save_weights(copy, tensors)
    with pytest.raises(IncompleteWeights, match=lost.replace(".", r"\.")):
        opened(copy)


def test_an_unexpected_weight_is_an_error_and_an_old_buffer_is_not(copy: Path, items: list[Item]) -> None:
    import torch

    before = vectors(opened(copy).tower("query"), items)
    tensors = weights(copy)
    del tensors["logit_scale"]  # no vector depends on it
    save_weights(copy, tensors | {"text_model.embeddings.position_ids": torch.arange(24)[None]})
    assert np.array_equal(vectors(opened(copy).tower("query"), items), before)
    save_weights(copy, tensors | {"adapter.weight": torch.ones(2)})
    with pytest.raises(InvalidInput, match=r"adapter\.weight"):
        opened(copy)


def test_mismatched_settings_and_weights_are_refused(copy: Path, models: dict[str, Path]) -> None:
    edit_json(copy / "preprocessor_config.json", crop_size={"height": 40, "width": 40})
    with pytest.raises(InvalidInput, match="scales pictures to 40 × 40 pixels, but its model takes 32 × 32"):
        opened(copy)
    shutil.copy(models["siglip"] / "preprocessor_config.json", copy)
    with pytest.raises(InvalidInput, match="expected CLIPImageProcessor"):
        opened(copy)
    (copy / "preprocessor_config.json").unlink()
    with pytest.raises(InvalidInput, match="has no picture settings"):
        opened(copy)


def test_remote_code_and_pickles_are_refused(copy: Path) -> None:
    edit_json(copy / "config.json", auto_map={"AutoModel": "modeling.Evil"})
    with pytest.raises(UnsafeInput, match="auto_map"):
        opened(copy)
    edit_json(copy / "config.json", auto_map=None)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(UnsafeInput, match="pickle"):
        opened(copy)


def test_a_tokeniser_of_another_model_is_refused(copy: Path) -> None:
    config = __import__("json").loads((copy / "config.json").read_text())
    edit_json(copy / "config.json", text_config=config["text_config"] | {"eos_token_id": 5})
    with pytest.raises(InvalidInput, match="lacks the end token 5"):
        opened(copy)


# --- pictures that cannot be encoded ----------------------------------------------------------------------------------


def test_damaged_pictures_of_a_batch_are_all_named(models: dict[str, Path], items: list[Item]) -> None:
    tower = opened(models["clip"]).tower("document")
    whole = encoded(photo(), "JPEG")
    bad = [Item("cut", picture=Picture(whole[: len(whole) // 2])), Item("text", picture=Picture(b"hello"))]
    with pytest.raises(InvalidInput, match=r"2 mistakes\n  item 'cut'.*\n  item 'text'"):
        vectors(tower, [*items[:6], *bad])
    with pytest.raises(UnsafeInput, match=r"item 'bomb'.*decompression bomb"):
        vectors(tower, [Item("bomb", picture=Picture(png_header(50_000, 50_000)))])


@pytest.mark.parametrize("kind", ["clip", "siglip", "siglip2"])
def test_pictures_of_odd_shapes_are_encoded(kind: str, models: dict[str, Path]) -> None:
    tower = opened(models[kind]).tower("document")
    shapes = [(1, 1), (1, 90), (3, 3), (300, 4), (33, 31)]
    got = vectors(tower, [Item(str(s), picture=Picture(encoded(photo(*s), "PNG"))) for s in shapes])
    assert np.isfinite(got).all()


def test_nothing_heavy_is_imported_to_recognise_a_model(models: dict[str, Path]) -> None:
    code = "import sys; from evidense.encoders.clip import PART; from evidense.values import Spelling; " + (
        f"print(PART.recognises(Spelling({str(models['clip'])!r})), sorted({{'torch', 'transformers', 'PIL'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True []", done.stderr
