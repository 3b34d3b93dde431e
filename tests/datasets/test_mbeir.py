"""M-BEIR folders: texts and pictures on both sides, local and union pools."""

import json
from pathlib import Path

import pytest

from evidense.datasets.mbeir import PART
from evidense.errors import InvalidInput


def lines(path: Path, *rows: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    at = tmp_path / "M-BEIR"
    queries = [
        {
            "qid": "9:1",
            "query_txt": "a cat",
            "query_img_path": None,
            "pos_cand_list": ["9:d1"],
            "neg_cand_list": ["9:d2"],
        },
        {
            "qid": "9:2",
            "query_txt": None,
            "query_img_path": "img/a.png",
            "pos_cand_list": ["9:d2", "9:d1"],
            "neg_cand_list": [],
        },
    ]
    lines(at / "query/test/mbeir_mscoco_task0_test.jsonl", *queries)
    pool = [
        {"did": "9:d1", "txt": None, "img_path": "img/a.png"},
        {"did": "9:d2", "txt": "a dog", "img_path": "img/b.png"},
    ]
    lines(at / "cand_pool/local/mbeir_mscoco_task0_test_cand_pool.jsonl", *pool)
    lines(
        at / "cand_pool/global/mbeir_union_test_cand_pool.jsonl",
        *pool,
        {"did": "8:d1", "txt": "other", "img_path": None},
    )
    (at / "img").mkdir()
    for name in ("a", "b"):
        (at / "img" / f"{name}.png").write_bytes(name.encode())
    return at


def test_a_subset_is_read_with_its_pictures(folder: Path) -> None:
    assert PART.recognises(f"{folder}:mscoco_task0@test")
    (collection,) = PART.open(f"{folder}:mscoco_task0@test")
    assert [item.modality for item in collection.queries] == ["text", "image"]
    assert [item.modality for item in collection.corpus] == ["image", "image+text"]
    assert collection.qrels == {"9:1": {"9:d2": 0, "9:d1": 1}, "9:2": {"9:d2": 1, "9:d1": 1}}
    assert collection.name == "M-BEIR:mscoco_task0@test"


def test_the_union_pool_of_mbeir_mixes_modalities(folder: Path) -> None:
    (collection,) = PART.open(f"{folder}:mscoco_task0/union")
    assert collection.doc_ids == ("9:d1", "9:d2", "8:d1")
    assert collection.modalities == ("mixed", "mixed")


def test_missing_files_of_mbeir_are_reported(folder: Path) -> None:
    for spelling, expected in {
        f"{folder}:fashion": "has no mbeir_fashion_test.jsonl; found mbeir_mscoco_task0_test.jsonl",
        f"{folder}:mscoco_task0@dev": "has no mbeir_mscoco_task0_dev.jsonl; found nothing",
        "TIGER-Lab/M-BEIR:mscoco_task0": "hf download --repo-type dataset TIGER-Lab/M-BEIR --local-dir M-BEIR",
    }.items():
        with pytest.raises(InvalidInput) as caught:
            PART.open(spelling)
        assert expected in str(caught.value)
    (folder / "img" / "b.png").unlink()
    with (folder / "query/test/mbeir_mscoco_task0_test.jsonl").open("a") as file:
        file.write('{"query_txt": "no id"}\n')
    with pytest.raises(InvalidInput, match="2 mistakes") as caught:
        PART.open(f"{folder}:mscoco_task0")
    assert "mbeir_mscoco_task0_test.jsonl line 3: no qid" in str(caught.value)
    assert "cand_pool.jsonl line 2: '" in str(caught.value)
