"""Ready text encoders as text towers: the static table, and drawn weights in the place of their own."""

from pathlib import Path

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.errors import InvalidInput, UnknownName
from evidense.training.backbones.architectures import design
from evidense.values import Item
from training.text_world import save_bert
from training.towers import CONVNET, built

TEXTS = [Item("0", "a red house"), Item("1", "an arrow")]


def test_static_table_of_wordllama_is_a_text_tower_with_its_own_vectors(tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    towers = open_encoder(str(built(tmp_path / "towers", text={"kind": "wordllama"}, n_dims=256)))
    text, alone = towers.text, open_encoder("wordllama@normalize=true").tower("query")
    ours, theirs = (tower.vectors(tower.prepare(TEXTS)) for tower in (text, alone))
    np.testing.assert_allclose(ours / np.linalg.norm(ours, axis=1, keepdims=True), theirs, atol=1e-6)
    with pytest.raises(InvalidInput, match=r"write n_dims = 256"):
        built(tmp_path / "narrow", text={"kind": "wordllama"})


def test_drawn_weights_keep_vocabulary_and_architecture_and_depend_on_the_seed(tmp_path: Path) -> None:
    bert = save_bert(tmp_path / "bert")
    kinds = {"ready": str(bert), "drawn": f"random-init:{bert}", "again": f"random-init:{bert}"}
    folders = {name: built(tmp_path / name, text={"kind": kind}) / "text" for name, kind in kinds.items()}
    weights = {name: (folder / "model.safetensors").read_bytes() for name, folder in folders.items()}
    assert weights["drawn"] == weights["again"] != weights["ready"]
    ready, drawn = (open_encoder(str(folders[name])).tower("query") for name in ("ready", "drawn"))
    assert ready.prepare(TEXTS).flat.tolist() == drawn.prepare(TEXTS).flat.tolist()
    assert np.abs(ready.vectors(ready.prepare(TEXTS)) - drawn.vectors(drawn.prepare(TEXTS))).max() > 0.01


@pytest.mark.parametrize("kind", ["random-init:convnet", "random-init:/a/folder", "lite3"])
def test_kinds_without_weights_to_draw_anew_are_refused(kind: str) -> None:
    with pytest.raises(UnknownName, match="random-init: goes before lite0, lite1, lite2"):
        design({"text": {"kind": "bert"}, "image": {**CONVNET, "kind": kind}})


def test_a_gguf_file_is_a_text_tower_with_its_own_states(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    from encoders.tiny_gguf import write

    file = write(tmp_path / "tiny.gguf")
    texts = [
        open_encoder(str(built(tmp_path / "towers", text={"kind": f"gguf:{file}"}))).text,
        open_encoder(f"gguf:{file}").tower("query"),
    ]
    ours, theirs = (tower.pooled(tower.prepare(TEXTS)) for tower in texts)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-6)


def test_a_head_of_class_names_is_refused_beside_a_random_classifier() -> None:
    image = {"kind": "random-init:lite0", "head": "class-names"}
    with pytest.raises(InvalidInput, match=r"the kind is random-init:lite0; expected the classifier's own weights"):
        design({"text": {"kind": "bert"}, "image": image})
