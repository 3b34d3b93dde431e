"""Two indexes from files, asked without a network: by identifier, and by the words of a title."""

import json
import math
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from evidense.texts.identifiers import identifiers_of
from evidense.texts.names import split_authors
from evidense.texts.titles import compare_titles, title_words
from evidense.values import Answer, Reference, Work

HALLMARK = next(
    (p / "shared/data/hallmark" for p in Path(__file__).resolve().parents if (p / "shared/data").is_dir()),
    Path("shared/data/hallmark"),
)
needs_hallmark = pytest.mark.skipif(not HALLMARK.is_dir(), reason=f"HALLMARK is not at {HALLMARK}")


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (HALLMARK / name).read_text(encoding="utf-8").splitlines()]


def reference_of(entry: dict) -> Reference:
    fields = entry["fields"]
    authors, has_more = split_authors(fields.get("author", ""))
    year = int(fields["year"]) if fields.get("year", "").isdigit() else None
    venue = fields.get("booktitle") or fields.get("journal") or ""
    kind, key = entry.get("bibtex_type", "misc"), entry.get("bibtex_key", "")
    return Reference(key, kind, fields.get("title", ""), authors, has_more, year, venue, identifiers_of(fields), fields)


class Index:
    """An index that answers from memory, as one that is asked over the network would."""

    def __init__(self, name: str, rows: list[dict]) -> None:
        self.name = name
        self.works = [self._work(row) for row in rows]
        self.with_word: dict[str, list[int]] = defaultdict(list)
        for i, work in enumerate(self.works):
            for word in set(title_words(work.title)):
                self.with_word[word].append(i)
        self.of_identifier = {
            (kind, work.identifiers[kind]): work
            for work in self.works
            for kind in ("doi", "arxiv", "acl")
            if kind in work.identifiers
        }

    def _work(self, row: dict) -> Work:
        identifiers = identifiers_of({k: str(row[k]) for k in ("doi", "url", "eprint") if row.get(k)})
        year = int(row["year"]) if str(row.get("year", "")).isdigit() else None
        return Work(self.name, identifiers, row["title"], tuple(row["authors"]), year, row["venue"])

    def answers(self, reference: Reference) -> list[Answer]:
        asked = [(k, reference.identifiers[k]) for k in ("doi", "arxiv", "acl") if k in reference.identifiers]
        found = [self.of_identifier[key] for key in asked if key in self.of_identifier][:1]
        by_identifier = (
            [Answer(self.name, "found" if found else "not there", tuple(found), "identifier")] if asked else []
        )
        return [*by_identifier, self.by_title(reference.title)]

    def by_title(self, title: str) -> Answer:
        weight: Counter[int] = Counter()
        for word in set(title_words(title)):
            for i in self.with_word.get(word, ()):
                weight[i] += math.log(1 + len(self.works) / len(self.with_word[word]))
        nearest = [self.works[i] for i, _ in weight.most_common(5)]
        nearest = [work for work in nearest if compare_titles(title, work.title)[1] >= 0.6]
        return Answer(self.name, "found" if nearest else "not there", tuple(nearest), "title")
