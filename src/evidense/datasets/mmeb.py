"""A retrieval subset in MMEB form (`qry_text, qry_img_path, tgt_text, tgt_img_path`): a table, a folder, or the hub."""

import re
from pathlib import Path

from evidense.boundary.strangers import foreign
from evidense.reading import hub
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.pairing import Pairing
from evidense.reading.tables.columns import table_kind
from evidense.reading.tables.rows import DataRow, read_table
from evidense.reading.tables.typed import members, noted
from evidense.values import Collection, Item, Picture, Provenance, build

_TOKEN = re.compile(r"<\|[a-z]+_\d+\|>\s*")
_OWNER = "TIGER-Lab/MMEB"


class Mmeb:
    """`FILE.jsonl`, `mmeb:FOLDER:SUBSET[@split]` or `TIGER-Lab/MMEB-eval:SUBSET[@split]`.

    The first target of a row is relevant, its other targets are judged 0, and the targets of all rows are the corpus. MMEB itself ranks
    only the targets of one row, so its numbers differ. Picture paths are relative to FILE or FOLDER; the hub holds the pictures as archives
    to unpack there. Marks like `<|image_1|>` are removed from the texts.
    """

    name = "mmeb"
    spellings: tuple[str, ...] = ("mmeb.jsonl", "mmeb:FOLDER:MSCOCO_t2i", "TIGER-Lab/MMEB-eval:MSCOCO_t2i@test")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a table of this form, or the hub id of MMEB."""
        spelled = DatasetSpelling.parse(spelling)
        return spelling.startswith(_OWNER) or table_kind(spelled.path, spelled.columns) == "mmeb"

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the rows.

        Raises:
            InvalidInput: rows hold mistakes (all are listed), or a picture is missing.
            MissingExtra: `datasets`, which reads folder and hub, is not installed.
        """
        spelled = DatasetSpelling.parse(spelling)
        if spelled.path.is_file():
            spelled.refuse_split("a single table has none")
            table = read_table(spelled.path)
            pairing = Pairing(str(spelled.path), mistakes=list(table.mistakes))
            rows, root = list(table.rows), spelled.path.parent
        else:
            head, _, subset = spelled.head.partition(":")
            pairing, root = Pairing(spelled.head), Path(head)
            with foreign(spelling, "Expected a data set in MMEB form; check it with the `datasets` library."):
                hub_rows = hub.rows(head, subset or hub.configs(head)[0], spelled.split)
                rows = [DataRow(f"row {number}", cells) for number, cells in enumerate(hub_rows, 1)]
        for row in rows:
            with noted(pairing.mistakes):
                _read(row, root, pairing)
        provenance = Provenance(licence="see the card of the data set", source=spelled.head, is_user_data=spelled.path.exists(), notes=(
            "the corpus is every row's targets together; MMEB itself ranks each row's own targets",))  # fmt: skip
        return (build(pairing.draft(spelled.name, provenance)),)


def _read(row: DataRow, root: Path, pairing: Pairing) -> None:
    query = _item(row.text("qry_text"), row.text("qry_img_path"), root)
    targets = _targets(row, root)
    if query is None or not targets or targets[0] is None:
        what = "query" if query is None else "first target"
        pairing.mistakes.append(f"{row.place}: the {what} has neither text nor picture; expected one or both; fill it")
        return
    query_id = pairing.query(query, row.place)
    for number, target in enumerate(targets):
        if target is not None:
            pairing.judge(query_id, pairing.document(target, row.place), int(number == 0))


def _targets(row: DataRow, root: Path) -> list[Item | None]:
    # Nulls stay: the text and the picture of one target have the same index in two lists.
    texts, paths = (
        [DataRow(row.place, {name: value}).text(name) for value in members(row.cells.get(name))]
        for name in ("tgt_text", "tgt_img_path")
    )
    length = max(len(texts), len(paths))
    padded = [[*values, *[""] * (length - len(values))] for values in (texts, paths)]
    return [_item(text, path, root) for text, path in zip(*padded, strict=True)]


def _item(text: str, path: str, root: Path) -> Item | None:
    cleaned = _TOKEN.sub("", text).strip() or None
    picture = Picture(root / path) if path else None
    return Item("", cleaned, picture) if cleaned or picture else None


PART = Mmeb()
