"""A BEIR folder (corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv, each also as .gz), or one in shards. The corpus is read lazily."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evidense.errors import InvalidInput
from evidense.reading.corpora import JsonlItems
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.runs.judgements import read_judgements
from evidense.reading.runs.self_matches import self_matches
from evidense.reading.shards import files_of
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.typed import as_id, as_text, noted
from evidense.values import Collection, Draft, Item, Provenance, build
from evidense.values.build import Chosen, judged_rows

SPLITS = ("test", "dev", "validation", "train")


class Beir:
    """`FOLDER[@split]`. Without a split, `test` is read, or the only split of the folder.

    Corpus and queries may be in shards: `corpus/NAME.jsonl` or `corpus-NAME.jsonl` (also .gz), `corpus/NAME.parquet` or
    `corpus-00000-of-00005.parquet`, as the hub writes them, .arrow and .feather, or WebDataset archives, `corpus-000000.tar`, with
    KEY.txt, KEY.json and pictures. Shards are read in the order of their names and numbers.

    The text of a document is `title + " " + text` (BEIR's rule; null is no text), the text of a query is `text`. The corpus may be larger
    than memory. Only queries that the split judges are read. If queries are documents of the corpus too (same id and same text, as in
    ArguAna), each is dropped from its own ranking, as in BEIR, and a note says so. Ids that merely coincide change nothing.
    """

    name = "beir"
    spellings: tuple[str, ...] = ("my-beir-folder", "my-beir-folder@dev")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a folder with corpus and queries."""
        folder = DatasetSpelling.parse(spelling).path
        return folder.is_dir() and all(_is_there(folder, side) for side in ("corpus", "queries"))

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read one split.

        Raises:
            InvalidInput: a file is missing, or holds mistakes (all are listed with their lines).
        """
        spelled = DatasetSpelling.parse(spelling)
        spelled.refuse_direction("a BEIR folder goes from its queries to its corpus")
        if not spelled.path.is_dir():
            raise InvalidInput(
                f"'{spelled.head}' is not a folder; expected one with corpus.jsonl, queries.jsonl and qrels/; check the "
                "path"
            )
        corpus_files, queries_files = (_required(spelled.path, side) for side in ("corpus", "queries"))
        split, qrels_file = _split(spelled)
        judged = read_judgements(qrels_file)
        every = JsonlItems(queries_files, _query, _plain_query)
        rows = judged_rows(every, judged.gains)
        corpus = JsonlItems(corpus_files, _document, _plain_document)
        queries: Sequence[Item] = Chosen(every, rows)
        drop, notes = self_matches(queries, corpus)
        return (build(Draft(
            name=f"{spelled.path.resolve().name}@{split}" if spelled.split else spelled.path.resolve().name,
            queries=queries,
            corpus=corpus,
            qrels=judged.gains,
            provenance=Provenance(source=f"{spelled.path}, {qrels_file.relative_to(spelled.path)}", notes=notes),
            drop_self_matches=drop,
            source=str(spelled.path),
            mistakes=[*corpus.mistakes, *every.mistakes, *judged.mistakes],
            query_place=lambda row: every.place(int(rows[row])),
            document_place=corpus.place,
            judgement_place=judged.place,
        )),)  # fmt: skip


def _is_there(folder: Path, side: str) -> bool:
    try:
        return bool(files_of(folder, side))
    except InvalidInput:
        return True  # `open` says what is wrong


def _required(folder: Path, side: str) -> tuple[Path, ...]:
    files = files_of(folder, side)
    if not files:
        listing = listed(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise InvalidInput(
            f"{folder} has no {side}.jsonl (nor {side}.jsonl.gz, nor shards); found {listing}; expected a BEIR folder; add the file"
        )
    return files


def _split(spelled: DatasetSpelling) -> tuple[str, Path]:
    folder = spelled.path / "qrels"
    files = sorted([*folder.glob("*.tsv"), *folder.glob("*.tsv.gz")])
    file_of_split = {path.name.removesuffix(".gz").removesuffix(".tsv"): path for path in files}
    if not file_of_split:
        raise InvalidInput(
            f"{folder} has no .tsv file; expected qrels/test.tsv with `query-id<tab>corpus-id<tab>score`; add it"
        )
    split = spelled.split or (
        "test" if "test" in file_of_split else next(iter(file_of_split)) if len(file_of_split) == 1 else ""
    )
    if split not in file_of_split:
        problem = f"no split '{spelled.split}'" if spelled.split else "several splits and none called test"
        raise InvalidInput(
            f"{folder} has {problem}; found {listed(list(file_of_split))}; write '{spelled.head}@{next(iter(file_of_split))}'"
        )
    return split, file_of_split[split]


def _query(cells: dict[str, Any], place: str, mistakes: list[str]) -> Item | None:
    return _item(cells, place, mistakes, title=False)


def _document(cells: dict[str, Any], place: str, mistakes: list[str]) -> Item | None:
    return _item(cells, place, mistakes, title=True)


def _item(cells: dict[str, Any], place: str, mistakes: list[str], *, title: bool) -> Item | None:
    text_keys = ("title", "text") if title else ("text",)
    if "_id" not in cells or not any(key in cells for key in text_keys):
        missing = "_id" if "_id" not in cells else "text"
        mistakes.append(
            f"{place}: no {missing}; found {listed(list(cells)) or 'no key'}; expected _id, "
            f"{'title, ' if title else ''}text; add it"
        )
        return None
    with noted(mistakes, place):
        head = as_text(cells.get("title")) + " " if title else ""
        return Item(as_id(cells["_id"]), (head + as_text(cells.get("text"))).strip())
    return None


def _plain_query(cells: dict[str, Any]) -> tuple[str, str] | None:
    """Return what `_query` makes of a row whose cells are texts; None for others."""
    query_id, text = cells.get("_id"), cells.get("text")
    return (query_id.strip(), text.strip()) if type(query_id) is str and type(text) is str else None


def _plain_document(cells: dict[str, Any]) -> tuple[str, str] | None:
    """Return what `_document` makes of a row whose cells are texts; None for others."""
    doc_id, title, text = cells.get("_id"), cells.get("title", ""), cells.get("text")
    if type(doc_id) is str and type(text) is str and type(title) is str:
        return doc_id.strip(), f"{title.strip()} {text.strip()}".strip()
    return None


PART = Beir()
