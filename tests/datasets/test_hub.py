"""Data sets of the hub, of ir_datasets and of mteb: the real libraries on local data in the hub's own format."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidense.datasets import hf, irds, mmeb
from evidense.errors import InvalidInput, UnknownName
from evidense.values import Collection
from fetching.data_hub import COMMIT, hub_of

DOCUMENTS = [{"_id": str(i), "title": f"t{i}", "text": f"text {i}"} for i in range(5)]
QUERIES = [{"_id": f"q{i}", "text": f"query {i}"} for i in range(3)]
QRELS = [{"query-id": f"q{i}", "corpus-id": str(i), "score": i + 1} for i in range(2)]


def repository(at: Path, configs: dict[str, dict[str, list[dict]]]) -> str:
    """Write what the hub stores: a Parquet file for each split, and the list of configurations in README.md."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("datasets")

    card = ["---", "configs:"]
    for config, splits in configs.items():
        card += [f"- config_name: {config}", "  data_files:"]
        for split, rows in splits.items():
            (at / config).mkdir(parents=True, exist_ok=True)
            parquet.write_table(pyarrow.Table.from_pylist(rows), at / config / f"{split}-00000-of-00001.parquet")
            card += [f"  - split: {split}", f"    path: {config}/{split}-*"]
    (at / "README.md").write_text("\n".join([*card, "---", ""]))
    return str(at)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def summary(collection: Collection) -> tuple[list[str], list[str | None], dict[str, dict[str, int]]]:
    return (
        list(collection.query_ids),
        [item.text for item in collection.corpus],
        {q: dict(g) for q, g in collection.qrels.items()},
    )


EXPECTED = (["q0", "q1"], [f"t{i} text {i}" for i in range(5)], {"q0": {"0": 1}, "q1": {"1": 2}})


def test_a_hub_data_set_in_mteb_form_is_read(tmp_path: Path) -> None:
    tables = {
        "corpus": {"corpus": DOCUMENTS},
        "queries": {"queries": QUERIES},
        "default": {"test": QRELS, "train": QRELS[:1]},
    }
    at = repository(tmp_path / "scifact", tables)
    (collection,) = hf.PART.open(at)
    assert summary(collection) == EXPECTED
    (train,) = hf.PART.open(f"{at}@train")
    assert (train.query_ids, train.name) == (("q0",), "scifact@train")
    with pytest.raises(InvalidInput, match=r"has no split 'dev'; found .*test"):
        hf.PART.open(f"{at}@dev")
    assert [item.id for item in collection.corpus[1:3]] == ["1", "2"]


def test_a_streamed_data_set_is_the_kept_one_and_leaves_no_table_on_disk(tmp_path: Path) -> None:
    tables = {"corpus": {"corpus": DOCUMENTS}, "queries": {"queries": QUERIES}, "default": {"test": QRELS, "train": QRELS[:1]}}  # fmt: skip
    at = repository(tmp_path / "scifact", tables)
    (streamed,) = hf.PART.open(f"{at}@streaming")
    assert not list(tmp_path.glob("cache/**/*.arrow"))
    (kept,) = hf.PART.open(at)
    assert list(tmp_path.glob("cache/**/*.arrow"))
    assert summary(streamed) == summary(kept) == EXPECTED
    assert (streamed.name, streamed.checksum, streamed.provenance) == (kept.name, kept.checksum, kept.provenance)
    assert [item.id for item in streamed.corpus[1:3]] == ["1", "2"]
    assert hf.PART.open(f"{at}@train@streaming")[0].name == "scifact@train"
    with pytest.raises(InvalidInput, match=r"has no split 'dev'; found .*test"):
        hf.PART.open(f"{at}@dev@streaming")


def test_mistakes_of_a_streamed_data_set_name_their_rows(tmp_path: Path) -> None:
    wrong = [*DOCUMENTS, {"_id": "x", "title": "", "text": ["a list"]}]
    at = repository(tmp_path / "a", {"corpus": {"corpus": wrong[5:]}, "queries": {"queries": QUERIES}, "default": {"test": QRELS}})  # fmt: skip
    with pytest.raises(InvalidInput, match=r"a \(corpus\) row 1: .*a list.*expected text"):
        hf.PART.open(f"{at}@streaming")


CHILD = """
import sys
from evidense import registry
from evidense.errors import InvalidInput
for spelling in sys.argv[1:]:
    try:
        (collection,) = registry.collections(spelling)
        print(collection.name, collection.checksum, collection.provenance.source)
    except InvalidInput as error:
        print(error)
"""


def test_a_streamed_data_set_of_a_hub_is_pinned_and_says_where_it_broke_off(tmp_path: Path) -> None:
    """Asks a hub on this machine, whose second file of a corpus cannot be read once."""
    parquet, pyarrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    at = tmp_path / "me" / "small"
    repository(at, {"corpus": {"corpus": DOCUMENTS}, "queries": {"queries": QUERIES}, "default": {"test": QRELS}})
    second = at / "corpus" / "corpus-00001-of-00002.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"_id": "last", "title": "", "text": "x"}]), second)
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
    with hub_of(tmp_path, broken=second.name) as address:
        asked = [sys.executable, "-c", CHILD, *["hf:me/small@streaming"] * 2, "hf:me/small"]
        child = subprocess.run(asked, env=environment | {"HF_ENDPOINT": address}, capture_output=True, text=True)
    broken, streamed, kept = child.stdout.splitlines()
    assert "'me/small' broke off after 5 rows (" in broken
    assert "expected the whole table; type the same command again" in broken
    assert streamed == kept
    assert streamed.endswith(f" me/small at {COMMIT}")


def test_a_hub_data_set_in_beir_form_is_read_with_its_separate_qrels(tmp_path: Path) -> None:
    at = repository(tmp_path / "scifact", {"corpus": {"corpus": DOCUMENTS}, "queries": {"queries": QUERIES}})
    repository(tmp_path / "scifact-qrels", {"default": {"test": QRELS, "train": QRELS[:1]}})
    assert summary(hf.PART.open(at)[0]) == EXPECTED


def test_subsets_are_chosen_by_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path / "me" / "many", {f"{lang}-{part}": {"dev": rows} for lang in ("de", "fr") for part, rows in
                                          (("corpus", DOCUMENTS), ("queries", QUERIES), ("qrels", QRELS if lang == "de" else QRELS[:1]))})  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert summary(hf.PART.open("me/many:de")[0]) == EXPECTED
    (collection,) = hf.PART.open("me/many:fr@dev")
    assert (collection.query_ids, collection.name) == (("q0",), "me/many:fr@dev")


def test_a_hub_data_set_in_tevatron_form_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passage = {"title": "", "text": ""}
    rows = [{"query_id": f"q{i}", "query": f"query {i}", "positive_passages": [{"docid": str(i), **passage}],
             "negative_passages": [{"docid": "4", **passage}]} for i in range(2)]  # fmt: skip
    repository(tmp_path / "Tevatron" / "beir", {"scifact": {"test": rows}})
    corpus = [{"docid": one["_id"], "title": one["title"], "text": one["text"]} for one in DOCUMENTS]
    repository(tmp_path / "Tevatron" / "beir-corpus", {"scifact": {"train": corpus}})
    monkeypatch.chdir(tmp_path)
    assert summary(hf.PART.open("Tevatron/beir:scifact")[0]) == (
        *EXPECTED[:2],
        {"q0": {"4": 0, "0": 1}, "q1": {"4": 0, "1": 1}},
    )


def test_unknown_ids_and_other_forms_are_refused(tmp_path: Path) -> None:
    wrong = [{"query-id": "q0", "corpus-id": "none", "score": 1}]
    at = repository(
        tmp_path / "a", {"corpus": {"corpus": DOCUMENTS}, "queries": {"queries": QUERIES}, "default": {"test": wrong}}
    )
    with pytest.raises(InvalidInput, match="0 of 1 relevant documents are in the corpus"):
        hf.PART.open(at)
    with pytest.raises(
        InvalidInput, match="is not in BEIR form: found configurations default, columns a; expected corpus"
    ):
        hf.PART.open(repository(tmp_path / "b", {"default": {"train": [{"a": 1}]}}))
    at = repository(tmp_path / "c", {"default": {"test": [{"qry_text": "a", "tgt_text": ["b"]}]}})
    with pytest.raises(InvalidInput, match="write 'mmeb:"):
        hf.PART.open(at)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="is no data set in the hub's layout"):
        hf.PART.open(str(tmp_path / "empty"))


def test_without_network_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        hf.PART.open("BeIR/no-such-data-set")
    assert "'BeIR/no-such-data-set' cannot be read from the hub" in str(caught.value)
    assert "hf download --repo-type dataset BeIR/no-such-data-set --local-dir FOLDER" in str(caught.value)


def test_mmeb_rows_are_read_from_table_folder_and_hub_alike(tmp_path: Path) -> None:
    rows = [
        {
            "qry_text": "<|image_1|>\nWhich is red?",
            "qry_img_path": "a.png",
            "tgt_text": ["", ""],
            "tgt_img_path": ["b.png", "a.png"],
        },
        {"qry_text": "blue", "qry_img_path": "", "tgt_text": ["", "a text"], "tgt_img_path": ["a.png", ""]},
    ]
    at = repository(tmp_path / "MMEB", {"MSCOCO_t2i": {"test": rows}})
    for name in ("a", "b"):
        (tmp_path / "MMEB" / f"{name}.png").write_bytes(name.encode())
    (collection,) = mmeb.PART.open(f"{at}:MSCOCO_t2i")
    assert collection.modalities == ("mixed", "mixed")
    assert [(item.text, item.modality) for item in collection.queries] == [
        ("Which is red?", "image+text"),
        ("blue", "text"),
    ]
    assert collection.qrels == {"q1": {"d1": 1, "d2": 0}, "q2": {"d2": 1, "d3": 0}}
    import json

    table = tmp_path / "MMEB" / "rows.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert mmeb.PART.recognises(str(table))
    assert mmeb.PART.open(str(table))[0].checksum == collection.checksum
    table.write_text('{"qry_text": "", "tgt_text": ["x"]}\n{"qry_text": "x", "tgt_text": []}\n')
    with pytest.raises(InvalidInput, match="line 1: the query has neither text nor picture") as caught:
        mmeb.PART.open(str(table))
    assert "line 2: the first target has neither" in str(caught.value)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[str]:
    """Register a small data set with ir_datasets."""
    ir_datasets = pytest.importorskip("ir_datasets")
    from ir_datasets.datasets.base import Dataset
    from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries
    from ir_datasets.util import LocalDownload

    for name, text in {
        "docs.tsv": "".join(f"{i}\tt{i} text {i}\n" for i in range(5)),
        "queries.tsv": "q0\tquery 0\nq1\tquery 1\nq2\tquery 2\n",
        "qrels.txt": "q0 0 0 1\nq1 0 1 2\n",
    }.items():
        (tmp_path / name).write_text(text)
    docs, queries = TsvDocs(LocalDownload(tmp_path / "docs.tsv")), TsvQueries(LocalDownload(tmp_path / "queries.tsv"))
    qrels = TrecQrels(LocalDownload(tmp_path / "qrels.txt"), {1: "relevant", 2: "highly"})
    ir_datasets.registry.register("evidense-test", Dataset(docs, queries))
    ir_datasets.registry.register("evidense-test/test", Dataset(docs, queries, qrels))
    yield "evidense-test/test"
    for name in ("evidense-test", "evidense-test/test"):
        ir_datasets.registry._registered.pop(name)


def test_ids_of_ir_datasets_are_read(catalogue: str, tmp_path: Path) -> None:
    (collection,) = irds.PART.open(catalogue)
    assert summary(collection) == EXPECTED
    assert (collection.corpus[3].text, collection.corpus[-1].id, [item.id for item in collection.corpus[1:3]]) == (
        "t3 text 3",
        "4",
        ["1", "2"],
    )
    assert collection.name == catalogue
    with pytest.raises(InvalidInput, match="'evidense-test' has no qrels; expected an id with docs, queries and qrels"):
        irds.PART.open("evidense-test")
    with pytest.raises(
        UnknownName, match="unknown id of ir_datasets 'evidense-test/tset': did you mean evidense-test/test"
    ):
        irds.PART.open("evidense-test/tset")
    (tmp_path / "qrels.txt").unlink()
    with pytest.raises(InvalidInput, match="'evidense-test/test' cannot be read"):
        irds.PART.open(catalogue)


def test_families_of_ir_datasets_are_those_of_the_package() -> None:
    ir_datasets = pytest.importorskip("ir_datasets")
    known = {name.partition("/")[0] for name in ir_datasets.registry}
    assert {family for family in known if not irds.PART.recognises(family)} == set()


def test_tasks_of_mteb_are_read(tmp_path: Path) -> None:
    pytest.importorskip("mteb")
    from mteb.abstasks.retrieval import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    from evidense.datasets.mteb import PART

    tables = {"corpus": {"corpus": DOCUMENTS}, "queries": {"queries": QUERIES}, "default": {"test": QRELS}}
    at = repository(tmp_path / "own", tables)

    class OwnTask(AbsTaskRetrieval):
        ignore_identical_ids = True
        metadata = TaskMetadata(
            name="OwnTask", description="x", reference=None, type="Retrieval", category="t2t", modalities=["text"], eval_splits=["test"],
            eval_langs=["eng-Latn"], main_score="ndcg_at_10", license="cc-by-4.0", dataset={"path": at, "revision": "main"},
            date=None, domains=None, task_subtypes=None, annotations_creators=None, dialect=None, sample_creation=None, bibtex_citation=None,
        )  # fmt: skip

    (collection,) = PART.collections(OwnTask())
    assert summary(collection) == EXPECTED
    assert (collection.name, collection.provenance.licence, collection.drop_self_matches) == (
        "OwnTask@test",
        "cc-by-4.0",
        True,
    )
    with pytest.raises(UnknownName, match=r"unknown task of mteb 'SciFat'.*SciFact"):
        PART.open("mteb:SciFat")
    with pytest.raises(InvalidInput, match="'Banking77Classification' of mteb is a task of the kind Classification"):
        PART.open("mteb:Banking77Classification")
    with pytest.raises(InvalidInput, match=r"mteb cannot load 'SciFact' .*check the network"):
        PART.open("mteb:SciFact")
