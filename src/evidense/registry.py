"""Registry: part by name. A file on a shelf is a part; its name is the file's name, its summary the docstring's first line."""

import ast
import errno
import importlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, cast

from evidense.boundary.strangers import foreign
from evidense.errors import AmbiguousName, InvalidInput, UnknownName
from evidense.parts import SHELVES, Dataset, EncoderPart, PairSource, RankerPart
from evidense.reading.training_pairs import kind_of, pairs_of, with_kind
from evidense.reading.unread import unread
from evidense.values import Collection, Pairs, Spelling


@cache
def summaries(shelf: str) -> dict[str, str]:
    """Return part name → one line, for every part of a shelf, without importing any.

    Raises:
        UnknownName: there is no such shelf.
    """
    if shelf not in SHELVES:
        raise UnknownName.among("shelf", shelf, SHELVES)
    return {name: _first_line(file.read_text(encoding="utf-8")) for name, (_, file) in sorted(_files(shelf).items())}


@cache
def _files(shelf: str) -> dict[str, tuple[str, Any]]:
    """Return part name → (module, file) for a shelf and its sub-rooms."""
    files: dict[str, tuple[str, Any]] = {}
    rooms = [(f"evidense.{shelf}", resources.files(f"evidense.{shelf}"))]
    while rooms:
        package, folder = rooms.pop()
        for entry in folder.iterdir():
            if entry.name.startswith(("_", ".")):
                continue
            if entry.is_dir():
                rooms.append((f"{package}.{entry.name}", entry))
            elif entry.name.endswith(".py"):
                name = entry.name.removesuffix(".py")
                files[name] = (f"{package}.{name}", entry)
    return files


def listing(shelf: str | None = None) -> Mapping[str, Any]:
    """Return part name → one line for a shelf, or shelf → that for all of them.

    Raises:
        UnknownName: there is no such shelf.
    """
    return summaries(shelf) if shelf is not None else {name: summaries(name) for name in SHELVES}


def part(shelf: str, name: str) -> Any:
    """Import one part and return its PART.

    Raises:
        UnknownName: with the nearest names.
    """
    if name not in summaries(shelf):
        raise UnknownName.among(shelf.removesuffix("s"), name, summaries(shelf))
    return importlib.import_module(_files(shelf)[name][0]).PART


def parts(shelf: str) -> list[Any]:
    """Import and return every part of a shelf, by name."""
    return [part(shelf, name) for name in summaries(shelf)]


def dataset(spelling: str) -> tuple[Dataset, str]:
    """Find the one dataset part that a spelling means; `name:rest` says it outright.

    Where the part reads `name:rest` itself (`icons:t2i`, a direction), it gets the whole.

    Raises:
        UnknownName: none answers.
        AmbiguousName: several do; says the spellings that would be clear.
    """
    name, colon, rest = spelling.partition(":")
    if colon and name in summaries("datasets"):
        return _outright("datasets", name, rest, spelling)
    found = [p for p in parts("datasets") if means(p, spelling)] if spelling.strip() else []
    return cast(Dataset, _only("collection", spelling, found, "datasets")), spelling


def collections(spelling: str) -> tuple[Collection, ...]:
    """Open the collections that a spelling means.

    Raises:
        UnknownName, AmbiguousName: no one dataset answers.
        InvalidInput: the data cannot be read, whatever was raised over them.
    """
    source, rest = dataset(spelling)
    with foreign(spelling, "Expected data of the form that its name says; check them."):
        return source.open(rest)


def pairs(spelling: str) -> Pairs:
    """Open training pairs: `docstrings@train` (exact), or a kind in the place of the direction, as `docstrings:items@train`.

    Raises:
        UnknownName, AmbiguousName: no one dataset answers.
        InvalidInput: the data make no pairs of this kind, or the spelling means several collections.
    """
    bare, kind = kind_of(spelling)
    source, rest = dataset(bare)
    own = source.kinds if isinstance(source, PairSource) else frozenset[str]()
    if kind in own:
        with foreign(spelling, "Expected data of the form that its name says; check them."):
            return cast(PairSource, source).pairs(with_kind(rest, kind))
    if kind not in ("exact", "items"):
        known = ", ".join(sorted({"exact", "items", *own}))
        raise InvalidInput(f"'{spelling}': {source.name} makes no '{kind}' pairs; expected {known}; correct the kind")
    found = collections(bare)
    if len(found) != 1:
        names = ", ".join(one.name for one in found)
        raise InvalidInput(f"'{spelling}' means {len(found)} collections ({names}); expected one to train on; name it")
    return pairs_of(found[0], kind)


def system(spelling: Spelling) -> tuple[EncoderPart | RankerPart, Spelling]:
    """Find the one encoder or ranker part that a spelling means; `name:rest` says it outright.

    Raises:
        UnknownName: none answers.
        AmbiguousName: several do.
    """
    name, colon, rest = spelling.head.partition(":")
    for shelf in ("encoders", "rankers"):
        if colon and name in summaries(shelf):
            return _outright(shelf, name, Spelling(rest, spelling.options), spelling)
    found = [p for shelf in ("encoders", "rankers") for p in parts(shelf) if means(p, spelling)]
    return cast("EncoderPart | RankerPart", _only("system", spelling.head, found, "encoders", "rankers")), spelling


def runs_code(text: str) -> bool:
    """Say whether opening a system runs code that is not of Evidense: a part says so with `runs_code = True`.

    Raises:
        UnknownName, AmbiguousName: as `system`.
    """
    part, _ = system(Spelling.parse(text))
    return bool(getattr(part, "runs_code", False))


def means(candidate: Any, spelling: str | Spelling) -> bool:
    """Ask one part whether a spelling is meant for it; what no file system can hold is no file."""
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


def _only(what: str, spelling: str, found: list[Any], *shelves: str) -> Any:
    if len(found) == 1:
        return found[0]
    if found:
        clear = "  or  ".join(f"'{p.name}:{spelling}'" for p in found)
        raise AmbiguousName(f"{what} '{spelling}' could mean {len(found)} things; expected a clear name; write {clear}")
    with foreign(spelling, "Expected a readable path; check it."):
        raise unread(what, spelling, summaries_of(shelves), shelves)


def summaries_of(shelves: Iterable[str]) -> list[str]:
    """Return the names of all parts on these shelves."""
    return [name for shelf in shelves for name in summaries(shelf)]


def _first_line(source: str) -> str:
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
