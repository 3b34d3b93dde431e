"""Held: works in memory, found by identifier, or by the words of a title in an inverted index."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from evidense.errors import InvalidInput
from evidense.sources._index import nearest_titles
from evidense.texts.titles import title_words
from evidense.values import Answer, Reference, Work

KINDS = ("doi", "arxiv", "acl", "pmid", "pmcid")
_MOST_POSTINGS = 4_000
"""Words are taken from the rarest on until their lists hold so many works together: "of the" finds nothing that a rare word does not."""
_N_CANDIDATES = 8


class Held:
    """An index of works in memory."""

    def __init__(self, source: str, works: Sequence[Work]) -> None:
        self.source = source
        self.works = tuple(works)
        self._of_identifier = {
            (k, w.identifiers[k]): w for w in reversed(self.works) for k in KINDS if k in w.identifiers
        }
        self._with_word = _postings(self.works)

    def by_identifier(self, reference: Reference) -> Answer | None:
        """Return the work that has one of the reference's identifiers; None where the reference has none."""
        asked = [(kind, reference.identifiers[kind]) for kind in KINDS if reference.identifiers.get(kind)]
        if not asked:
            return None
        found = [self._of_identifier[key] for key in asked if key in self._of_identifier][:1]
        return Answer(self.source, "found" if found else "not there", tuple(found), "identifier")

    def by_title(self, title: str) -> Answer:
        """Return up to five works of like titles, the likest first."""
        nearest = nearest_titles(title, [self.works[i] for i in self._candidates(title)])
        return Answer(self.source, "found" if nearest else "not there", nearest, "title")

    def _candidates(self, title: str) -> list[int]:
        """Return the works that share the weightiest words, the best first."""
        lists = sorted(
            (self._with_word[w] for w in set(title_words(title)) if w in self._with_word),
            key=lambda p: (len(p), int(p[0])),
        )
        taken: list[np.ndarray] = []
        n_postings = 0
        for postings in lists:
            if taken and n_postings + len(postings) > _MOST_POSTINGS:
                break
            taken.append(postings)
            n_postings += len(postings)
        if not taken:
            return []
        weights = np.concatenate([np.full(len(p), math.log(1 + len(self.works) / len(p))) for p in taken])
        works, place = np.unique(np.concatenate(taken), return_inverse=True)
        total = np.bincount(place, weights)
        return [int(i) for i in works[np.argsort(-total, kind="stable")[:_N_CANDIDATES]]]


def _postings(works: Sequence[Work]) -> dict[str, np.ndarray]:
    lists: dict[str, list[int]] = {}
    for i, work in enumerate(works):
        for word in set(title_words(work.title)):
            lists.setdefault(word, []).append(i)
    return {word: np.asarray(postings, dtype=np.int64) for word, postings in lists.items()}


@dataclass(frozen=True)
class Files:
    """Files as they are now: names with sizes and times, so that a changed one is read again."""

    paths: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...]

    @classmethod
    def below(cls, path: Path, suffixes: Sequence[str], what: str) -> "Files":
        """Return a file, or every file of these endings in a folder, packed ones too.

        Raises:
            InvalidInput: there is none.
        """
        path = path.expanduser()
        endings = tuple(suffix + packing for suffix in suffixes for packing in ("", ".gz", ".bz2", ".xz", ".zst"))
        try:
            within = (
                sorted(p for p in path.rglob("*") if p.name.lower().endswith(endings) and p.is_file())
                if path.is_dir()
                else [path]
            )
            stamps = tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in within)
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"'{path}' cannot be read ({getattr(error, 'strerror', None) or error}); expected {what}; check the path"
            ) from None
        if not within:
            raise InvalidInput(f"'{path}' holds no file that can be read; expected {what}; name another folder")
        return cls(tuple(within), stamps)


Read = Callable[[Path, str], Sequence[Work]]


@lru_cache(maxsize=8)
def held(files: Files, source: str, read: Read) -> Held:
    """Read files into an index; the same files are read once a process."""
    return Held(source, [work for path in files.paths for work in read(path, source)])


def answers_of(index: Held, references: Sequence[Reference]) -> Mapping[int, Answer]:
    """Look up references by identifier."""
    found = {i: index.by_identifier(reference) for i, reference in enumerate(references)}
    return {i: answer for i, answer in found.items() if answer is not None}


def rest_of(name: str, spelling: str) -> str:
    """Return what stands behind `name:` in a spelling; "" for the bare name."""
    return spelling.removeprefix(f"{name}:") if spelling != name else ""
