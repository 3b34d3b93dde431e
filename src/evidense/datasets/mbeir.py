"""A subset of a local M-BEIR folder (`query/`, `cand_pool/`, pictures beside them), as `mbeir:M-BEIR:mscoco_task0@test`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from evidense.errors import InvalidInput
from evidense.reading.corpora import JsonlItems
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.rows import DataRow, read_table
from evidense.reading.tables.typed import as_id, as_text, noted
from evidense.values import Collection, Draft, Item, Picture, Provenance, build


class MBeir:
    """`FOLDER:SUBSET[@split]`. `SUBSET/union` searches the pool of all subsets, which mixes modalities.

    Queries are `query/SPLIT/mbeir_SUBSET_SPLIT.jsonl` (`qid, query_txt, query_img_path, pos_cand_list, neg_cand_list`), documents
    `cand_pool/local/mbeir_SUBSET_…cand_pool.jsonl` (`did, txt, img_path`), read lazily. Instructions are prompts, not part of a query.
    """

    name = "mbeir"
    spellings: tuple[str, ...] = ("M-BEIR-folder:mscoco_task0", "M-BEIR-folder:mscoco_task0/union@test")

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with a folder that has `query` and `cand_pool`, or with the hub id of M-BEIR."""
        folder = Path(spelling.partition(":")[0])
        return ((folder / "query").is_dir() and (folder / "cand_pool").is_dir()) or spelling.startswith(
            "TIGER-Lab/M-BEIR"
        )

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read one subset and split.

        Raises:
            InvalidInput: there is no such folder, subset or split; or files hold mistakes (all are listed with their lines).
        """
        spelled = DatasetSpelling.parse(spelling)
        head, _, subset_and_pool = spelled.head.partition(":")
        subset, _, pool = subset_and_pool.partition("/")
        folder, split = Path(head), spelled.split or "test"
        if not (folder / "query").is_dir():
            raise InvalidInput(
                f"'{head}' is no M-BEIR folder; expected query/ and cand_pool/ in it; its pictures are archives: "
                f"download with `hf download --repo-type dataset TIGER-Lab/M-BEIR --local-dir {folder.name}`, unpack "
                "them there and name the folder"
            )
        queries_file = _one(folder, f"query/{split}", f"mbeir_{subset}_{split}.jsonl")
        if pool == "union":
            pool_file = _one(folder, "cand_pool/global", f"mbeir_union_*{split}*cand_pool.jsonl")
        else:
            pool_file = _one(folder, "cand_pool/local", f"mbeir_{subset}*cand_pool.jsonl")
        return (build(_draft(spelled, folder, queries_file, pool_file)),)


def _one(folder: Path, inside: str, pattern: str) -> Path:
    matching = sorted((folder / inside).glob(pattern))
    if matching:
        return matching[0]
    listing = listed(sorted(path.name for path in (folder / inside).glob("*.jsonl"))) or "nothing"
    raise InvalidInput(
        f"{folder / inside} has no {pattern}; found {listing}; expected a subset and split of M-BEIR; write "
        "FOLDER:SUBSET@split"
    )


def _draft(spelled: DatasetSpelling, folder: Path, queries_file: Path, pool_file: Path) -> Draft:
    table = read_table(queries_file)
    mistakes = [f"{queries_file.name} {wrong}" for wrong in table.mistakes]
    corpus = JsonlItems(
        pool_file,
        lambda cells, place_of_row, wrong: _item(cells, _DOCUMENT_KEYS, folder, place_of_row, wrong),
    )
    queries, places, qrels = [], [], {}
    for row in table.rows:
        place_of_row = f"{queries_file.name} {row.place}"
        with noted(mistakes):
            item, gains = (
                _item(row.cells, _QUERY_KEYS, folder, place_of_row, mistakes),
                _gains(row),
            )
            if item is not None:
                queries.append(item)
                places.append(place_of_row)
                qrels[item.id] = gains
    return Draft(
        name=f"{folder.resolve().name}:{spelled.head.partition(':')[2]}"
        + (f"@{spelled.split}" if spelled.split else ""),
        queries=queries,
        corpus=corpus,
        qrels=qrels,
        provenance=Provenance(licence="MIT, pictures under their own", source=f"{queries_file}, {pool_file}"),
        source=str(folder),
        query_place=lambda row: places[row],
        document_place=corpus.place,
        mistakes=[*mistakes, *corpus.mistakes],
    )


def _gains(row: DataRow) -> dict[str, int]:
    negative, positive = (row.ids(f"{kind}_cand_list") for kind in ("neg", "pos"))
    return {**dict.fromkeys(negative, 0), **dict.fromkeys(positive, 1)}


class _Keys(NamedTuple):
    """Keys of an item's cells."""

    id: str
    text: str
    picture: str


_QUERY_KEYS = _Keys("qid", "query_txt", "query_img_path")
_DOCUMENT_KEYS = _Keys("did", "txt", "img_path")


def _item(cells: Mapping[str, Any], keys: _Keys, folder: Path, place: str, mistakes: list[str]) -> Item | None:
    item_id = cells.get(keys.id)
    if item_id is None or (keys.text not in cells and keys.picture not in cells):
        mistakes.append(
            f"{place}: no {keys.id if item_id is None else f'{keys.text} and no {keys.picture}'}; found {listed(list(cells))}; "
            "fill it"
        )
        return None
    with noted(mistakes, place):
        text, path = (as_text(cells.get(key)) for key in (keys.text, keys.picture))
        return Item(as_id(item_id), text if text or not path else None, Picture(folder / path) if path else None)
    return None


PART = MBeir()
