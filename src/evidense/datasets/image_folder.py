"""A folder of pictures with captions (`metadata.csv` or `.jsonl` beside them), or with sub-folders whose names are labels."""

from collections.abc import Iterator
from pathlib import Path

from evidense.compute.pictures.decoding import each, header
from evidense.errors import InvalidInput
from evidense.parts import Dataset
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.directions import Pair, direction_of
from evidense.reading.pairing import Pairing
from evidense.reading.splits import chosen_split
from evidense.reading.tables.columns import find
from evidense.reading.tables.rows import DataRow, read_table
from evidense.reading.tables.typed import noted
from evidense.values import Collection, Item, Picture, Provenance, build
from evidense.values.item import PICTURE_ENDINGS

_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_OTHERS = ("corpus.jsonl", "config.json", "modules.json", "dataset_info.json")
"""Files that show that a folder is something else."""


class ImageFolder:
    """`FOLDER[:t2i|:i2t][@split]`: captions look for pictures, or pictures for captions.

    The folder has the form that the hub calls "imagefolder": `metadata.csv` with `file_name` and `text` (or title, caption), optionally
    `group`, `split`, and columns to slice by. Without metadata, the text of a picture is the name of its sub-folder. `@split` reads the
    sub-folder of that name, or the rows with that value.
    """

    name = "image_folder"
    spellings: tuple[str, ...] = ("photos/", "photos/:i2t")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a folder with such metadata, or with sub-folders of pictures."""
        spelled = DatasetSpelling.parse(spelling)
        if not spelling.strip() or not spelled.path.is_dir() or any((spelled.path / name).exists() for name in _OTHERS):
            return False
        folder = spelled.path / spelled.split if spelled.split else spelled.path
        return (
            _metadata(folder) is not None
            or _metadata(spelled.path) is not None
            or next(_labelled(spelled.path), None) is not None
        )

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the captions and check the header of every picture.

        Raises:
            InvalidInput: rows or pictures hold mistakes (all at once).
            UnsafeInput: pictures are hostile (all at once).
        """
        spelled = DatasetSpelling.parse(spelling)
        direction = direction_of(spelled)
        if not spelled.path.is_dir():
            raise InvalidInput(f"there is no folder '{spelled.path}'; expected a folder of pictures; correct the path")
        pairs, notes = _pairs(spelled)
        notes += _look_at({pair.picture.id: pair.picture for pair in pairs}, str(spelled.path))
        pairing = Pairing(str(spelled.path))
        texts: dict[str, str] = {}
        for pair in pairs:
            text = Item(texts.setdefault(pair.text.text or "", f"text{len(texts) + 1}"), pair.text.text)
            Pair(text, pair.picture, pair.place, pair.group, pair.text_columns, pair.picture_columns).enter(
                pairing, direction
            )
        name = spelled.path.resolve().name + f":{direction}" + (f"@{spelled.split}" if spelled.split else "")
        return (build(pairing.draft(name, Provenance(source=str(spelled.path), notes=tuple(notes)))),)


def _pairs(spelled: DatasetSpelling) -> tuple[list[Pair], list[str]]:
    folder = spelled.path
    if spelled.split and (folder / spelled.split).is_dir():
        folder, split = folder / spelled.split, None
    else:
        split = spelled.split
    if (path := _metadata(folder)) is not None:
        return _captioned(path, split)
    if split is not None:
        raise InvalidInput(
            f"'{folder}' has neither a sub-folder '{split}' nor metadata with a column 'split'; expected one of them; leave '@{split}' out"
        )
    pairs = [Pair(Item("", label), _picture(folder, path), str(path)) for label, path in _labelled(folder)]
    if not pairs:
        raise InvalidInput(
            f"'{folder}' holds no pictures; expected metadata.csv beside pictures, or sub-folders of pictures; correct the path"
        )
    return pairs, ["each picture's text is the name of its sub-folder"]


def _metadata(folder: Path) -> Path | None:
    return next((folder / name for name in _METADATA if (folder / name).is_file()), None)


def _labelled(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name of the sub-folder, path) of every picture in a sub-folder, in order."""
    for inner in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
        yield from (
            (inner.name, path)
            for path in sorted(inner.iterdir())
            if path.suffix.lower() in PICTURE_ENDINGS and path.is_file()
        )


def _picture(folder: Path, path: Path) -> Item:
    return Item(path.relative_to(folder).as_posix(), picture=Picture(path))


def _captioned(path: Path, split: str | None) -> tuple[list[Pair], list[str]]:
    """Read the metadata; each picture must lie inside the folder."""
    table = chosen_split(read_table(path), split)
    file, text, group, split_column = (find(table.columns, role) for role in ("picture", "title", "group", "split"))
    if file is None or text is None:
        raise InvalidInput(
            f"{path}: found the columns {', '.join(table.columns)}; expected file_name and text (or caption, title); rename them"
        )
    others = {c for c in table.columns if c not in {file, text, group, split_column}}
    mistakes = list(table.mistakes)
    pairs = []
    for row in table.rows:
        with noted(mistakes):
            picture = _named_picture(path.parent, row, file, mistakes)
            if not row.text(text):
                mistakes.append(
                    f"{row.place}: the text of '{row.text(file)}' is empty; expected a caption; fill it or remove the row"
                )
            columns = {name: value for name in row.cells if name in others and (value := row.slice(name))}
            if picture is not None:
                pairs.append(Pair(Item("", row.text(text)), picture, row.place, row.id(group), columns, columns))
    if mistakes:
        raise InvalidInput.all_of(str(path), mistakes)
    return pairs, list(table.notes)


def _named_picture(folder: Path, row: DataRow, column: str, mistakes: list[str]) -> Item | None:
    name = row.text(column)
    try:
        path = (folder / name).resolve()
        is_there = path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # NUL characters, a loop of links
        mistakes.append(f"{row.place}: '{name}' is no path ({error}); expected a path inside '{folder}'; correct it")
        return None
    if not name or not path.is_relative_to(folder.resolve()):
        mistakes.append(
            f"{row.place}: '{name}' does not lie in the folder; expected a path inside '{folder}'; correct it"
        )
    elif not is_there:
        mistakes.append(f"{row.place}: there is no picture '{name}' in '{folder}'; correct the name or remove the row")
    else:
        return Item(Path(name).as_posix(), picture=Picture(path))
    return None


def _look_at(pictures: dict[str, Item], source: str) -> list[str]:
    """Check the header of every picture; return a note about animations.

    Raises:
        InvalidInput, UnsafeInput: pictures cannot be read (all at once); unsafe if any is hostile.
    """
    headers = each([(id_, item.picture) for id_, item in pictures.items() if item.picture is not None], header, source)
    n = sum(picture_header.is_animated for picture_header in headers)
    return [f"{n:,} pictures are animated: their first frame is used"] if n else []


PART: Dataset = ImageFolder()
