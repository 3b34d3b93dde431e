"""Registry: part by name or by spelling.

A file on a shelf is a part: its name is the file's name, its summary the docstring's first line. So is what another package
names in the entry points of a shelf (`evidense.datasets` and so on).
"""

import errno
import importlib
import operator
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from evidense.boundary.files import opened
from evidense.boundary.strangers import foreign
from evidense.errors import AmbiguousName, InvalidInput, UnknownName
from evidense.parts import (
    SHELVES,
    Dataset,
    Encoder,
    EncoderPart,
    Named,
    PairSource,
    Ranker,
    RankerPart,
    Reader,
    Reranker,
)
from evidense.parts.discovery import PartFile, part_files
from evidense.reading.training_pairs import SHUFFLED, kind_of, pairs_of, shuffled, with_kind
from evidense.reading.unread import unread
from evidense.values import Collection, Pairs, ReadDocument, Spelling

HEAD_BYTES = 4096
"""Bytes of a file that readers are shown."""


@cache
def summaries(shelf: str) -> dict[str, str]:
    """Return part name → one line, for every part of a shelf, without importing any.

    Raises:
        UnknownName: there is no such shelf.
        AmbiguousName: two packages bring a part of the same name.
    """
    return {name: part_file.summary for name, part_file in _part_files(shelf).items()}


def names(shelf: str) -> list[str]:
    """Return the names of every part of a shelf, without reading any.

    Raises:
        UnknownName: there is no such shelf.
        AmbiguousName: two packages bring a part of the same name.
    """
    return list(_part_files(shelf))


@cache
def _part_files(shelf: str) -> dict[str, PartFile]:
    if shelf not in SHELVES:
        raise UnknownName.among("shelf", shelf, SHELVES)
    return part_files(shelf)


def listing(shelf: str | None = None) -> Mapping[str, Any]:
    """Return part name → one line for a shelf, or shelf → that for all of them.

    Raises:
        UnknownName: there is no such shelf.
    """
    return summaries(shelf) if shelf is not None else {name: summaries(name) for name in SHELVES}


def part(shelf: str, name: str) -> Any:
    """Import one part and return it.

    Raises:
        UnknownName: with the nearest names.
        InvalidInput: another package's part that cannot be imported, or does not keep the contract of its shelf.
    """
    part_file = _part_files(shelf).get(name)
    if part_file is None:
        raise UnknownName.among(shelf.removesuffix("s"), name, names(shelf))
    if not part_file.package:
        return importlib.import_module(part_file.module).PART
    return _installed(shelf, part_file)


@cache
def _installed(shelf: str, part_file: PartFile) -> Any:
    """Import a part of another package, and check that it keeps the contract of its shelf."""
    where = f"the part '{part_file.name}' of {part_file.owner}"
    advice = f"Expected a module '{part_file.module}' with {part_file.attribute} = …; mend {part_file.package} or uninstall it."
    with foreign(where, advice):
        brought: Any = operator.attrgetter(part_file.attribute)(importlib.import_module(part_file.module))
    contract = SHELVES[shelf]
    lacking = [key for key in dir(contract) if not key.startswith("_") and not hasattr(brought, key)]
    if lacking or not isinstance(brought, contract):
        raise InvalidInput(
            f"{where} is no {contract.__name__}: it lacks {', '.join(lacking) or 'its methods'}; expected what the contract in "
            f"{contract.__module__} asks for; mend {part_file.package} or uninstall it"
        )
    if (name := cast(Named, brought).name) != part_file.name:
        raise InvalidInput(
            f"{where} calls itself '{name}'; expected the name of its entry point; mend {part_file.package} or uninstall it"
        )
    return cast(Any, brought)


def parts(shelf: str) -> list[Any]:
    """Import and return every part of a shelf, by name."""
    return [part(shelf, name) for name in names(shelf)]


def dataset(spelling: str) -> tuple[Dataset, str]:
    """Find the one dataset part that a spelling means; `name:rest` says it outright.

    Where the part reads `name:rest` itself (`icons:t2i`, a direction), it gets the whole.

    Raises:
        UnknownName: none answers.
        AmbiguousName: several do; says the spellings that would be clear.
    """
    name, colon, rest = spelling.partition(":")
    if colon and name in names("datasets"):
        return _outright("datasets", name, rest, spelling)
    answering = [p for p in parts("datasets") if means(p, spelling)] if spelling.strip() else []
    return cast(Dataset, _only("collection", spelling, answering, "datasets")), spelling


def collections(spelling: str) -> tuple[Collection, ...]:
    """Open the collections that a spelling means.

    Raises:
        UnknownName, AmbiguousName: no one dataset answers.
        InvalidInput: the data cannot be read, whatever was raised over them.
    """
    source, rest = dataset(spelling)
    with foreign(spelling, "Expected data of the form that its name says; check them."):
        return source.open(rest)


def reader(path: Path) -> Reader:
    """Find the one reader that a file is for, by its content before its name.

    Raises:
        InvalidInput: no such file, or it has no format that a reader knows.
        AmbiguousName: several readers recognise it.
    """
    with opened(path, "a document or a bibliography") as file:
        head = file.read(HEAD_BYTES)
    recognising = [reader for reader in parts("readers") if reader.recognises(path, head)]
    readers = [reader for reader in recognising if not getattr(reader, "is_last_resort", False)] or recognising
    if not readers:
        raise InvalidInput(
            f"'{path}' has no format that is read here. Expected one of: {', '.join(names('readers'))}; convert it to one of these."
        )
    if len(readers) > 1:
        raise AmbiguousName(
            f"'{path}' could be {len(readers)} formats ({', '.join(reader.name for reader in readers)}). Expected one; give the file the ending of its format."
        )
    return cast(Reader, readers[0])


def read(path: Path) -> ReadDocument:
    """Read a document or a bibliography with the reader that it is for.

    Raises:
        InvalidInput, UnsafeInput, AmbiguousName: as `reader` and `Reader.read`.
    """
    with foreign(str(path), "Expected what its name says; write or download it again."):
        return reader(path).read(path)


def pairs(spelling: str) -> Pairs:
    """Open training pairs: `docstrings@train` (exact), or a kind in the place of the direction, as `docstrings:items@train`.

    `shuffled:docstrings@train` are the same with their left sides permuted: a control.

    Raises:
        UnknownName, AmbiguousName: no one dataset answers.
        InvalidInput: the data make no pairs of this kind, or the spelling means several collections.
    """
    if spelling.startswith(SHUFFLED):
        return shuffled(pairs(spelling.removeprefix(SHUFFLED)))
    bare, kind = kind_of(spelling)
    source, rest = dataset(bare)
    own_kinds = source.kinds if isinstance(source, PairSource) else frozenset[str]()
    if kind in own_kinds:
        with foreign(spelling, "Expected data of the form that its name says; check them."):
            return cast(PairSource, source).pairs(with_kind(rest, kind))
    if kind not in ("exact", "items"):
        known = ", ".join(sorted({"exact", "items", *own_kinds}))
        raise InvalidInput(f"'{spelling}': {source.name} makes no '{kind}' pairs; expected {known}; correct the kind")
    opened = collections(bare)
    if len(opened) != 1:
        names = ", ".join(collection.name for collection in opened)
        raise InvalidInput(f"'{spelling}' means {len(opened)} collections ({names}); expected one to train on; name it")
    return pairs_of(opened[0], kind)


def system(spelling: Spelling) -> tuple[EncoderPart | RankerPart, Spelling]:
    """Find the one encoder or ranker part that a spelling means; `name:rest` says it outright.

    Raises:
        UnknownName: none answers.
        AmbiguousName: several do.
    """
    name, colon, rest = spelling.head.partition(":")
    for shelf in ("encoders", "rankers"):
        if colon and name in names(shelf):
            return _outright(shelf, name, Spelling(rest, spelling.options), spelling)
    answering = [p for shelf in ("encoders", "rankers") for p in parts(shelf) if means(p, spelling)]
    return cast("EncoderPart | RankerPart", _only("system", spelling.head, answering, "encoders", "rankers")), spelling


def open_system(spelling: Spelling) -> Encoder | Ranker | Reranker:
    """Open the encoder, ranker or reranker that a spelling means.

    Raises:
        UnknownName, AmbiguousName: as `system`.
        EvidenseError: the part cannot open it.
    """
    part, inner = system(spelling)
    return part.open(inner)


def open_encoder(spelling: Spelling) -> Encoder:
    """Open the encoder that a spelling means.

    Raises:
        InvalidInput: it names a system that ranks without vectors.
        EvidenseError: as `open_system`.
    """
    return as_encoder(str(spelling), open_system(spelling))


def as_encoder(spelling: str, engine: Encoder | Ranker | Reranker) -> Encoder:
    """Return an open system as an encoder.

    Raises:
        InvalidInput: it ranks without vectors.
    """
    if not isinstance(engine, Encoder):
        raise InvalidInput(
            f"'{spelling}' ranks without vectors and has no weights. Expected an encoder; see `evidense list encoders`"
        )
    return engine


def runs_code(text: str) -> bool:
    """Say whether opening a system runs code that is not of Evidense: a part says so with `runs_code = True`.

    Raises:
        UnknownName, AmbiguousName: as `system`.
    """
    part, _ = system(Spelling.parse(text))
    return bool(getattr(part, "runs_code", False))


def means(candidate: Any, spelling: str | Spelling) -> bool:
    """Ask one part whether a spelling is meant for it; what no file system can hold is no file."""
    if "\0" in str(spelling):
        return False
    with foreign(str(spelling), "Expected a readable path; check it."):
        try:
            return bool(candidate.recognises(spelling))
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
        except RuntimeError:  # '~somebody' who has no home
            pass
    return False


def _outright(shelf: str, name: str, rest: Any, whole: Any) -> tuple[Any, Any]:
    """Return the part of this name with what it is to open: the rest, or the whole where it reads that itself (`icons:t2i`).

    A part that opens by its bare name knows every form that it has, so a rest that it does not know is a mistake.
    """
    named = part(shelf, name)
    if means(named, rest):
        return named, rest
    if means(named, whole):
        return named, whole
    if means(named, name if shelf == "datasets" else Spelling(name)):
        forms = ", ".join(f"'{form}'" for form in named.spellings)
        raise UnknownName(f"{name} has no '{rest}'; expected one of the forms {forms}; correct '{whole}'")
    if not str(rest if isinstance(rest, str) else rest.head).strip():
        raise UnknownName(
            f"'{whole}' names nothing after '{name}:'; expected one of the forms {', '.join(named.spellings)}; complete it"
        )
    return named, rest


def _only(what: str, spelling: str, answering: list[Any], *shelves: str) -> Any:
    if len(answering) == 1:
        return answering[0]
    if answering:
        clear = "  or  ".join(f"'{p.name}:{spelling}'" for p in answering)
        raise AmbiguousName(
            f"{what} '{spelling}' could mean {len(answering)} things; expected a clear name; write {clear}"
        )
    with foreign(spelling, "Expected a readable path; check it."):
        raise unread(what, spelling, summaries_of(shelves), shelves)


def summaries_of(shelves: Iterable[str]) -> list[str]:
    """Return the names of all parts on these shelves."""
    return [name for shelf in shelves for name in names(shelf)]
