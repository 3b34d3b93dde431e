"""Encode together: several processes make parts of one encoding, each part the same bytes whoever makes it."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evidense.boundary.disk import locked
from evidense.compute.batches import chunks, plan
from evidense.compute.progress import estimate
from evidense.compute.search.encode import EncodingRun, run_of
from evidense.compute.search.parts import N_PARTS, batches_of
from evidense.compute.search.ready import Gathers, KeepsStates
from evidense.errors import InvalidInput, UnsafeInput
from evidense.parts import Prepared, Tower
from evidense.store import Store
from evidense.values import Item


@dataclass(frozen=True)
class SharedEncoding:
    """An encoding whose parts several processes make; `encode` puts them together."""

    key: str
    """Equal in all processes that have the same encoder and items."""
    run: EncodingRun
    store: Store

    @classmethod
    def of(cls, tower: Tower, items: Sequence[Item], store: Store) -> "SharedEncoding | None":
        """Return the encoding; None if the store holds it, or if it has no parts: vectors that are given, states that are kept by item, answers of a server."""
        if tower.identity == "id" or isinstance(tower, KeepsStates | Gathers):
            return None
        run = run_of(tower, items, store)
        return None if run is None else cls(*run, store)

    @property
    def missing(self) -> list[int]:
        """Return the numbers of the parts that are still to be made."""
        settings = self.run.fresh_settings
        parts = self.run.parts(settings)
        made_elsewhere = set(self.store.shared(self.key))
        missing = parts.missing(-(-len(self.run.firsts) // settings["chunk"]))
        return [number for number in missing if parts.path(number) not in made_elsewhere]

    @property
    def seconds(self) -> float:
        """Estimated seconds of the whole encoding on this machine."""
        return estimate(self.run.tower, self.run.items).seconds

    def make(self, numbers: Iterable[int]) -> None:
        """Encode and write the parts of these numbers that are not there. A chunk is tokenised once for parts in a row.

        Raises:
            InvalidInput: as `encode`.
        """
        self.run.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._make(numbers)
        except (InvalidInput, UnsafeInput):
            shutil.rmtree(
                self.run.folder, ignore_errors=True
            )  # this work can never be finished, so nothing of it stays
            raise

    def _make(self, numbers: Iterable[int]) -> None:
        settings = self.run.fresh_settings
        parts, pieces = self.run.parts(settings), list(chunks(len(self.run.firsts), settings["chunk"]))
        tokenised = dict[int, Prepared]()
        for number in numbers:
            chunk, place = divmod(number, N_PARTS)
            with locked(parts.lock(number)):  # a worker of a killed command may be at it still
                if parts.read(number) is not None:
                    continue
                start, stop = pieces[chunk]
                if chunk not in tokenised:
                    tokenised = {chunk: self.run.prepared(start, stop)}
                batches = batches_of(place, plan(tokenised[chunk].sizes, settings["budget"]))
                vectors = [self._vectors(tokenised[chunk], rows, start) for rows in batches]
                parts.write(
                    number, np.concatenate([_NO_ROWS, *batches]) + start, np.concatenate([self._nothing(), *vectors])
                )
                self.store.share(parts.path(number))
                self.store.log("parts", f"{self.key}/{number}")

    def _vectors(self, prepared: Prepared, rows: np.ndarray, start: int) -> np.ndarray:
        vectors = self.run.encoded(prepared.take(rows))
        return self.run.checked(vectors, rows + start, (len(rows), self.run.tower.n_dims))

    def _nothing(self) -> np.ndarray:
        return np.empty((0, self.run.tower.n_dims), np.float32)


_NO_ROWS = np.empty(0, np.int64)
