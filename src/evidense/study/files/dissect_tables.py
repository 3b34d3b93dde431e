"""Read and check the tables [[dissect]] of a study file. `study.run_dissections` runs them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidense import registry
from evidense.compute.layer_states import PRECISIONS
from evidense.errors import EvidenseError, Mistakes
from evidense.parts import Role
from evidense.records import Json, Study
from evidense.verbs.dissect import options_of

TRAINED = "trained:"
"""Prefix of a checkpoint that another study trains: `trained:both #0` is its training `both #0`."""

DEFAULT = ("similarity", "space", "drift", "rankings", "probes", "neurons", "patching", "pruning")
"""The analyses that `dissect` runs by default, quickest first."""

_LISTS = ("systems", "seeds", "random", "collections", "analyses")
SAMPLES = ("sample_queries", "sample_documents")
_NAMES = ("name", "trained_by", "tuned_on", "states")
KEYS = (*_LISTS, "options", *_NAMES, *SAMPLES, "toy")


@dataclass(frozen=True)
class Dissection:
    """One table [[dissect]]: its encoders, collections and analyses."""

    name: str
    systems: tuple[str, ...]
    """Spellings of the encoders; the base is the first."""
    seeds: tuple[str, ...] = ()
    """Encoders tuned in the same way with other seeds. Differences among them are noise."""
    random: tuple[str, ...] = ()
    """The base's architecture with random weights."""
    collections: tuple[str, ...] = ()
    analyses: tuple[str, ...] = DEFAULT
    options: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Name of an analysis → its options."""
    trained_by: str = ""
    """Name of the study that trains `trained:LABEL`; NAME-toy is its miniature."""
    tuned_on: str = ""
    """Modality of the tuning data, if a claim needs it: "text" for an image-text encoder that was tuned on text only."""
    states: str = "float32"
    """How states of layers are kept: "float32", or "float16" for half the disk."""
    sample_queries: int | None = None
    """None: the sample sizes of the study."""
    sample_documents: int | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """Spellings of all encoders in order, each once."""
        return tuple(dict.fromkeys((*self.systems, *self.seeds, *self.random)))

    @property
    def trained(self) -> tuple[str, ...]:
        """Labels of the trainings of another study."""
        return tuple(s.removeprefix(TRAINED) for s in self.spellings if s.startswith(TRAINED))

    def role(self, spelling: str) -> Role:
        """Return the role of an encoder in this table."""
        if spelling in self.systems:
            return "base" if spelling == self.systems[0] else "tuned"
        return "seed" if spelling in self.seeds else "random"


def dissections_of(study: Study, source: str) -> tuple[Dissection, ...]:
    """Read the tables [[dissect]] of a study. A table without systems or collections takes those of the study.

    Raises:
        UnknownName: all mistakes are unknown names.
        InvalidInput: there are other mistakes. The message lists all of them.
    """
    mistakes = Mistakes()
    rows = [{"systems": list(study.systems), "collections": list(study.collections), **row} for row in study.dissect]
    tables = [_dissection(row, number, mistakes) for number, row in enumerate(rows, 1)]
    names = [table.name for table in tables if table is not None]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    mistakes.others += [
        f"the name '{name}' stands for two tables; expected distinct names; rename one" for name in repeated
    ]
    mistakes.raise_if_any(f"[[dissect]] of {source}")
    return tuple(table for table in tables if table is not None)


def toy_rows(rows: Sequence[Mapping[str, Json]]) -> tuple[Mapping[str, Json], ...]:
    """Return the tables of the miniature: the values of each table's `toy` replace its own. Options are replaced one by one."""
    return tuple(_laid_over(row, row.get("toy", {})) for row in rows)


def _laid_over(row: Mapping[str, Any], toy: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**{k: v for k, v in row.items() if k != "toy"}, **{k: v for k, v in toy.items() if k != "options"}}
    options = {**row.get("options", {})}
    for analysis, values in toy.get("options", {}).items():
        options[analysis] = {**options.get(analysis, {}), **values}
    return {**merged, **({"options": options} if options else {})}


def _dissection(keys: Mapping[str, Any], number: int, mistakes: Mistakes) -> Dissection | None:
    where = f"table {number}" + (f" '{keys['name']}'" if isinstance(keys.get("name"), str) else "")
    mistakes.note_unknown(f"key of {where}", keys, KEYS)
    wrong = [key for key in _LISTS if key in keys and not _texts(keys[key])]
    mistakes.others += [f"{where}: '{key}' is {keys[key]!r}; expected a list of texts" for key in wrong]
    options = keys.get("options", {})
    if not isinstance(options, Mapping) or not all(isinstance(v, Mapping) for v in options.values()):
        mistakes.others.append(f"{where}: 'options' is {options!r}; expected one table per analysis")
        return None
    sizes = {key: keys[key] for key in SAMPLES if key in keys}
    few = [key for key, n in sizes.items() if not isinstance(n, int) or n < 20]
    mistakes.others += [f"{where}: '{key}' is {sizes[key]!r}; expected a whole number, at least 20" for key in few]
    if wrong or few:
        return None
    plain = {key: str(keys[key]) for key in _NAMES if key in keys}
    lists = {key: tuple(keys[key]) for key in _LISTS if key in keys}
    settings: dict[str, Any] = {"name": f"dissection {number}", **plain, **lists, **sizes}
    dissection = Dissection(**settings, options=options)
    mistakes.others += _mistakes(dissection, where)
    known = registry.names("analyses")
    for name in dict.fromkeys((*dissection.analyses, *options)):
        if name not in known:
            mistakes.note_unknown("analysis", [name], list(known))
    for name, values in options.items():
        if name in known:
            try:
                options_of(registry.part("analyses", name), values)
            except EvidenseError as error:
                mistakes.note_error(where, error)
    return dissection


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _mistakes(dissection: Dissection, where: str) -> Iterator[str]:
    if not dissection.systems:
        yield f"{where} names no system; expected a base and at least one tuned encoder"
    if not dissection.collections:
        yield f"{where} names no collection; expected at least one"
    if dissection.states not in PRECISIONS:
        yield f"{where}: 'states' is {dissection.states!r}; expected {' or '.join(PRECISIONS)}"
    if dissection.trained and not dissection.trained_by:
        yield f"{where}: '{TRAINED}{dissection.trained[0]}' names no study that trains it; expected trained_by = \"NAME\""
