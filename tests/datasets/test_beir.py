"""BEIR folders: BEIR's rules, streamed, with every mistake told with file and line."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from evidense.datasets.beir import PART
from evidense.errors import InvalidInput
from evidense.values import Collection

DOCUMENTS = [
    {"_id": "d1", "title": "One", "text": "first"},
    {"_id": "d2", "title": "", "text": "second"},
    {"_id": "d3", "text": "third"},
]
QUERIES = [{"_id": "q1", "text": "a"}, {"_id": "q2", "text": "b"}, {"_id": "q3", "text": "c"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td3\t0\nq2\td2\t1\n"


def folder(at: Path, documents: list[dict] = DOCUMENTS, queries: list[dict] = QUERIES, **qrels: str) -> str:
    (at / "qrels").mkdir(parents=True, exist_ok=True)
    (at / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in documents))
    (at / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in queries))
    for split, text in (qrels or {"test": QRELS}).items():
        (at / "qrels" / f"{split}.tsv").write_text(text)
    return str(at)


def opened(spelling: str) -> Collection:
    assert PART.recognises(spelling)
    (collection,) = PART.open(spelling)
    return collection


def refused(spelling: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        PART.open(spelling)
    return str(caught.value)


def test_title_and_text_are_joined_and_only_judged_queries_are_read(tmp_path: Path) -> None:
    collection = opened(folder(tmp_path / "mine"))
    assert [item.text for item in collection.corpus] == ["One first", "second", "third"]
    assert collection.query_ids == ("q1", "q2")
    assert collection.qrels == {"q1": {"d1": 2, "d3": 0}, "q2": {"d2": 1}}
    assert (collection.name, collection.drop_self_matches) == ("mine", False)


def test_splits_are_chosen_by_name(tmp_path: Path) -> None:
    at = folder(tmp_path / "mine", train="q1\td1\t1\n", dev=QRELS)
    assert opened(f"{at}@dev").query_ids == ("q1", "q2")
    assert opened(f"{at}@train").name == "mine@train"
    assert "several splits and none called test; found dev, train" in refused(at)
    assert "no split 'tset'; found dev, train" in refused(f"{at}@tset")
    assert "goes from its queries to its corpus" in refused(f"{at}:t2i")


def test_packed_files_and_windows_line_ends_read_alike(tmp_path: Path) -> None:
    plain, packed = folder(tmp_path / "a" / "x"), Path(folder(tmp_path / "b" / "x"))
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        path = packed / name
        path.with_name(path.name + ".gz").write_bytes(
            gzip.compress(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        )
        path.unlink()
    assert opened(plain).checksum == opened(str(packed)).checksum


def test_the_corpus_is_streamed_and_never_held_in_memory(tmp_path: Path) -> None:
    documents = [{"_id": f"d{i}", "text": f"{i} " + "x" * 20_000} for i in range(1_000)]
    at = folder(tmp_path / "big", documents, test="q1\td7\t1\n")
    del documents
    tracemalloc.start()
    collection = opened(at)
    assert (
        sum(len(item.text or "") for item in collection.corpus)
        == sum(len(item.text or "") for item in collection.corpus)
        > 20_000_000
    )
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 3_000_000, "20 MB of text were to pass through, not to stay"
    assert (collection.corpus[999].id, collection.corpus[-1].id, [item.id for item in collection.corpus[3:5]]) == (
        "d999",
        "d999",
        ["d3", "d4"],
    )
    with pytest.raises(IndexError):
        collection.corpus[1_000]


def test_a_corpus_that_changes_during_use_is_refused(tmp_path: Path) -> None:
    at = folder(tmp_path / "mine")
    collection = opened(at)
    (Path(at) / "corpus.jsonl").write_text("{" * 500)
    with pytest.raises(InvalidInput, match="changed while it was being read"):
        list(collection.corpus)


def test_mistakes_of_all_files_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    at = folder(tmp_path / "bad", test="query-id\tcorpus-id\tscore\nq1\td1\tmany\nq1\td1\nq2\td2\t1\nq2\td2\t0\n")
    with (Path(at) / "corpus.jsonl").open("ab") as file:
        file.write(
            b'nonsense\n{"_id": "d1", "text": "again"}\n{"_id": "d9"}\n{"_id": "d8", "text": "\xff"}\n{"_id": "e", "text": " "}\n'
        )
    message = refused(at)
    assert message.splitlines()[0].endswith("bad: 7 mistakes")
    for part in (
        "'corpus.jsonl line 4' is not JSON",
        "corpus.jsonl line 5: the id 'd1' stands already at corpus.jsonl line 1",
        "corpus.jsonl line 6: no text; found _id; expected _id, title, text",
        "corpus.jsonl line 7, byte 24: 0xFF is not UTF-8",
        "test.tsv line 2: the gain 'many' is no whole number",
        "test.tsv line 3: 2 cells (",
        "test.tsv line 5: query 'q2' and document 'd2' are judged 0 here and 1 on line 4",
    ):
        assert part in message


def test_judged_documents_missing_from_the_corpus_are_noted_and_count_as_not_found(tmp_path: Path) -> None:
    collection = opened(folder(tmp_path / "few", test="q1\tnone\t1\nnobody\td1\t1\nq2\td2\t1\n"))
    assert collection.qrels == {"q1": {"none": 1}, "q2": {"d2": 1}}
    assert collection.provenance.notes == (
        "1 of 3 judged queries are not among the queries; their judgements were left out ('nobody')",
        "1 judgements name documents that the corpus lacks (1 of 2 relevant documents; 'none'); they count as never found, as in "
        "trec_eval, BEIR and mteb",
    )


def test_ids_that_do_not_match_are_refused_with_two_of_each_side(tmp_path: Path) -> None:
    message = refused(folder(tmp_path / "documents", test="q1\t001\t1\nq2\t002\t1\n"))
    assert "test.tsv line 1: 0 of 2 relevant documents are in the corpus" in message
    assert "the judgements name '001', '002', the corpus has 'd1', 'd2'" in message
    message = refused(folder(tmp_path / "queries", test="1\td1\t1\n2\td2\t1\n"))
    assert (
        "none of the 2 judged queries is among the 3 queries: the judgements name '1', '2', the queries are 'q1', 'q2'"
        in message
    )


def test_a_few_empty_documents_are_kept(tmp_path: Path) -> None:
    empty = [
        {"_id": "e1", "title": None, "text": None},
        {"_id": "e2", "text": " "},
        {"_id": "t", "title": "Only", "text": ""},
    ]
    collection = opened(folder(tmp_path / "few", [*DOCUMENTS, *empty]))
    assert [(item.id, item.text) for item in collection.corpus][3:] == [("e1", ""), ("e2", ""), ("t", "Only")]
    assert "2 documents are empty; they stay in the corpus, as in BEIR and mteb" in collection.provenance.notes
    message = refused(folder(tmp_path / "many", [{**one, "title": "", "text": ""} for one in DOCUMENTS]))
    assert "3 of 3 documents are empty" in message


def test_queries_that_are_documents_are_dropped_from_their_own_ranking(tmp_path: Path) -> None:
    queries = [{"_id": "d1", "text": "One first"}, {"_id": "d2", "text": "second"}]
    collection = opened(folder(tmp_path / "arguana", queries=queries, test="d1\td2\t1\nd2\td3\t1\n"))
    assert collection.drop_self_matches
    assert "2 queries are documents too" in collection.provenance.notes[0]
    numbered = [{"_id": "d1", "text": "something else"}]
    assert not opened(folder(tmp_path / "numbered", queries=numbered, test="d1\td1\t1\n")).drop_self_matches


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    at = folder(tmp_path / "x")
    (tmp_path / "x" / "corpus.jsonl").unlink()
    assert not PART.recognises(at)
    assert "has no corpus.jsonl (nor corpus.jsonl.gz, nor shards); found qrels, queries.jsonl" in refused(at)
    (tmp_path / "y").write_text("")
    assert "is not a folder" in refused(str(tmp_path / "y"))
    at = folder(tmp_path / "z", test="query-id\tcorpus-id\tscore\n")
    assert "holds no judgement" in refused(at)
    (tmp_path / "z" / "qrels" / "test.tsv").unlink()
    assert "has no .tsv file; expected qrels/test.tsv" in refused(at)


def test_scifact_reads_as_published(tmp_path: Path, shared_data: Path) -> None:
    corpus = [json.loads(line) for line in (shared_data / "scifact" / "corpus.jsonl").open()]
    claims = [json.loads(line) for line in (shared_data / "scifact" / "claims_dev.jsonl").open()]
    collection = opened(
        folder(
            tmp_path / "scifact",
            [{"_id": str(one["doc_id"]), "title": one["title"], "text": " ".join(one["abstract"])} for one in corpus],
            [{"_id": str(one["id"]), "text": one["claim"]} for one in claims],
            test="".join(f"{one['id']}\t{doc_id}\t1\n" for one in claims for doc_id in one["cited_doc_ids"]),
        )
    )
    assert (len(collection.queries), len(collection.corpus), sum(map(len, collection.qrels.values()))) == (
        300,
        5183,
        339,
    )
    assert not collection.drop_self_matches
