"""Read and check the short names of systems, collections and measures: a names file, or the table [names] of a study file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.boundary.documents import read_toml
from evidense.boundary.shown import shown
from evidense.errors import EvidenseError, Mistakes, UnknownName, did_you_mean, nearest
from evidense.records import Study
from evidense.report.rendering import without_sample
from evidense.values import Collection
from evidense.values.labels import labels

TABLES = ("systems", "collections", "measures")
LONGEST = 60
"""Characters of a short name, at most."""
_CLOSE = 0.75
"""Least similarity of an unused name and one that it may mean."""
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
    """Return the names of a study, systems by their labels and measures in canonical spelling. What is not used is left out once collections are open.

    Raises:
        InvalidInput: a short name stands for two systems or two measures, or a system is named twice. The message lists all mistakes.
    """
    if not study.names:
        return {}
    check_form(study.names, f"[names] of {source}")
    mistakes = Mistakes()
    spellings = (*study.systems, *study.references)
    everyone = list(labels(spellings).values())
    label_of = dict(zip((*spellings, *everyone), (*everyone, *everyone), strict=True))
    given = study.names.get("systems", {})
    systems = _resolved(given, label_of, "system", mistakes)
    mistakes.others += _shared(systems, everyone, "systems")
    measured = {
        spelling: measure for measure in study.measures for spelling in (measure, *_spelt(study.names, measure))
    }
    of_measures = _resolved(study.names.get("measures", {}), measured, "measure", mistakes)
    mistakes.others += _shared(of_measures, study.measures, "measures")
    mistakes.raise_if_any(f"[names] of {source}")
    others = {full: short for full, short in given.items() if full not in label_of}
    other_measures = {full: short for full, short in study.names.get("measures", {}).items() if full not in measured}
    tables = {
        "systems": systems | others, "collections": dict(study.names.get("collections", {})), "measures": of_measures | other_measures,
    }  # fmt: skip
    return {table: values for table, values in tables.items() if values}


def used_names(study: Study, opened: Sequence[tuple[str, Sequence[Collection]]]) -> tuple[Names, str]:
    """Return the names that this study has a use for, and a sentence on those of the others that are close to a name without a short one.

    One file of names may serve many comparisons. Collections get their own names; `opened` holds each spelling with the collections that it opens.

    Raises:
        InvalidInput: a short name stands for two collections, or a name for several. The message lists all mistakes.
        UnknownName: none of the names is used.
    """
    mistakes = Mistakes()
    collections: dict[str, str] = {}
    for spelling, several in opened:
        collections |= {spelling: several[0].name} if len(several) == 1 else {}
        collections |= {without_sample(c.name): c.name for c in several} | {c.name: c.name for c in several}
    given = dict(study.names)
    if "collections" in given:
        written = given["collections"]
        given["collections"] = {x if x in collections else without_sample(x): short for x, short in written.items()}
    systems = {label: label for label in labels((*study.systems, *study.references)).values()}
    known = {"systems": systems, "collections": collections, "measures": {m: m for m in study.measures}}
    used = {table: _resolved(given[table], known[table], table[:-1], mistakes) for table in TABLES if table in given}
    everyone = list(dict.fromkeys(c.name for _, several in opened for c in several))
    mistakes.others += _shared(used.get("collections", {}), everyone, "collections")
    mistakes.raise_if_any("[names]")
    if given and not any(used.values()):
        raise UnknownName(_all_unknown(given, known))
    return {table: names for table, names in used.items() if names}, _near_misses(given, known, used)


def _all_unknown(given: Names, known: Names) -> str:
    """Say that no name is used, with the nearest of each."""
    unknown = [(table, full) for table in TABLES for full in given.get(table, {})]
    said = "; ".join(
        f"unknown {table[:-1]} of [names] '{full}'{guess and f':{guess}'}"
        for table, full in unknown
        for guess in [did_you_mean(full, known[table])]
    )
    return f"none of the names is used: {said}. Expected names of {', '.join(known['systems'])}, of the collections or the measures."


def _near_misses(given: Names, known: Names, used: Names) -> str:
    """Say which unused names are close to a name that has no short one; nothing if there are none."""
    misses = []
    for table, names in given.items():
        free = [full for full, name in known[table].items() if name not in used[table]]
        close = {full: nearest(full, free, _CLOSE) for full in names if full not in known[table]}
        misses += [(full, meant) for full, meant in close.items() if meant]
    if not misses:
        return ""
    named = [", ".join(dict.fromkeys(f"'{shown(miss[side])}'" for miss in misses)) for side in (0, 1)]
    return f"names of {named[0]} are not used here; did you mean {named[1]}?"


def _resolved(given: Mapping[str, str], known: Mapping[str, str], what: str, mistakes: Mistakes) -> dict[str, str]:
    """Return name → short name, of the names that are known; a name that is given twice, by two spellings, is a mistake."""
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
