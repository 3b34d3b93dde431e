"""Dissect: the tables [[dissect]] of a study file, read and checked; `look_inside` runs them."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidense import registry
from evidense.errors import EvidenseError, InvalidInput
from evidense.parts import Encoder, Ranker, Role, Subject
from evidense.records import Json, Study
from evidense.study.trained.factorial import Mistakes
from evidense.verbs.dissect import options_of
from evidense.verbs.retrieve import labels, open_system, stays_shut

TRAINED = "trained:"
"""`trained:both #0` is what another study's training of this name gave."""

DEFAULT = ("similarity", "space", "drift", "rankings", "probes", "neurons", "patching", "pruning")
"""What `dissect` looks at where nothing is named, quickest first."""

_LISTS = ("systems", "seeds", "random", "collections", "analyses")
SAMPLES = ("sample_queries", "sample_documents")
_NAMES = ("name", "trained_by", "tuned_on")
KEYS = (*_LISTS, "options", *_NAMES, *SAMPLES, "toy")


@dataclass(frozen=True)
class Dissection:
    """One table: which encoders, on which collections, by which analyses."""

    name: str
    systems: tuple[str, ...]
    """Spellings; the base first."""
    seeds: tuple[str, ...] = ()
    """The tuning again, with other seeds: what differs among them is noise."""
    random: tuple[str, ...] = ()
    """The base's architecture with random weights."""
    collections: tuple[str, ...] = ()
    analyses: tuple[str, ...] = DEFAULT
    options: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Analysis → its options."""
    trained_by: str = ""
    """Study whose trainings `trained:LABEL` names; NAME-toy is its miniature."""
    tuned_on: str = ""
    """What the tuning saw where it matters to a claim and weights do not tell: "text", of an image-text encoder."""
    sample_queries: int | None = None
    """None: as many as the study draws."""
    sample_documents: int | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every encoder, in order, each once."""
        return tuple(dict.fromkeys((*self.systems, *self.seeds, *self.random)))

    @property
    def trained(self) -> tuple[str, ...]:
        """Labels of what another study trains."""
        return tuple(s.removeprefix(TRAINED) for s in self.spellings if s.startswith(TRAINED))


def dissections_of(data: Mapping[str, Any], source: str) -> tuple[Dissection, ...]:
    """Read the tables [[dissect]] of a study's keys; systems and collections that a table does not name are the study's.

    Raises:
        UnknownName: their only mistakes are names that there are not.
        InvalidInput: any others, with all mistakes at once.
    """
    found = Mistakes()
    given = {key: list(data[key]) for key in ("systems", "collections")}
    read = [_dissection({**given, **row}, number, found) for number, row in enumerate(data.get("dissect", ()), 1)]
    names = [one.name for one in read if one is not None]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    found.others += [f"the name '{name}' stands for two tables; expected distinct names; rename one" for name in twice]
    found.speak(f"[[dissect]] of {source}")
    return tuple(one for one in read if one is not None)


def open_dissections(
    study: Study, engines: dict[str, Encoder | Ranker], given: Container[str] = ()
) -> tuple[Dissection, ...]:
    """Read a study's tables and open every encoder that is not to be trained first, so that a misspelling costs no time.

    `given` are the collections that exist in this process only.

    Raises:
        EvidenseError: as `dissections_of` and the parts say.
    """
    found = dissections_of(
        {"systems": study.systems, "collections": study.collections, "dissect": study.dissect}, study.name
    )
    for one in found:
        for spelling in (s for s in one.collections if s not in given):
            registry.dataset(spelling)
        for spelling in one.spellings:
            if not spelling.startswith(TRAINED) and not (spelling not in engines and stays_shut(spelling)):
                _encoder(spelling, open_system(spelling, None, engines).engine)
    return found


def toy_rows(rows: Sequence[Mapping[str, Json]]) -> tuple[Mapping[str, Json], ...]:
    """Return the tables with what the `toy` of each says instead; options are laid over one by one."""
    return tuple(_laid_over(row, row.get("toy", {})) for row in rows)


def _laid_over(row: Mapping[str, Any], toy: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**{k: v for k, v in row.items() if k != "toy"}, **{k: v for k, v in toy.items() if k != "options"}}
    options = {**row.get("options", {})}
    for analysis, values in toy.get("options", {}).items():
        options[analysis] = {**options.get(analysis, {}), **values}
    return {**merged, **({"options": options} if options else {})}


def _dissection(keys: Mapping[str, Any], number: int, found: Mistakes) -> Dissection | None:
    where = f"table {number}" + (f" '{keys['name']}'" if isinstance(keys.get("name"), str) else "")
    found.unknown(f"key of {where}", keys, KEYS)
    wrong = [key for key in _LISTS if key in keys and not _texts(keys[key])]
    found.others += [f"{where}: '{key}' is {keys[key]!r}; expected a list of texts" for key in wrong]
    options = keys.get("options", {})
    if not isinstance(options, Mapping) or not all(isinstance(v, Mapping) for v in options.values()):
        found.others.append(f"{where}: 'options' is {options!r}; expected a table an analysis")
        return None
    sizes = {key: keys[key] for key in SAMPLES if key in keys}
    few = [key for key, n in sizes.items() if not isinstance(n, int) or n < 20]
    found.others += [f"{where}: '{key}' is {sizes[key]!r}; expected a whole number, at least 20" for key in few]
    if wrong or few:
        return None
    plain = {key: str(keys[key]) for key in _NAMES if key in keys}
    lists = {key: tuple(keys[key]) for key in _LISTS if key in keys}
    given: dict[str, Any] = {"name": f"dissection {number}", **plain, **lists, **sizes}
    made = Dissection(**given, options=options)
    found.others += _mistakes(made, where)
    known = registry.summaries("analyses")
    for name in dict.fromkeys((*made.analyses, *options)):
        if name not in known:
            found.unknown("analysis", {name: 0}, list(known))
    for name, values in options.items():
        if name in known:
            try:
                options_of(registry.part("analyses", name), values)
            except EvidenseError as error:
                found.hear(where, error)
    return made


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _mistakes(made: Dissection, where: str) -> Iterator[str]:
    if not made.systems:
        yield f"{where} names no system; expected a base, and what was made of it"
    if not made.collections:
        yield f"{where} names no collection; expected one at least"
    if made.trained and not made.trained_by:
        yield f"{where}: '{TRAINED}{made.trained[0]}' is trained by no study; expected trained_by = \"NAME\""


def subjects_of(
    one: Dissection, trained: Mapping[str, str], engines: dict[str, Encoder | Ranker]
) -> tuple[Subject, ...]:
    """Open the encoders of a table, each with its role; `trained` is label → id of a checkpoint, `engines` what is open.

    Raises:
        InvalidInput: something that ranks without vectors.
        UnknownName, AmbiguousName, MissingExtra …: as the parts say.
    """
    names = labels(tuple(_shown(s) for s in one.spellings))
    found = []
    for place, spelling in enumerate(one.spellings):
        real = f"checkpoint:{trained[spelling.removeprefix(TRAINED)]}" if spelling.startswith(TRAINED) else spelling
        system = open_system(real, names[place], engines)
        found.append(Subject(names[place], real, _encoder(spelling, system.engine), _role(one, spelling)))
    return tuple(found)


def _encoder(spelling: str, engine: Encoder | Ranker) -> Encoder:
    if not isinstance(engine, Encoder):
        raise InvalidInput(
            f"'{spelling}' ranks without vectors; expected an encoder, whose inside can be looked at; leave it out"
        )
    return engine


def _shown(spelling: str) -> str:
    return spelling.removeprefix(TRAINED)


def _role(one: Dissection, spelling: str) -> Role:
    if spelling in one.systems:
        return "base" if spelling == one.systems[0] else "tuned"
    return "seed" if spelling in one.seeds else "random"
