"""checkpoint:ID opens what the store holds: text encoders, static ones, and two towers; by the beginning of an id, too."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.errors import AmbiguousName, InvalidInput, UnknownName
from evidense.store import Store
from evidense.values import Item
from training.towers import BERT, CONVNET, STATIC, TEXTS, mixed_items, write_towers

IDS = {"text": "ab" * 32, "towers": "ac" * 32, "static": "cd" * 32}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "text": {"text": BERT},
    "towers": {"text": BERT, "image": CONVNET},
    "static": {"text": STATIC, "n_dims": 16},
}


@pytest.fixture
def folders(own_store: Path, tmp_path: Path) -> dict[str, Path]:
    """Put three backbones into the store."""
    store = Store()
    for name, architecture in ARCHITECTURES.items():
        write_towers(architecture, TEXTS, 0, tmp_path / name)
        store.adopt_folder(IDS[name], tmp_path / name)
    return {name: store.folder(record_id) for name, record_id in IDS.items()}


@pytest.mark.parametrize("name", IDS)
def test_checkpoint_spelling_opens_the_encoder_of_its_folder(folders: dict[str, Path], name: str) -> None:
    items = mixed_items() if name == "towers" else [Item(str(n), text) for n, text in enumerate(TEXTS)]
    outright = open_encoder(str(folders[name])).tower("query")
    for spelling in (f"checkpoint:{IDS[name]}", f"checkpoint:{IDS[name][:2]}"):
        opened = open_encoder(spelling)
        assert opened.name == spelling
        assert opened.tower("query").fingerprint == outright.fingerprint
        vectors = opened.tower("query").vectors(opened.tower("query").prepare(items))
        assert np.array_equal(vectors, outright.vectors(outright.prepare(items)))


def test_checkpoint_accepts_the_options_of_its_kind(folders: dict[str, Path]) -> None:
    prompted = open_encoder(f"checkpoint:{IDS['text']}@query_prompt=red ")
    assert prompted.setup.query_prompt == "red "
    with pytest.raises(InvalidInput, match="does not read"):
        open_encoder(f"checkpoint:{IDS['towers']}@query_prompt=red ")


def test_unknown_or_ambiguous_checkpoint_id_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(UnknownName, match="Known: abababababab, acacacacacac, cdcdcdcdcdcd"):
        open_encoder("checkpoint:ff00")
    with pytest.raises(AmbiguousName, match="could mean 2 checkpoints.*'checkpoint:abababababab'"):
        open_encoder("checkpoint:a")
    with pytest.raises(UnknownName):
        open_encoder("checkpoint:")


def test_unknown_checkpoint_in_an_empty_store_names_the_store(own_store: Path) -> None:
    with pytest.raises(UnknownName, match="train one first") as caught:
        open_encoder("checkpoint:ab")
    assert str(own_store) in str(caught.value)


def test_checkpoint_can_be_the_text_tower_of_an_architecture(folders: dict[str, Path], tmp_path: Path) -> None:
    write_towers(
        {"text": {"kind": f"checkpoint:{IDS['text']}"}, "image": CONVNET, "n_dims": 8}, [], 0, tmp_path / "towers"
    )
    opened = open_encoder(str(tmp_path / "towers"))
    assert opened.tower("query").n_dims == 8
    inner = open_encoder(f"checkpoint:{IDS['text']}").tower("query")
    items = [Item("a", TEXTS[0])]
    assert np.array_equal(opened.text.layers(opened.text.prepare(items)), inner.layers(inner.prepare(items)))
