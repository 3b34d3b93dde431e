"""TREC files: qrels alone, and qrels with topics and documents in the usual forms."""

import json
from pathlib import Path

import pytest

from evidense.datasets.trec import PART
from evidense.errors import InvalidInput

QRELS = "q1 0 d1 1\nq1 0 d2 0\nq2 0 d3 2\n"
TOPICS = (
    "<top>\n<num> Number: q1\n<title> hello\n world\n<desc> Description:\nlong\n</top>\n<TOP><num>q2<title>bye</TOP>\n"
)
DOCUMENTS = "d1\tone\nd2\ttwo\nd3\tthree\n"


def written(at: Path, **files: str) -> Path:
    at.mkdir(exist_ok=True)
    for name, text in files.items():
        (at / name.replace("_", ".")).write_text(text)
    return at


def refused(spelling: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        PART.open(spelling)
    return str(caught.value)


def test_qrels_alone_make_a_collection_of_judgements(tmp_path: Path) -> None:
    at = written(tmp_path / "t", q_txt=QRELS) / "q.txt"
    assert PART.recognises(str(at))
    (collection,) = PART.open(str(at))
    assert collection.qrels == {"q1": {"d1": 1, "d2": 0}, "q2": {"d3": 2}}
    assert (collection.modalities, collection.doc_ids, collection.name) == (("ids", "ids"), ("d1", "d2", "d3"), "q.txt")
    assert collection.provenance.notes == ("judgements only: queries and documents are known by their ids",)
    one = written(tmp_path / "one", q_txt="q1\t0\ta b/../<b>=1\t1\n") / "q.txt"
    assert PART.open(str(one))[0].doc_ids == ("a b/../<b>=1",)


def test_folder_and_joined_files_read_alike_in_every_form(tmp_path: Path) -> None:
    marked = written(tmp_path / "a", qrels_txt=QRELS, topics_txt=TOPICS, docs_tsv=DOCUMENTS)
    objects = "".join(
        json.dumps(dict(zip(("id", "text"), line.split("\t"), strict=True))) + "\n" for line in DOCUMENTS.splitlines()
    )
    tabbed = written(
        tmp_path / "b",
        qrels_test_txt=QRELS,
        queries_tsv="q1\thello world\nq2\tbye\nq3\tunjudged\n",
        corpus_jsonl=objects,
    )
    joined = "+".join(str(marked / name) for name in ("qrels.txt", "topics.txt", "docs.tsv"))
    collection = [PART.open(spelling)[0] for spelling in (str(marked), str(tabbed), joined)]
    assert all(PART.recognises(spelling) for spelling in (str(marked), str(tabbed), joined))
    assert len({one.checksum for one in collection}) == 1
    assert [(item.id, item.text) for item in collection[0].queries] == [("q1", "hello world"), ("q2", "bye")]
    assert collection[2].name == "qrels.txt+topics.txt+docs.tsv"


def test_mistakes_of_all_trec_files_are_reported_at_once(tmp_path: Path) -> None:
    at = written(
        tmp_path / "bad",
        qrels_txt="q1 0 d1 1\nq1 0 d2\tx\nq1 0 d3 a b\n",
        topics_txt="q1\thello\nq1\tagain\nno tab\n",
        docs_jsonl='{"id": "d1"}\n[]\n{"docno": "d2", "contents": "fine"}\n',
    )
    message = refused(str(at))
    for part in (
        "qrels.txt line 2: the gain 'x' is no whole number",
        "qrels.txt line 3: 5 cells",
        "topics.txt line 2: the id 'q1' stands twice",
        "topics.txt line 3: no tab",
        "docs.jsonl line 1: no text; found id",
        "docs.jsonl line 2: a JSON list",
    ):
        assert part in message
    assert message.splitlines()[0].endswith("6 mistakes")


def test_topics_without_number_or_title_and_empty_cells_are_mistakes(tmp_path: Path) -> None:
    at = written(tmp_path / "a", qrels_txt=QRELS, topics_txt="<top>\n<title> x\n</top>\n", docs_tsv="d1\t\n\tx\n")
    message = refused(str(at))
    assert "topics.txt line 1: a topic without num" in message
    assert "docs.tsv line 2: the id is empty" in message


def test_unknown_ids_and_missing_files_are_reported(tmp_path: Path) -> None:
    at = written(
        tmp_path / "a",
        qrels_txt=QRELS.replace("d", "D") + "q9 0 d9 1\n",
        topics_tsv="q1\ta\nq2\tb\n",
        docs_tsv=DOCUMENTS,
    )
    message = refused(str(at))
    assert "qrels.txt line 1: 0 of 2 relevant documents are in the corpus" in message
    assert "the judgements name 'D1', 'D3', the corpus has 'd1', 'd2'" in message
    (at / "docs.tsv").unlink()
    assert "topics or documents are missing; expected qrels alone, or all three" in refused(str(at))
    assert "has no qrels" in refused(str(written(tmp_path / "empty")))
    assert "cannot be read (No such file or directory)" in refused(str(tmp_path / "none.txt"))
    assert "holds no judgement" in refused(str(written(tmp_path / "e", q_txt="\n") / "q.txt"))


@pytest.mark.parametrize("text", ["", "query,document\na,b\n", "a b c\n", "q1 0 d1 high\n", "\x00\x01"])
def test_files_of_other_forms_are_not_recognised_as_qrels(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(text)
    assert not PART.recognises(str(path))
