"""Catalogues: rows with texts and pictures, in every direction."""

from pathlib import Path

import pytest

from evidense.datasets.catalogue import PART
from evidense.errors import InvalidInput
from evidense.registry import dataset

ROWS = """id,title,image,category,brand,group
1,a red,red.png,warm,x,g
2,a blue,blue.png,cold,y,g
3,a green,green.png,cold,x,
4,only text,,warm,,
5,,grey.png,cold,,
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image")
    for name in ("red", "blue", "green", "grey"):
        image.new("RGB", (4, 4), name).save(tmp_path / f"{name}.png")
    (tmp_path / "shop.csv").write_text(ROWS)
    return tmp_path / "shop.csv"


def refused(spelling: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        PART.open(spelling)
    return str(caught.value)


def test_in_t2i_texts_look_for_the_picture_of_their_row(shop: Path) -> None:
    (collection,) = PART.open(f"{shop}:t2i")
    assert (collection.name, collection.modalities, collection.doc_ids) == (
        "shop.csv:t2i",
        ("text", "image"),
        ("1", "2", "3"),
    )
    assert collection.qrels == {"q1": {"1": 1}, "q2": {"2": 1}, "q3": {"3": 1}}
    assert collection.columns == {
        "category": {"q1": "warm", "q2": "cold", "q3": "cold"},
        "brand": {"q1": "x", "q2": "y", "q3": "x"},
    }
    assert collection.groups == {"q1": "g", "q2": "g"}
    assert "2 rows without text or without picture were left out" in collection.provenance.notes
    assert PART.open(str(shop))[0].name == "shop.csv:t2i", "the rule where nothing is said"


def test_in_i2t_pictures_look_for_the_text_of_their_row(shop: Path) -> None:
    (collection,) = PART.open(f"{shop}:i2t")
    assert collection.modalities == ("image", "text")
    assert [item.text for item in collection.corpus] == ["a red", "a blue", "a green"]


def test_in_other_directions_other_rows_of_the_category_are_relevant(shop: Path) -> None:
    (collection,) = PART.open(f"{shop}:it2it")
    assert collection.modalities == ("mixed", "mixed")
    assert {item.id: item.modality for item in collection.corpus} == {
        "1": "image+text",
        "2": "image+text",
        "3": "image+text",
        "4": "text",
        "5": "image",
    }
    assert collection.qrels == {
        "1": {"4": 1},
        "2": {"3": 1, "5": 1},
        "3": {"2": 1, "5": 1},
        "4": {"1": 1},
        "5": {"2": 1, "3": 1},
    }
    assert collection.drop_self_matches
    (crossed,) = PART.open(f"{shop}:t2it")
    assert crossed.query_ids == ("1", "2", "3", "4")
    assert crossed.qrels["1"] == {"4": 1}


def test_equal_pictures_are_one_document_with_all_their_titles(shop: Path) -> None:
    shop.write_text("filepath,text\nred.png,ruby\nred.png,scarlet\nblue.png,ruby\n")
    part, spelling = dataset(str(shop))
    assert part is PART
    (collection,) = PART.open(f"{spelling}:t2i")
    assert [item.text for item in collection.queries] == ["ruby", "scarlet"]
    assert collection.qrels == {"q1": {"d1": 1, "d2": 1}, "q2": {"d1": 1}}
    (back,) = PART.open(f"{spelling}:i2t")
    assert back.qrels == {"q1": {"d1": 1, "d2": 1}, "q2": {"d1": 1}}


def test_in_t2t_titles_look_for_their_category(shop: Path) -> None:
    shop.write_text("title,category\na,x\nb,x\nc,y\n")
    (collection,) = PART.open(str(shop))
    assert (collection.name, collection.query_ids) == ("shop.csv:t2t", ("r1", "r2"))
    assert "no column for the picture" in refused(f"{shop}:t2i")


def test_pictures_in_parquet_are_bytes(tmp_path: Path, shop: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    rows = [
        {"image": {"bytes": (tmp_path / f"{name}.png").read_bytes(), "path": None}, "text": name}
        for name in ("red", "blue")
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "p.parquet")
    (collection,) = PART.open(f"{tmp_path / 'p.parquet'}:i2t")
    assert collection.queries[0].picture is not None
    assert collection.queries[0].picture.read() == (tmp_path / "red.png").read_bytes()


def test_every_mistake_is_reported_with_its_line(shop: Path) -> None:
    shop.write_text("id,title,image\n1,a,none.png\n2,b\n1,c,red.png\n1,d,blue.png\n")
    message = refused(str(shop))
    assert message.splitlines()[0].endswith("3 mistakes")
    assert "line 2: there is no picture 'none.png' beside the table" in message
    assert "line 3: 2 cells; expected 3" in message
    assert "line 5: the document id '1' stands for other content than before" in message
