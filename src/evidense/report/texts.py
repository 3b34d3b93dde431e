"""Texts: which texts and pictures of the user a page shows, how much of each, and how to leave all of them out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from evidense.records import Json
from evidense.report.contents import Contents

MOST_CHARACTERS = 600
PICTURE = re.compile(r"data:image/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}")
"""The only pictures that a page takes in: raster bytes, never markup."""
MOST_PICTURE_BYTES = 40_000

Excerpt = Mapping[str, Json]
_TEXTS = {"query", "text", "thumbnail", "group"}


def without_texts(value: Json) -> Json:
    """Return an excerpt (or anything in it) with every text and picture taken out; ids and numbers stay."""
    if isinstance(value, Mapping):
        return {key: None if key in _TEXTS else without_texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_texts(inner) for inner in value]
    return value


def cut(text: str | None, most: int = MOST_CHARACTERS) -> str:
    """Return a text, shortened with an ellipsis."""
    if not text:
        return ""
    return text if len(text) <= most else text[:most].rstrip() + " …"


def picture(item: Mapping[str, Json] | None) -> str:
    """Return the thumbnail's data URL where it is one that may be shown, else an empty text."""
    url = str((item or {}).get("thumbnail") or "")
    return url if len(url) <= MOST_PICTURE_BYTES and PICTURE.fullmatch(url) else ""


def excerpts(contents: Contents, system: str, collection: str) -> tuple[Excerpt, ...]:
    """Return the excerpts of one comparison on the primary measure."""
    finding = contents.differences.get((system, collection, contents.study.primary))
    return finding.excerpts if finding else ()


def documents_of(excerpt: Excerpt) -> Iterator[Mapping[str, Any]]:
    """Yield every document that an excerpt shows."""
    yield from excerpt.get("relevant") or ()
    yield from (excerpt[side] for side in ("base_first", "system_first") if excerpt.get(side))


def n_texts(contents: Contents, *shown: Iterable[tuple[str, str, str]]) -> tuple[int, int]:
    """Return how many distinct texts and pictures a page holds: of the user's own collections, of public ones.

    They are those of the excerpts, and those `shown` elsewhere: (collection, 'q' or 'd', id).
    """
    keys = set(chain.from_iterable(shown))
    for finding in (*contents.differences.values(), *contents.effects):
        collection = str(finding.site["collection"])
        keys.update(key for excerpt in finding.excerpts for key in _keys(collection, excerpt))
    n_of = Counter(collection for collection, _, _ in keys)
    n_own = sum(n for collection, n in n_of.items() if _is_own(contents, collection))
    return n_own, n_of.total() - n_own


def _keys(collection: str, excerpt: Excerpt) -> Iterable[tuple[str, str, str]]:
    if excerpt.get("query") or excerpt.get("thumbnail"):
        yield collection, "q", str(excerpt["query_id"])
    for document in documents_of(excerpt):
        if document.get("text") or document.get("thumbnail"):
            yield collection, "d", str(document["doc_id"])


def _is_own(contents: Contents, collection: str) -> bool:
    cards = [r.collection for (_, c), r in contents.rankings.items() if c == collection]
    return bool(cards[0].get("is_user_data", True)) if cards else True
