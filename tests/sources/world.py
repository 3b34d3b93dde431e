"""A little world of works, served on this machine in the dialect of every index, with a menu of faults."""

import gzip
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import pytest

from evidense.fetching import Patience, Terms
from evidense.texts.letters import words
from evidense.texts.titles import title_words
from evidense.values import Notice, Work
from fetching.loopback import Loopback, Said, Seen, serving

CLIENTS = ("crossref", "datacite", "arxiv", "openalex", "semantic_scholar", "europepmc")
INDEXES = (*CLIENTS, "retraction_watch")
QUICK = Terms(patience=Patience(5.0, 1.0, 0.4, n_tries=2, first_wait_s=0.01, max_body_bytes=1 << 20))
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>captcha</body></html>"
PAGE = "text/html; charset=utf-8"


@dataclass
class Shelf:
    """What one index holds."""

    works: Sequence[Work]
    with_word: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    of_identifier: dict[str, Work] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for i, work in enumerate(self.works):
            for word in set(title_words(work.title)):
                self.with_word[word].append(i)
            for kind, value in work.identifiers.items():
                self.of_identifier.setdefault(f"{kind}:{value}", work)

    def search(self, words: str, n: int = 5) -> list[Work]:
        weight: Counter[int] = Counter()
        for word in set(title_words(words)):
            for i in self.with_word.get(word, ()):
                weight[i] += 1 / len(self.with_word[word])
        return [self.works[i] for i, _ in weight.most_common(n)]

    def topic(self, query: str) -> list[Work]:
        """Answer a Boolean query: works of which title and abstract hold a quoted phrase of each group."""
        groups = [re.findall(r'"([^"]+)"', group) for group in query.split(" AND ")]
        found = []
        for work in self.works:
            text = f" {' '.join(words(f'{work.title} {work.abstract}'))} "
            if all(any(f" {' '.join(words(term))} " in text for term in group) for group in groups):
                found.append(work)
        return found

    def known(self, identifiers: Iterable[str]) -> list[Work]:
        return [self.of_identifier[i] for i in dict.fromkeys(identifiers) if i in self.of_identifier]


@dataclass
class World:
    """A running world: what it was asked, and which index has which fault."""

    loopback: Loopback
    shelves: dict[str, Shelf]
    faults: dict[str, str] = field(default_factory=dict)
    healthy: Counter[str] = field(default_factory=Counter)
    """Index → how many requests it still answers before its fault sets in."""
    texts: dict[str, Said] = field(default_factory=dict)
    """End of a path → the full text that stands there: `PMC7/fullTextXML`."""

    def requests(self, index: str = "") -> list[Seen]:
        return [seen for seen in self.loopback.seen if seen.path.startswith(f"/{index}")]


@contextmanager
def world(holdings: Mapping[str, Sequence[Work]], patch: pytest.MonkeyPatch) -> Iterator[World]:
    """Serve what each index holds, and let the clients find it."""
    shelves = {name: Shelf(holdings.get(name, ())) for name in INDEXES}

    def answer(seen: Seen) -> Said:
        name = seen.path.split("/")[1]
        full_text = next((text for end, text in running.texts.items() if seen.path.endswith(end)), None)
        said = full_text or SPOKEN[name](shelves[name], seen)
        running.healthy[name] -= 1
        return FAULTS[running.faults[name]](said) if name in running.faults and running.healthy[name] < 0 else said

    with serving(answer) as loopback:
        running = World(loopback, shelves)
        for name in INDEXES:
            patch.setenv(f"EVIDENSE_URL_{name.upper()}", f"{loopback.url}/{name}")
        yield running


FAULTS: dict[str, Callable[[Said], Said]] = {
    "429 with Retry-After": lambda _: Said(b"{}", 429, headers={"retry-after": "3600"}),
    "429 without": lambda _: Said(b"{}", 429),
    "budget spent": lambda _: Said(
        b'{"error": "Rate limit exceeded", "message": "Insufficient budget. Resets at midnight UTC"}', 429,
        headers={"x-ratelimit-remaining-usd": "0", "x-ratelimit-cost-required-usd": "0.001", "retry-after": "53578"},
    ),
    "challenge with 500": lambda _: Said(CHALLENGE, 500, PAGE),
    "challenge with 200": lambda _: Said(CHALLENGE, 200, PAGE),
    "challenge with 403": lambda _: Said(CHALLENGE, 403, PAGE),
    "a proxy that says 200 to everything": lambda _: Said(b'{"ok": true}'),
    "key rejected": lambda _: Said(b'{"error": "invalid key"}', 401),
    "truncated": lambda said: Said(said.body[: max(len(said.body) // 2, 1)], 200, said.kind),
    "cut by the network": lambda said: Said(said.body[:20], 200, said.kind, length=len(said.body) + 50),
    "empty page": lambda said: Said(_emptied(said.body), 200, said.kind),
    "slow": lambda said: Said(said.body, 200, said.kind, wait_s=1.0),
    "dripping": lambda said: Said(said.body, 200, said.kind, drip_s=0.05),
    "redirect inward": lambda _: Said(b"", 302, headers={"location": "http://169.254.169.254/latest/meta-data"}),
    "gzip bomb": lambda said: Said(gzip.compress(b" " * (8 << 20)), 200, said.kind, {"content-encoding": "gzip"}),
    "gone": lambda _: Said(b"<html>not found</html>", 404, PAGE),
    "down": lambda _: Said(b"upstream", 503, "text/plain"),
}  # fmt: skip
STATES = {
    "429 with Retry-After": "refused", "429 without": "refused", "budget spent": "budget spent", "challenge with 500": "blocked",
    "challenge with 200": "blocked", "challenge with 403": "blocked", "a proxy that says 200 to everything": "blocked",
    "key rejected": "blocked", "truncated": "unreachable", "cut by the network": "unreachable", "empty page": "unreachable",
    "slow": "unreachable", "dripping": "unreachable", "redirect inward": "blocked", "gzip bomb": "blocked", "gone": "blocked",
    "down": "unreachable",
}  # fmt: skip
"""Fault → the state that every client must name."""


def _emptied(body: bytes) -> bytes:
    """Take the works out of an answer and leave its total: a page that should not be empty."""
    if body.startswith(b"<"):
        return re.sub(rb"<entry>.*</entry>", b"", body, flags=re.DOTALL)
    data = json.loads(body)
    for path in (("message", "items"), ("data",), ("results",), ("resultList", "result")):
        inner = data
        for step in path[:-1]:
            inner = inner.get(step, {}) if isinstance(inner, dict) else {}
        if isinstance(inner, dict) and path[-1] in inner:
            inner[path[-1]] = []
    return json.dumps(data).encode()


# --- the dialects


def _json(value: Any, **headers: str) -> Said:
    return Said(json.dumps(value).encode(), headers={k.replace("_", "-"): v for k, v in headers.items()})


def _names(work: Work) -> list[tuple[str, str]]:
    """Split names into (given, family)."""
    pairs = []
    for name in work.authors:
        family, comma, given = name.partition(", ")
        pairs.append((given, family) if comma else (" ".join(name.split()[:-1]), name.split()[-1]))
    return pairs


def _crossref(shelf: Shelf, seen: Seen) -> Said:
    if "offset" in seen.query:
        found = shelf.search(seen.query["query.bibliographic"], len(shelf.works))
        works, total = _part(found, int(seen.query["offset"]), int(seen.query["rows"])), len(found)
    else:
        works = (
            shelf.known(seen.query["filter"].split(","))
            if "filter" in seen.query
            else shelf.search(seen.query["query.bibliographic"])
        )
        total = len(works)
    message = {"total-results": total, "items": [_crossref_item(work) for work in works]}
    limits = {"x_rate_limit_limit": "50", "x_rate_limit_interval": "1s", "x_concurrency_limit": "5"}
    return _json({"status": "ok", "message-type": "work-list", "message": message}, **limits)


def _part(works: Sequence[Work], start: int, size: int) -> list[Work]:
    return list(works[start : start + size])


def _crossref_item(work: Work) -> dict[str, Any]:
    return {
        "DOI": work.identifiers.get("doi", ""), "title": [work.title.replace("&", "&amp;")], "type": work.kind or "journal-article",
        "author": [{"given": given, "family": family} for given, family in _names(work)],
        "issued": {"date-parts": [[work.year] if work.year else [None]]}, "container-title": [work.venue] if work.venue else [],
        "abstract": f"<jats:p>{escape(work.abstract)}</jats:p>" if work.abstract else "",
        "updated-by": [
            {"type": {"concern": "expression_of_concern"}.get(n.relation, n.relation), "label": n.reason, "DOI": n.identifier,
             "updated": {"date-parts": [[int(part) for part in n.date.split("-")]]}}
            for n in work.notices
        ],
    }  # fmt: skip


def _datacite(shelf: Shelf, seen: Seen) -> Said:
    query = seen.query["query"]
    if query.startswith("doi:"):
        works = shelf.known(f"doi:{d}" for d in re.findall(r'"([^"]+)"', query))
    else:
        works = shelf.topic(query) if '"' in query else shelf.search(query[13:])
    total, size = len(works), int(seen.query["page[size]"])
    works = _part(works, (int(seen.query.get("page[number]", 1)) - 1) * size, size)
    return _json({"data": [{"type": "dois", "attributes": _datacite_item(w)} for w in works], "meta": {"total": total}})


def _datacite_item(work: Work) -> dict[str, Any]:
    related = work.published_as.get("doi")
    return {
        "doi": work.identifiers["doi"].upper(), "titles": [{"title": work.title}], "publicationYear": work.year, "publisher": work.venue or "arXiv",
        "creators": [{"name": f"{family}, {given}", "givenName": given, "familyName": family} for given, family in _names(work)],
        "types": {"resourceTypeGeneral": "Preprint"}, "descriptions": [{"description": work.abstract, "descriptionType": "Abstract"}],
        "relatedIdentifiers": [{"relationType": "IsVersionOf", "relatedIdentifier": related}] if related else [],
    }  # fmt: skip


def _arxiv(shelf: Shelf, seen: Seen) -> Said:
    if not {"id_list", "search_query"} & set(seen.query):
        return Said(b"no text here", 404, kind="text/plain")
    if "id_list" in seen.query:
        works = shelf.known(f"arxiv:{i}" for i in seen.query["id_list"].split(","))
    elif "start" in seen.query:
        works = shelf.topic(seen.query["search_query"])
    else:
        words = re.findall(r"ti:(\w+)", seen.query["search_query"])
        works = [w for w in shelf.search(" ".join(words), 50) if set(words) <= set(title_words(w.title))][:5]
    shown = _part(works, int(seen.query.get("start", 0)), int(seen.query.get("max_results", 10)))
    entries = "".join(_arxiv_entry(work) for work in shown)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        f'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><opensearch:totalResults>{len(works)}</opensearch:totalResults>'
    )
    return Said(f"{head}{entries}</feed>".encode(), kind="application/atom+xml; charset=utf-8")


def _arxiv_entry(work: Work) -> str:
    names = "".join(
        f"<author><name>{escape(f'{given} {family}'.strip())}</name></author>" for given, family in _names(work)
    )
    comment = "".join(f"<arxiv:comment>{escape(n.reason)}</arxiv:comment>" for n in work.notices)
    doi = f"<arxiv:doi>{work.published_as['doi']}</arxiv:doi>" if "doi" in work.published_as else ""
    ref = (
        f"<arxiv:journal_ref>{escape(work.published_as['venue'])}</arxiv:journal_ref>"
        if "venue" in work.published_as
        else ""
    )
    return (
        f"<entry><id>http://arxiv.org/abs/{work.identifiers['arxiv']}v2</id><updated>2024-05-01T00:00:00Z</updated>"
        f"<published>{work.year}-01-02T00:00:00Z</published><title>{escape(work.title)}</title>{names}{comment}{doi}{ref}"
        f"<summary>{escape(work.abstract)}</summary></entry>"
    )


def _openalex(shelf: Shelf, seen: Seen) -> Said:
    kind, _, rest = seen.query["filter"].partition(":")
    if kind == "doi":
        works = shelf.known(f"doi:{doi}" for doi in rest.split("|"))
    elif "cursor" in seen.query:
        works = shelf.topic(rest)
    else:
        works = shelf.search(rest)
    meta: dict[str, Any] = {"count": len(works), "page": 1}
    if "cursor" in seen.query:
        start, size = int(seen.query["cursor"].replace("*", "0")), int(seen.query["per-page"])
        meta |= {"page": None, "next_cursor": str(start + size) if start < len(works) else None}
        works = _part(works, start, size)
    results = [
        {
            "id": f"https://openalex.org/W{_own(w)}", "doi": f"https://doi.org/{w.identifiers['doi']}" if "doi" in w.identifiers else None,
            "title": w.title, "publication_year": w.year, "is_retracted": any(n.relation == "retraction" for n in w.notices), "type": "article",
            "authorships": [{"author": {"display_name": f"{given} {family}".strip()}} for given, family in _names(w)],
            "primary_location": {"source": {"display_name": w.venue}} if w.venue else None,
            "locations": [{"landing_page_url": f"http://arxiv.org/abs/{w.identifiers['arxiv']}"}] if "arxiv" in w.identifiers else [],
            "abstract_inverted_index": _inverted(w.abstract) or None,
        }
        for w in works
    ]  # fmt: skip
    left = {"x_ratelimit_remaining_usd": "0.9", "x_ratelimit_limit": "1000", "x_ratelimit_reset": "4000"}
    return _json({"meta": meta, "results": results}, **left)


def _inverted(abstract: str) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(abstract.split()):
        places.setdefault(word, []).append(place)
    return places


def _semantic_scholar(shelf: Shelf, seen: Seen) -> Said:
    if not seen.path.endswith("/batch"):
        start = int(seen.query.get("offset", 0))
        found = shelf.search(seen.query["query"], len(shelf.works) if "offset" in seen.query else 5)
        works = _part(found, start, int(seen.query["limit"]))
        data = {"data": [_s2_item(w) for w in works]} if works else {}
        return _json({"total": len(found), "offset": start, **data})
    wanted = [
        re.sub(r"^pmcid:", "pmcid:PMC", f"{k.lower()}:{v}")
        for k, _, v in (i.partition(":") for i in json.loads(seen.body)["ids"])
    ]
    items = [_s2_item(shelf.of_identifier[i]) if i in shelf.of_identifier else None for i in wanted]
    if not any(items):
        return Said(b'{"error": "No valid paper ids given"}', 400)
    return _json(items)


def _own(work: Work) -> int:
    """Return the number that an index gives a work."""
    return zlib.crc32(work.title.encode())


def _s2_item(work: Work) -> dict[str, Any]:
    names = {"doi": "DOI", "arxiv": "ArXiv", "acl": "ACL", "pmid": "PubMed"}
    return {
        "paperId": f"p{_own(work)}", "externalIds": {names[k]: v for k, v in work.identifiers.items() if k in names}, "title": work.title,
        "authors": [{"authorId": "1", "name": f"{given} {family}".strip()} for given, family in _names(work)], "year": work.year, "venue": work.venue,
        "abstract": work.abstract or None,
    }  # fmt: skip


def _europepmc(shelf: Shelf, seen: Seen) -> Said:
    if "query" not in seen.query:
        return Said(b"<error/>", 404, kind="application/xml")
    query = seen.query["query"]
    asked = re.findall(r'(DOI|EXT_ID|PMCID):"([^"]+)"', query)
    kinds = {"DOI": "doi", "EXT_ID": "pmid", "PMCID": "pmcid"}
    cursor, size = seen.query.get("cursorMark", "*"), int(seen.query["pageSize"])
    if "cursorMark" in seen.query:
        works = shelf.topic(query)
    elif asked:
        works = shelf.known(f"{kinds[k]}:{v}" for k, v in asked)
    else:
        works = shelf.search(query[6:])
    total, start = len(works), int(cursor.replace("*", "0"))
    works = _part(works, start, size) if "cursorMark" in seen.query else works
    results = [
        {
            "id": str(i), "source": "MED", "doi": w.identifiers.get("doi"), "pmid": w.identifiers.get("pmid"), "pmcid": w.identifiers.get("pmcid"),
            "title": f"{w.title}.", "pubYear": str(w.year or ""), "journalInfo": {"journal": {"title": w.venue}},
            "authorList": {"author": [{"firstName": given, "lastName": family} for given, family in _names(w)]},
            "abstractText": w.abstract,
            "commentCorrectionList": {"commentCorrection": [{"type": f"{n.relation.capitalize()} in", "reference": n.reason} for n in w.notices]},
        }
        for i, w in enumerate(works)
    ]  # fmt: skip
    # its cursor never ends: the last page names itself as the next one
    following = str(start + size) if start + size < total else cursor
    return _json({"hitCount": total, "nextCursorMark": following, "resultList": {"result": results}})


def _retraction_watch(shelf: Shelf, seen: Seen) -> Said:
    lines = [
        "Record ID,Title,Journal,Author,RetractionDate,RetractionDOI,OriginalPaperDate,OriginalPaperDOI,OriginalPaperPubMedID,RetractionNature,Reason"
    ]
    natures = {"concern": "Expression of concern", "retraction": "Retraction", "correction": "Correction"}
    for i, work in enumerate(shelf.works):
        for n in work.notices:
            y, m, d = n.date.split("-")
            lines.append(
                f'{i},"{work.title}",{work.venue},"{";".join(work.authors)}",{int(m)}/{int(d)}/{y} 0:00,{n.identifier},'
                f"1/1/{work.year} 0:00,{work.identifiers['doi']},0,{natures[n.relation]},+{n.reason};"
            )
    return Said(("\ufeff" + "\r\n".join(lines) + "\r\n").encode(), kind="text/csv")


SPOKEN: dict[str, Callable[[Shelf, Seen], Said]] = {
    "crossref": _crossref, "datacite": _datacite, "arxiv": _arxiv, "openalex": _openalex, "semantic_scholar": _semantic_scholar,
    "europepmc": _europepmc, "retraction_watch": _retraction_watch,
}  # fmt: skip


# --- an invented world

_TOPICS = (
    "glacial lakes",
    "bread starters",
    "moth migration",
    "lichen growth",
    "tide tables",
    "clay kilns",
    "harbour fog",
    "violin varnish",
)
_METHODS = ("Measuring", "Forecasting", "A census of", "On the origin of", "Listening to", "Rethinking")
_PLACES = ("northern valleys", "small islands", "dry seasons", "old archives", "crowded harbours")
_PEOPLE = (
    "Ada Quill",
    "Bo Harrow",
    "Cleo van Marsh",
    "Dov Linden",
    "Eva Sørli",
    "Farid Okafor",
    "Gwen de Roos",
    "Hugo Pell",
)


def invented(n: int = 60) -> list[Work]:
    """Return works that nobody wrote: every third also a preprint of arXiv."""
    works = []
    for i in range(n):
        title = f"{_METHODS[i % 6]} {_TOPICS[i % 8]} in {_PLACES[i % 5]}: part {i} of a survey"
        identifiers = {"doi": f"10.1145/{1000 + i}.{i}"} | ({"arxiv": f"2101.{i:05d}"} if i % 3 == 0 else {})
        authors = tuple(_PEOPLE[(i + k) % 8] for k in range(1 + i % 3))
        works.append(
            Work("invented", identifiers, title, authors, 2000 + i % 20, f"Journal of {_TOPICS[i % 8].title()}")
        )
    return works


def retracted(work: Work) -> Work:
    """Return a work with a retraction."""
    from dataclasses import replace

    return replace(work, notices=(Notice("retraction", "2022-03-04", "Data integrity", "10.1145/9999.1"),))


def everywhere(works: Sequence[Work]) -> dict[str, list[Work]]:
    """Divide works among the indexes as the real ones do: preprints at arXiv and DataCite, the rest in all others."""
    from dataclasses import replace

    preprints = [w for w in works if "arxiv" in w.identifiers]
    of_datacite = [replace(w, identifiers={"doi": f"10.48550/arxiv.{w.identifiers['arxiv']}"}) for w in preprints]
    crossref = [w for w in works if "doi" in w.identifiers]
    noted = [w for w in works if w.notices and "doi" in w.identifiers]
    return {
        "crossref": crossref, "datacite": of_datacite, "arxiv": preprints, "openalex": list(works), "semantic_scholar": list(works),
        "europepmc": crossref, "retraction_watch": noted,
    }  # fmt: skip
