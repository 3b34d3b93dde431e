"""Read and check the short names of systems, collections and measures: a names file, or the table [names] of a study file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.boundary.documents import read_toml
from evidense.boundary.shown import shown
from evidense.errors import EvidenseError, Mistakes
from evidense.records import Study
from evidense.report.rendering import without_sample
from evidense.values import Collection
from evidense.values.labels import labels

TABLES = ("systems", "collections", "measures")
LONGEST = 60
"""Characters of a short name, at most."""
Names = Mapping[str, Mapping[str, str]]
"""Table → name → short name."""


def read_names(path: Path) -> dict[str, Any]:
    """Return the tables of a names file: [systems], [collections] and [measures], each full name = "short name".

    Raises:
        InvalidInput: the file cannot be read, is not TOML, or holds a table or value of another kind. The message lists all mistakes.
        UnknownName: all mistakes are tables of other names.
    """
    names = read_toml(path, "names")
    check_form(names, f"names file '{path}'")
    return names


def check_form(names: Mapping[str, Any], source: str) -> None:
    """Refuse tables of other names, and short names that no table can print.

    Raises:
        InvalidInput, UnknownName: as `read_names`.
    """
    mistakes = Mistakes()
    mistakes.note_unknown("table", names, TABLES)
    for table in [t for t in TABLES if t in names]:
        if not isinstance(names[table], Mapping):
            mistakes.others.append(
                f"'{table}' is {names[table]!r}; expected a table [{table}] of full name = \"short name\""
            )
            continue
        mistakes.others += [
            f"the short name of '{shown(full)}' in [{table}] is {short!r}; expected a text of 1 to {LONGEST} letters on one line"
            for full, short in names[table].items()
            if not _is_printable(short)
        ]
    mistakes.raise_if_any(source)


def _is_printable(short: Any) -> bool:
    return isinstance(short, str) and 0 < len(short.strip()) <= LONGEST and shown(short) == short and "\n" not in short


def names_of(study: Study, source: str) -> Names:
    """Return the names of a study, systems by their labels and measures in canonical spelling. Collections are checked once they are open.

    Raises:
        InvalidInput: a short name stands for two systems or two measures, or a system is named twice. The message lists all mistakes.
        UnknownName: all mistakes are names of systems or measures that the study has not.
    """
    if not study.names:
        return {}
    check_form(study.names, f"[names] of {source}")
    mistakes = Mistakes()
    spellings = (*study.systems, *study.references)
    everyone = list(labels(spellings).values())
    label_of = dict(zip((*spellings, *everyone), (*everyone, *everyone), strict=True))
    systems = _resolved(study.names.get("systems", {}), label_of, "system", mistakes)
    mistakes.others += _shared(systems, everyone, "systems")
    measured = {
        spelling: measure for measure in study.measures for spelling in (measure, *_spelt(study.names, measure))
    }
    of_measures = _resolved(study.names.get("measures", {}), measured, "measure", mistakes)
    mistakes.others += _shared(of_measures, study.measures, "measures")
    mistakes.raise_if_any(f"[names] of {source}")
    tables = {"systems": systems, "collections": dict(study.names.get("collections", {})), "measures": of_measures}
    return {table: values for table, values in tables.items() if values}


def with_collections(names: Names, opened: Sequence[tuple[str, Sequence[Collection]]]) -> Names:
    """Return the names with collections by their own names. `opened` holds each spelling with the collections that it opens.

    Raises:
        InvalidInput: a short name stands for two collections, or a name for several. The message lists all mistakes.
        UnknownName: all mistakes are names of no collection.
    """
    if not names.get("collections"):
        return names
    mistakes = Mistakes()
    known: dict[str, str] = {}
    for spelling, collections in opened:
        known |= {spelling: collections[0].name} if len(collections) == 1 else {}
        known |= {without_sample(c.name): c.name for c in collections} | {c.name: c.name for c in collections}
    given = {full if full in known else without_sample(full): short for full, short in names["collections"].items()}
    collections_named = _resolved(given, known, "collection", mistakes)
    mistakes.others += _shared(collections_named, [c.name for _, several in opened for c in several], "collections")
    mistakes.raise_if_any("[names]")
    return {**names, "collections": collections_named}


def _resolved(given: Mapping[str, str], known: Mapping[str, str], what: str, mistakes: Mistakes) -> dict[str, str]:
    """Return name → short name, of the names that are known; a name that is given twice, by two spellings, is a mistake."""
    mistakes.note_unknown(f"{what} of [names]", given, sorted(known))
    resolved: dict[str, str] = {}
    for spelling in [s for s in given if s in known]:
        name = known[spelling]
        if name in resolved:
            mistakes.others.append(f"{what} '{name}' is named twice; expected one short name; leave one out")
        resolved[name] = given[spelling].strip()
    return resolved


def _shared(short_of: Mapping[str, str], everyone: Sequence[str], what: str) -> Iterator[str]:
    """Yield a mistake for each name that would stand for two."""
    shown_names = {name: short_of.get(name, name) for name in everyone}
    for short, n in Counter(shown_names.values()).items():
        if n > 1:
            several = ", ".join(f"'{name}'" for name, value in shown_names.items() if value == short)
            yield f"the name '{short}' stands for {n} {what} ({several}); expected distinct names; rename one"


def _spelt(names: Names, measure: str) -> Iterator[str]:
    """Yield the spellings in [measures] that mean this measure."""
    for spelling in names.get("measures", {}):
        try:
            if measures.canonical(spelling) == measure:
                yield spelling
        except EvidenseError:
            continue  # reported as unknown
