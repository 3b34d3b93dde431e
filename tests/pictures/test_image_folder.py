"""Folders of pictures: metadata in the form of hub datasets, sub-folders as labels, hostile and missing files."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from evidense import registry
from evidense.errors import InvalidInput, UnknownName, UnsafeInput
from evidense.values import Collection
from pictures.hostile import png_header
from pictures.tiny_models import save_pictures


def opened(spelling: str) -> Collection:
    part, rest = registry.dataset(spelling)
    assert part.name == "image_folder"
    (collection,) = part.open(rest)
    return collection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_pictures(tmp_path / "photos")
    (tmp_path / "photos" / "metadata.csv").write_text(
        "file_name,text,colour,split\nwide.png,a wide one,red,train\ntall.jpg,a tall one,blue,test\n"
        "square.webp,a square one,red,test\nsquare.webp,four equal sides,red,test\ngrey.png,a wide one,grey,test\n"
    )
    return tmp_path / "photos"


def test_captions_look_for_pictures_and_pictures_for_captions(folder: Path) -> None:
    there, back = opened(str(folder)), opened(f"{folder}:i2t")
    assert (there.name, there.modalities, back.modalities) == ("photos:t2i", ("text", "image"), ("image", "text"))
    texts = {item.id: item.text for item in there.queries}
    wide = next(key for key, text in texts.items() if text == "a wide one")
    assert there.qrels[wide] == {"wide.png": 1, "grey.png": 1}  # one caption, two pictures: neither is a miss
    assert len(there.queries) == 4
    assert len(back.qrels["square.webp"]) == 2
    assert there.columns["colour"][wide] == "(several)"
    assert there.provenance.is_user_data


def test_a_split_is_a_value_of_the_column_or_a_sub_folder(folder: Path) -> None:
    assert sorted(opened(f"{folder}@test").doc_ids) == ["grey.png", "square.webp", "tall.jpg"]
    shutil.copytree(folder, folder.parent / "parent" / "test")
    assert len(opened(f"{folder.parent / 'parent'}@test").doc_ids) == 4
    with pytest.raises(InvalidInput, match="no row of the split 'dev'"):
        opened(f"{folder}@dev")


def test_jsonl_metadata(folder: Path) -> None:
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text(
        '{"file_name": "wide.png", "text": "x"}\n{"file_name": "tall.jpg", "text": "y"}\n'
    )
    assert opened(str(folder)).doc_ids == ("wide.png", "tall.jpg")


def test_without_metadata_the_sub_folder_is_the_text(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        save_pictures(tmp_path / "pets" / label)
    (tmp_path / "pets" / "dog" / "wide.png").unlink()
    Image.new("RGB", (9, 9), "red").save(tmp_path / "pets" / "dog" / "red.png")
    pets = opened(str(tmp_path / "pets"))
    assert [item.text for item in pets.queries] == ["cat", "dog"]
    assert "dog/red.png" in pets.doc_ids
    assert any("equal to another" in note for note in pets.provenance.notes)


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    (folder / "tall.jpg").write_bytes((folder / "tall.jpg").read_bytes()[:20])
    (folder / "grey.png").write_bytes(b"no picture")
    with pytest.raises(InvalidInput) as caught:
        opened(str(folder))
    assert "2 mistakes" in str(caught.value)
    assert "tall.jpg" in str(caught.value)
    (folder / "metadata.csv").write_text("file_name,text\n../secret.png,a\nabsent.png,b\nwide.png,\n")
    with pytest.raises(InvalidInput) as caught:
        opened(str(folder))
    assert all(
        part in str(caught.value)
        for part in ("does not lie in the folder", "there is no picture 'absent.png'", "is empty", "3 mistakes")
    )


def test_a_bomb_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "wide.png").write_bytes(png_header(60_000, 60_000))
    with pytest.raises(UnsafeInput, match="decompression bomb"):
        opened(str(folder))


def test_metadata_without_known_columns_is_refused(folder: Path) -> None:
    (folder / "metadata.csv").write_text("file_name,words\nwide.png,x\n")
    with pytest.raises(InvalidInput, match="expected file_name and text"):
        opened(str(folder))


def test_a_missing_folder_and_one_without_pictures_are_named(tmp_path: Path) -> None:
    part = registry.part("datasets", "image_folder")
    with pytest.raises(InvalidInput, match="there is no folder"):
        part.open(str(tmp_path / "absent"))
    with pytest.raises(InvalidInput, match="holds no pictures"):
        part.open(str(tmp_path))


def test_other_kinds_of_folders_are_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownName):
        registry.dataset(str(tmp_path / "empty"))
    part = registry.part("datasets", "image_folder")
    (tmp_path / "corpus.jsonl").write_text("")
    assert not part.recognises(str(tmp_path))
