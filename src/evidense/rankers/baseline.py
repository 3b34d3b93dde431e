"""A small file with the ranked lists of a baseline, to be committed and compared against: NAME.baseline.json.gz."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float32, Int32
from pydantic import AfterValidator, FailFast, Field, TypeAdapter

from evidense.boundary.documents import Form, read_as
from evidense.boundary.files import read_bytes
from evidense.boundary.strangers import foreign
from evidense.compute.similarity import UNAPPLIED, unapplied
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.rankers._run_file import BASELINE as ENDING
from evidense.values import Collection, Look, RankedLists, Spelling

_WHAT = "a file that --save-baseline wrote"
_ADVICE = f"Expected {_WHAT}; save it anew."

_Numbers = Annotated[list[float], FailFast()]
_List = Annotated[list[_Numbers], Field(min_length=2, max_length=2), FailFast()]


class SavedLists(Form):
    """Saved lists of one collection: for each query the places of its documents, and their scores.

    Places beyond the documents of the collection point into `others`: documents that only a run file named.
    """

    checksum: str
    lists: Annotated[list[_List], FailFast()]
    others: list[str] = Field(default_factory=list)


def _moment(text: str) -> str:
    """Return the text if it is a moment in UTC.

    Raises:
        InvalidInput: the text is not a moment in UTC.
    """
    with foreign(text, "Expected a moment as 2026-11-03T08:00:00+00:00."):
        if datetime.fromisoformat(text).utcoffset() == timedelta(0):
            return text
    raise InvalidInput(f"'{text}' is no moment of UTC")


class SavedLook(Form):
    """One look at a collection; the form of `values.Look`."""

    look_id: Annotated[str, Field(min_length=1, max_length=64)]
    first: Annotated[str, AfterValidator(_moment)]
    comparisons: list[str]
    error: Annotated[float, Field(ge=0, lt=1)]
    planned: Annotated[int, Field(ge=0)] = 0
    sample: Annotated[str, Field(max_length=64)] = ""


class _Looks(Form):
    """The number of planned looks, and the looks made at each collection."""

    planned: Annotated[int, Field(ge=0)] = 0
    seen: dict[str, list[SavedLook]] = Field(default_factory=dict)


class _Saved(Form):
    """The file that --save-baseline writes."""

    label: str
    depth: int
    setup: dict[str, Any]
    policies: dict[str, Any] = Field(default_factory=dict)
    """Policies of the rankings; absent from files of earlier versions."""
    collections: dict[str, SavedLists]
    looks: _Looks = Field(default_factory=_Looks)


@dataclass(frozen=True)
class Baseline:
    """A saved baseline: for each collection and query its first documents with their scores."""

    name: str
    setup: Setup
    fingerprint: str
    collections: Mapping[str, SavedLists]
    policies: Mapping[str, str]
    """How the saved lists treat ties."""
    planned: int = 0
    """Number of looks at these collections that were planned when it was saved; 0 means no plan."""
    looks: Mapping[str, Sequence[Look]] = field(default_factory=dict)
    """The looks made at each collection before it was saved."""

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the saved lists, cut at `depth`.

        Raises:
            InvalidInput: the collection was not saved, has changed since, or its lists do not fit.
        """
        saved, doc_ids = self._saved(collection)
        documents = np.full((len(collection.queries), depth), -1, dtype=np.int32)
        scores = np.full((len(collection.queries), depth), -np.inf, dtype=np.float32)
        for row, (places, values) in enumerate(saved.lists):
            places_of_list, scores_of_list = self._list(row, np.array(places), np.array(values), len(doc_ids))
            n = min(depth, len(places_of_list))
            documents[row, :n], scores[row, :n] = places_of_list[:n], scores_of_list[:n]
        return RankedLists(collection.query_ids, doc_ids, documents, scores)

    def _saved(self, collection: Collection) -> tuple[SavedLists, tuple[str, ...]]:
        """Return what was saved of a collection, and the ids that its places point into; raises as `rank`."""
        saved = self.collections.get(collection.name)
        if saved is None:
            raise InvalidInput(
                f"baseline '{self.name}' holds no '{collection.name}'; expected one of {', '.join(self.collections)};"
                " save it anew with --save-baseline"
            )
        if saved.checksum != collection.checksum:
            raise InvalidInput(
                f"'{collection.name}' has changed since baseline '{self.name}' was saved; expected equal queries,"
                " documents and judgements; save it anew with --save-baseline"
            )
        if len(saved.lists) != len(collection.queries):
            raise InvalidInput(
                f"baseline '{self.name}' holds {len(saved.lists):,} lists for the {len(collection.queries):,} queries of "
                f"'{collection.name}'. Expected one each; save it anew with --save-baseline."
            )
        doc_ids = (*collection.doc_ids, *saved.others)
        if len({*doc_ids}) < len(doc_ids):
            raise InvalidInput(
                f"baseline '{self.name}' lists documents of '{collection.name}' again as others. Expected each once; "
                "save it anew with --save-baseline."
            )
        return saved, doc_ids

    def _list(
        self, row: int, places: np.ndarray, values: np.ndarray, n_documents: int
    ) -> tuple[Int32[np.ndarray, " n"], Float32[np.ndarray, " n"]]:
        """Check the saved list of one query and return its places and scores.

        Raises:
            InvalidInput: a place has no document, a document stands twice, or the scores rise.
        """
        is_whole = (places % 1 == 0) & (places >= 0) & (places < n_documents)
        with np.errstate(over="ignore"):
            scores = values.astype(np.float32)
        if len(places) != len(values) or not is_whole.all() or not np.isfinite(scores).all():
            what = (
                f"{len(places)} documents and {len(values)} scores, or a place that is none of 0 to {n_documents - 1}"
            )
        elif len(np.unique(places)) < len(places) or (np.diff(scores) > 0).any():
            what = "a document twice, or scores that rise"
        else:
            return places.astype(np.int32), scores
        raise InvalidInput(
            f"baseline '{self.name}' holds a list (number {row}) with {what}. Expected distinct documents, best first; "
            "save it anew with --save-baseline."
        )


class BaselinePart:
    """Opens saved baselines."""

    name = "baseline"
    spellings = (f"NAME{ENDING}",)

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the file has the ending of a saved baseline."""
        return spelling.head.endswith(ENDING)

    def open(self, spelling: Spelling) -> Baseline:
        """Read a saved baseline.

        Raises:
            InvalidInput: the file is absent, or --save-baseline did not write it.
        """
        path = Path(spelling.head).expanduser()
        data = read_bytes(path, _WHAT)
        saved = read_as(_Saved, data, str(path))
        setup = _setup(saved.setup, str(path))
        note = f"saved lists, {saved.depth} documents deep"
        setup = replace(setup, unused_weights=(), warnings=(*setup.warnings, note, *_old(saved)))
        ties = {name: str(sentence) for name, sentence in saved.policies.items() if name == "ties"}
        looks = {
            name: [Look.of(look.model_dump()) for look in saved_looks] for name, saved_looks in saved.looks.seen.items()
        }
        digest = hashlib.sha256(data).hexdigest()
        return Baseline(saved.label, setup, digest, saved.collections, ties, saved.looks.planned, looks)


def _setup(saved_setup: Mapping[str, Any], place: str) -> Setup:
    """Return the saved set-up; fields that this version does not know are ignored."""
    known = {setup_field.name for setup_field in fields(Setup)}
    with foreign(place, _ADVICE):
        return TypeAdapter(Setup).validate_python({name: value for name, value in saved_setup.items() if name in known})


def _old(saved: _Saved) -> list[str]:
    """Return a warning if the lists were saved before similarity was applied."""
    if not unapplied(saved.setup, saved.policies):
        return []
    return [f"the saved baseline (set up as {saved.setup['similarity']}) {UNAPPLIED}; save it anew"]


PART = BaselinePart()
