"""TREC files: qrels alone (to compare runs), or qrels with topics and documents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evidense.boundary.files import plain_name
from evidense.errors import InvalidInput
from evidense.reading.corpora import JsonlItems, Mapped
from evidense.reading.dataset_spelling import expanded
from evidense.reading.runs.judgements import Judgements, is_trec_qrels, read_judgements
from evidense.reading.runs.topics import read_topics
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.typed import as_id, as_text, is_missing, noted
from evidense.values import Collection, Draft, Item, Provenance, build

_ROLES = {"qrels": "qrels", "topics": "topics", "queries": "topics", "docs": "documents", "documents": "documents", "corpus": "documents",
          "collection": "documents"}  # fmt: skip
_IDS = ("id", "_id", "doc_id", "docno")
_TEXTS = ("text", "contents", "body", "abstract")


class Trec:
    """`QRELS`, `FOLDER`, or `QRELS+TOPICS+DOCUMENTS` (joined by `+`, in this order).

    Qrels are `query_id 0 doc_id gain`. Qrels alone make a collection whose queries and documents are ids without text, which is enough to
    compare runs. Topics are `id<tab>text` or `<top><num>…<title>…`. Documents are `id<tab>text` or JSONL with `id`, `title`, `text`. In a
    folder, file names begin with qrels, topics (or queries), docs (or documents, corpus, collection). Only judged queries are read.
    """

    name = "trec"
    spellings: tuple[str, ...] = ("qrels.txt", "trec-folder", "qrels.txt+topics.tsv+docs.tsv")

    def recognises(self, spelling: str) -> bool:
        """Say whether these are TREC files, by the first line of the qrels."""
        files = _files(spelling)
        return "qrels" in files and files["qrels"].is_file() and is_trec_qrels(files["qrels"])

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the files.

        Raises:
            InvalidInput: a file is missing, or holds mistakes (all are listed with their lines).
        """
        files = _files(spelling)
        if "qrels" not in files:
            raise InvalidInput(
                f"'{spelling}' has no qrels; expected a file or folder with `query_id 0 doc_id gain`; check the path"
            )
        if len(files) == 2:
            files_given = ", ".join(str(path) for path in files.values())
            raise InvalidInput(
                f"{files_given}: topics or documents are missing; expected qrels alone, or all three; add the third file"
            )
        judged = read_judgements(files["qrels"])
        return (build(_draft(spelling, files, judged)),)


def _files(spelling: str) -> dict[str, Path]:
    """Return role → file for a spelling."""
    folder = expanded(spelling)
    if not folder.is_dir():
        return dict(
            zip(
                ("qrels", "topics", "documents"),
                (expanded(piece) for piece in spelling.split("+")),
                strict=False,
            )
        )
    roles = (
        (_ROLES.get(path.name.partition(".")[0].lower()), path) for path in sorted(folder.iterdir()) if path.is_file()
    )
    return {role: path for role, path in roles if role}


def _draft(spelling: str, files: dict[str, Path], judged: Judgements) -> Draft:
    alone = len(files) == 1
    topics, wrong = ({}, []) if alone else read_topics(files["topics"])
    corpus, more_wrong = _judged_documents(judged) if alone else _documents(files["documents"])
    ids = list(judged.gains) if alone else [query_id for query_id in topics if query_id in judged.gains] or list(topics)
    note = ("judgements only: queries and documents are known by their ids",) if alone else ()
    return Draft(
        name=Path(spelling).name if Path(spelling).exists() else "+".join(path.name for path in files.values()),
        queries=[Item(query_id, topics.get(query_id)) for query_id in ids],
        corpus=corpus,
        qrels=judged.gains,
        provenance=Provenance(source=", ".join(str(path) for path in files.values()), notes=note),
        source=spelling,
        document_place=getattr(corpus, "place", None),
        judgement_place=judged.place,
        mistakes=[*judged.mistakes, *wrong, *more_wrong],
    )


def _judged_documents(judged: Judgements) -> tuple[Sequence[Item], list[str]]:
    return [Item(doc_id) for doc_id in sorted({doc_id for gains in judged.gains.values() for doc_id in gains})], []


def _documents(path: Path) -> tuple[Sequence[Item], list[str]]:
    if plain_name(path).suffix.lower() in (".jsonl", ".ndjson"):
        corpus = JsonlItems(path, _document)
        return corpus, corpus.mistakes
    texts, mistakes = read_topics(path, may_be_empty=True)
    return Mapped(list(texts.items()), lambda pair: Item(pair[0], pair[1])), mistakes


def _document(cells: dict[str, Any], place: str, mistakes: list[str]) -> Item | None:
    id_key, text_key = (_first_key(cells, keys) for keys in (_IDS, _TEXTS))
    if id_key is None or (text_key is None and "title" not in cells):
        mistakes.append(
            f"{place}: no {'id' if id_key is None else 'text'}; found {listed(list(cells)) or 'no key'}; expected "
            "id, title, text; add it"
        )
        return None
    with noted(mistakes, place):
        text = as_text(cells[text_key]) if text_key else ""
        return Item(as_id(cells[id_key]), f"{as_text(cells.get('title'))} {text}".strip())
    return None


def _first_key(cells: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first key with a value, else the first key present."""
    present = [key for key in keys if key in cells]
    return next((key for key in present if not is_missing(cells[key])), present[0] if present else None)


PART = Trec()
