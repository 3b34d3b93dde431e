"""Form of a study file: its keys, with the kind and the bounds of each value."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from evidense.boundary.documents import Form, checked
from evidense.boundary.numerals import number_in, plain
from evidense.boundary.shown import shown_line
from evidense.errors import InvalidInput
from evidense.values.spelling import Spelling, named_in

MOST_SEED = 2**63 - 1
"""Largest seed: seeds are stored in 64 bits, by torch too."""
MOST_RESAMPLES = 1_000_000
MOST_DEPTH = 100_000
MOST_LOOKS = 1_000
MOST_NAME_BYTES = 200
"""Longest name in bytes. File systems allow 255, and `-toy` or a temporary ending may follow."""


def _printable(text: str) -> str:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("Expected a text without NUL and surrogates")
    return text


def _fits_a_folder(name: str) -> str:
    if len(name.encode()) > MOST_NAME_BYTES:
        raise InvalidInput(f"Expected a name of at most {MOST_NAME_BYTES} bytes")
    return name


Text = Annotated[str, AfterValidator(_printable)]
Name = Annotated[Text, AfterValidator(_fits_a_folder)]
Table = dict[Text, Any]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Sample = Annotated[int, Field(ge=20)]


class ArmForm(Form):
    """Keys of [[arms]] that are not keys of a recipe."""

    label: Text = ""
    start: Text = ""
    home: Text = ""
    seeds: list[Seed] = Field(default_factory=list)
    roles: dict[Text, Text] = Field(default_factory=dict)


class DissectForm(Form):
    """Keys of [[dissect]], without its lists: their reader checks them."""

    name: Name = ""
    trained_by: Text = ""
    tuned_on: Text = ""
    options: dict[Text, Table] = Field(default_factory=dict)
    toy: Table = Field(default_factory=dict)


class ExpectedForm(Form):
    """Keys of [[expected]]."""

    system: Text
    collection: Text
    values: dict[Text, float]
    source: Text


class FactorialForm(Form):
    """Sections of [factorial]."""

    seeds: list[Seed] = Field(default_factory=list)
    controls: list[Text] = Field(default_factory=list)
    backbone: Table = Field(default_factory=dict)
    pretraining: Table = Field(default_factory=dict)
    finetuning: Table = Field(default_factory=dict)
    roles: dict[Text, Text | list[Text]] = Field(default_factory=dict)
    """Spelling of a collection → its role, or a role → its collections."""
    toy: Table = Field(default_factory=dict)


class NamesForm(Form):
    """Tables of [names]; their reader refuses others."""

    systems: dict[Text, Text] = Field(default_factory=dict)
    collections: dict[Text, Text] = Field(default_factory=dict)
    measures: dict[Text, Text] = Field(default_factory=dict)


class MarginForm(Form):
    """A margin alone: that of a gate."""

    margin: float


class StudyForm(Form):
    """Keys of a study file. The reader refuses other keys and names the nearest."""

    name: Name
    question: Text
    systems: list[Text]
    collections: list[Text]
    measures: list[Text] = Field(default_factory=list)
    claims: list[Text] = Field(default_factory=list)
    slices: list[Text] = Field(default_factory=list)
    clusters: Text = ""
    references: list[Text] = Field(default_factory=list)
    seeds: dict[Text, Text | list[Text]] = Field(default_factory=dict)
    """System → its runs or checkpoints, one a training seed, or a pattern of file names."""
    excluded: list[Text] = Field(default_factory=list)
    trained_on: list[Text] = Field(default_factory=list)
    margin: float = 0.02
    confidence: float = 0.95
    seed: Seed = 0
    n_resamples: Annotated[int, Field(ge=999, le=MOST_RESAMPLES)] = 10_000
    depth: Annotated[int, Field(ge=10, le=MOST_DEPTH)] = 100
    best_of: bool = False
    looks: Annotated[int, Field(ge=0, le=MOST_LOOKS)] = 0
    sample_queries: Sample | None = None
    sample_documents: Sample | None = None
    drawn_by: Literal["", "name"] = ""
    factorial: FactorialForm | None = None
    arms: list[ArmForm] = Field(default_factory=list)
    dissect: list[DissectForm] = Field(default_factory=list)
    expected: list[ExpectedForm] = Field(default_factory=list)
    names: NamesForm = Field(default_factory=NamesForm)


def spelt_margin(value: object) -> object:
    """Return a margin that is written as a text as its number: "2%" is .02. Other values and texts stay as they are.

    >>> spelt_margin("2%"), spelt_margin(0.1), spelt_margin("small")
    (0.02, 0.1, 'small')
    """
    try:
        return number_in(value) if isinstance(value, str) else value
    except ValueError:
        return value


def margin_of(value: object, source: str) -> float:
    """Return a margin that is given outside a study file, under the rules of a study file.

    Raises:
        InvalidInput: it is no number between 0 and 1.
    """
    margin = checked(MarginForm, {"margin": spelt_margin(value)}, source).margin
    if mistakes := list(_mistakes_of_margin(margin)):
        raise InvalidInput.all_of(source, mistakes)
    return margin


def _mistakes_of_margin(margin: float) -> Iterator[str]:
    if not 0 < margin < 1:
        yield f"'margin' is {margin}; expected more than 0 and less than 1, in units of the measure; 2% is 0.02"


def mistakes_of(data: Mapping[str, Any], form: StudyForm) -> Iterator[str]:
    """Yield the mistakes of a study whose values are all of the right kind."""
    is_trained = bool(data.get("factorial") or data.get("arms"))
    if len(form.systems) < 2 and not is_trained:
        yield f"'systems' names {len(form.systems)}; expected a baseline and at least one other system"
    if not form.collections:
        yield "'collections' is empty; expected at least one (--on)"
    yield from _mistakes_of_margin(form.margin)
    if not 0 < form.confidence < 1:
        meant = f"; did you mean {plain(form.confidence / 100, 4).rstrip('0')}?" if 1 < form.confidence < 100 else ""
        yield f"'confidence' is {form.confidence:g}; expected more than 0 and less than 1{meant}"
    if form.best_of and not is_trained and len(form.systems) < 3:
        yield f"'best_of' is set for {len(form.systems) - 1} system beside the baseline; expected at least two to choose from"
    if is_trained and (form.best_of or form.looks):
        yield "'best_of' and 'looks' are for systems that are compared with a baseline; a study that trains cannot use them; leave them out"
    if is_trained and data.get("names"):
        yield "'names' is for systems that are compared with a baseline; a study that trains names its own; leave it out"
    if form.seeds and is_trained:
        yield "'seeds' are the runs of a system that is trained already; a study that trains has its own seeds; leave the key out"
    yield from _mistakes_of_seeds(data, form)
    yield from (
        f"'{shown_line(text)}' is compared, and a reference too; expected references that are not compared; leave one out"
        for text in dict.fromkeys(form.references)
        if text in form.systems
    )
    if is_trained and form.trained_on:
        yield "'trained_on' is for systems that are not trained here; a study that trains counts leaks itself; leave it out"
    if is_trained and form.claims:
        claims = ", ".join(map(shown_line, form.claims))
        yield f"'claims' names {claims}; a study that trains always decides its own three claims; leave the key out"


def _mistakes_of_seeds(data: Mapping[str, Any], form: StudyForm) -> Iterator[str]:
    """Yield what a study with several seeds of one system cannot do."""
    if not form.seeds:
        return
    if form.best_of:
        yield "'best_of' chooses one checkpoint, and 'seeds' ask about the training; expected one of both; leave the other out"
    if any("systems" not in row for row in data.get("dissect", ())):
        yield "[[dissect]] looks into single checkpoints, and a system of this study has several seeds; name its systems and seeds in [[dissect]]"
    members = [x for files in form.seeds.values() for x in ([files] if isinstance(files, str) else files)]
    for text in (*form.systems, *form.references, *members):
        if any("index" in Spelling.parse(name).options for name in named_in(text)):
            yield f"'{text}' has an approximate index, and a system of this study has several seeds; expected exact search; leave @index out"
