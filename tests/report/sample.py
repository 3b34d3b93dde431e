"""A real study for the report's tests: docstrings of Python's library, ranked in several ways by the real pipeline."""

import ast
import re
import sysconfig
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import evidense as ev
from evidense.parts import Setup
from evidense.records import Record, Study, Verdict
from evidense.store import Store
from evidense.values import Collection, Draft, Item, Provenance, RankedLists, build

GROUPS = {
    "docstrings/network": "http email urllib asyncio xmlrpc",
    "docstrings/text": "json csv.py argparse.py string.py textwrap.py difflib.py html xml gettext.py locale.py",
    "docstrings/tools": "unittest pydoc.py inspect.py ast.py dis.py pdb.py trace.py doctest.py",
    "docstrings/numbers": "statistics.py fractions.py random.py datetime.py calendar.py heapq.py _pydecimal.py ipaddress.py",
}


@dataclass
class Sample:
    """A study, its records, the store that holds their blobs, and the collections that it saw."""

    study: Study
    records: list[Record]
    store: Store
    collections: tuple[Collection, ...] = ()

    def study_verdicts(self) -> list[Verdict]:
        """Return the verdicts of the rule."""
        return [record for record in self.records if isinstance(record, Verdict)]


class Counted:
    """A ranker of our own: cosine over counts of the pieces that a function makes of each word."""

    def __init__(self, name: str, piece: Callable[[str], str]) -> None:
        self.name, self.fingerprint, self._piece = name, name, piece
        self.setup = Setup(query_prompt="query: " if name == "stems" else None, similarity="cosine", n_dims=2048,
                           bytes_per_vector=8192.0, licence="Apache-2.0")  # fmt: skip

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Rank by cosine; ties in ascending order of document id."""
        queries, corpus = (self._vectors(items) for items in (collection.queries, collection.corpus))
        scores = queries @ corpus.T
        by_id = np.argsort(np.array(collection.doc_ids))
        order = by_id[np.argsort(-scores[:, by_id], axis=1, kind="stable")][:, :depth]
        found = np.take_along_axis(scores, order, axis=1)
        return RankedLists(collection.query_ids, collection.doc_ids, order.astype(np.int32), found.astype(np.float32))

    def _vectors(self, items: Sequence[Item]) -> np.ndarray:
        vectors = np.zeros((len(items), 2048), dtype=np.float32)
        for row, item in enumerate(items):
            for word in re.findall(r"[a-z]+", (item.text or "").lower()):
                vectors[row, zlib.crc32(self._piece(word).encode()) % 2048] += 1
        vectors = np.log1p(vectors)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


INITIALS = Counted("initials", lambda word: word[:2])
STEMS = Counted("stems", lambda word: re.sub(r"(ing|ed|es|s|e)$", "", word))


def make(
    systems: tuple[str | Counted, ...],
    *,
    references: tuple[str, ...] = (),
    names: tuple[str, ...] = tuple(GROUPS),
    most: int = 200,
    claims: tuple[str, ...] = (),
) -> Sample:
    """Compare systems with the first of them on these groups of docstrings; the one of texts counts as the user's own."""
    collections = tuple(_collection(name, GROUPS[name], most) for name in names)
    result = ev.compare(*systems, on=collections, references=references, slices=["kind"], n_resamples=2000,
                        measures=["nDCG@10", "RR@10", "R@100"], claims=claims, name="sample")  # fmt: skip
    return Sample(result.study, list(result.records), result.store, collections)


def _collection(name: str, files: str, most: int) -> Collection:
    rows = list(_docstrings(files))[:most]
    return build(
        Draft(
            name=name,
            queries=[Item(i, q) for i, q, _ in rows],
            corpus=[Item(i, d) for i, _, d in rows],
            qrels={i: {i: 1} for i, _, _ in rows},
            columns={"kind": {i: "class" if i.split(".")[-1][0].isupper() else "function" for i, _, _ in rows}},
            provenance=Provenance(
                licence="PSF-2.0",
                source="the standard library of this interpreter",
                contamination="likely seen",
                labels="structural (summary line → its own docstring)",
                is_user_data=name.endswith("text"),
            ),
        )
    )


def _docstrings(files: str) -> Iterator[tuple[str, str, str]]:
    """Yield (id, summary line, name and rest) of every documented object of these files of the library."""
    library = Path(sysconfig.get_paths()["stdlib"])
    for name in files.split():
        for path in sorted((library / name).rglob("*.py")) if (library / name).is_dir() else [library / name]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                    continue
                first, _, rest = (ast.get_docstring(node) or "").partition("\n")
                if len(rest.split()) > 4 and len(first.split()) > 2:
                    yield f"{path.stem}.{node.name}:{node.lineno}", first, f"{node.name}: {rest.strip()}"
