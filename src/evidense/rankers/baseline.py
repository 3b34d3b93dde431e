"""A small file with what a baseline put first, to be committed and compared against: NAME.baseline.json.gz."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.rankers._run_file import BASELINE as ENDING
from evidense.values import Collection, RankedLists, Spelling


@dataclass(frozen=True)
class Baseline:
    """A baseline that was saved: per collection and query the first documents with their scores."""

    name: str
    setup: Setup
    fingerprint: str
    collections: dict[str, Any]

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the saved lists, cut at `depth`.

        Raises:
            InvalidInput: this collection was not saved, or has changed since.
        """
        held = self.collections.get(collection.name)
        if held is None:
            raise InvalidInput(
                f"baseline '{self.name}' holds no '{collection.name}'; expected one of {', '.join(self.collections)};"
                " save it anew with --save-baseline"
            )
        if held["checksum"] != collection.checksum:
            raise InvalidInput(
                f"'{collection.name}' has changed since baseline '{self.name}' was saved; expected equal queries,"
                " documents and judgements; save it anew with --save-baseline"
            )
        documents = np.full((len(collection.queries), depth), -1, dtype=np.int32)
        scores = np.full((len(collection.queries), depth), -np.inf, dtype=np.float32)
        for row, (places, values) in enumerate(held["lists"]):
            n = min(depth, len(places))
            documents[row, :n], scores[row, :n] = places[:n], values[:n]
        return RankedLists(collection.query_ids, collection.doc_ids, documents, scores)


class Part:
    """Opens saved baselines."""

    name = "baseline"
    spellings = (f"NAME{ENDING}",)

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether this is a saved baseline, by its ending."""
        return spelling.head.endswith(ENDING)

    def open(self, spelling: Spelling) -> Baseline:
        """Read a saved baseline.

        Raises:
            InvalidInput: it is not there, or no file that --save-baseline wrote.
        """
        path = Path(spelling.head)
        try:
            data = path.read_bytes()
            held = json.loads(gzip.decompress(data))
            setup = {
                **held["setup"],
                "unused_weights": (),
                "warnings": (*held["setup"]["warnings"], f"saved lists, {held['depth']} documents deep"),
            }
            return Baseline(held["label"], Setup(**setup), hashlib.sha256(data).hexdigest(), held["collections"])
        except FileNotFoundError:
            raise InvalidInput(
                f"baseline '{path}' does not exist; expected a file that --save-baseline wrote; correct the path"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"'{path}' is no saved baseline ({error}); expected a file that --save-baseline wrote; save it anew"
            ) from None


PART = Part()
