"""A data set of the ir_datasets catalogue by its id, as `beir/scifact/test`."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidense.errors import EvidenseError, InvalidInput, MissingExtra, UnknownName
from evidense.reading.corpora import Mapped
from evidense.reading.runs.self_matches import self_matches
from evidense.reading.tables.typed import as_gain
from evidense.values import Collection, Draft, Item, Provenance, build
from evidense.values.build import Chosen, judged_rows

_FAMILIES = frozenset(
    "antique aol-ia aquaint argsme beir bright c4 car clinicaltrials clirmatrix clueweb09 clueweb12 "
    "codec codesearchnet cord19 cranfield csl "
    "disks45 dpr-w100 gov gov2 hc4 highwire istella22 kilt lotte medline miracl mmarco mr-tydi "
    "msmarco-document msmarco-document-v2 "
    "msmarco-passage msmarco-passage-v2 msmarco-qna nano-beir natural-questions neuclir neumarco "
    "nfcorpus nyt pmc sara touche-image "
    "trec-arabic trec-cast trec-fair trec-fair-2021 trec-mandarin trec-robust04 trec-spanish trec-tot "
    "tripclick tweets2013-ia vaswani wapo "
    "wikiclir wikir".split()
)


class IrDatasets:
    """`irds:ID`, or the id alone if its first part is a family of the catalogue.

    The text of documents and queries is the default text of ir_datasets. Only judged queries are read; the corpus stays on disk.
    """

    name = "irds"
    spellings: tuple[str, ...] = ("irds:beir/scifact/test", "beir/scifact/test")

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with a family of the catalogue and is no path."""
        return spelling.partition("/")[0] in _FAMILIES and not Path(spelling).exists()

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the data set; ir_datasets downloads what it does not have.

        Raises:
            UnknownName: there is no such id.
            InvalidInput: the data set has no documents, queries or qrels, or cannot be downloaded.
            MissingExtra: ir_datasets is not installed.
        """
        dataset = _loaded(spelling)
        missing = [what for what in ("docs", "queries", "qrels") if not getattr(dataset, f"has_{what}")()]
        if missing:
            raise InvalidInput(
                f"'{spelling}' has no {' and no '.join(missing)}; expected an id with docs, queries and qrels; take "
                f"one below it, as '{spelling}/test'"
            )
        try:
            return (build(_draft(spelling, dataset)),)
        except EvidenseError:
            raise
        except Exception as error:  # whatever ir_datasets and the files below it raise
            raise InvalidInput(
                f"'{spelling}' cannot be read ({type(error).__name__}: {str(error)[:200]}); expected it in "
                f"ir_datasets' folder or a network to fetch it; run `ir_datasets export {spelling} docs` where there "
                "is one"
            ) from None


def _loaded(spelling: str) -> Any:
    try:
        import ir_datasets
    except ImportError:
        raise MissingExtra.named("ir-datasets", f"reading '{spelling}'", "ir_datasets") from None
    try:
        return ir_datasets.load(spelling)
    except KeyError:
        near = difflib.get_close_matches(spelling, list(ir_datasets.registry), n=5)
        guess = f"did you mean {', '.join(near)}?" if near else "expected an id of its catalogue, as beir/scifact/test"
        raise UnknownName(
            f"unknown id of ir_datasets '{spelling}': {guess} All are on https://ir-datasets.com"
        ) from None


def _draft(spelling: str, dataset: Any) -> Draft:
    qrels: dict[str, dict[str, int]] = {}
    for row in dataset.qrels_iter():
        qrels.setdefault(row.query_id, {})[row.doc_id] = as_gain(row.relevance)
    all_queries = [Item(row.query_id, row.default_text() or "") for row in dataset.queries_iter()]
    queries = list(Chosen(all_queries, judged_rows(all_queries, qrels)))
    corpus = Mapped(_Documents(dataset), _item)
    drop, notes = self_matches(queries, corpus)
    provenance = Provenance(
        licence="see the documentation of ir_datasets",
        source=f"ir_datasets {spelling}",
        notes=notes,
        is_user_data=False,
    )
    return Draft(
        name=spelling, queries=queries, corpus=corpus, qrels=qrels, provenance=provenance, drop_self_matches=drop
    )


class _Documents:
    """The documents in order, each read from the document store of ir_datasets when it is needed."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._ids = [document.doc_id for document in dataset.docs_iter()]
        self._store: Any = None

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, row: int) -> Any:
        if self._store is None:
            self._store = self._dataset.docs_store()
        return self._store.get(self._ids[row])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dataset.docs_iter())


def _item(document: Any) -> Item:
    return Item(document.doc_id, document.default_text() or "")


PART = IrDatasets()
