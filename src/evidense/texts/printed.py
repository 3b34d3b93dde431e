"""Printed references: what a line of a bibliography says, taken apart: authors, year, title, identifiers.

What is not sure stays empty: a wrong guess would accuse its author.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from evidense.texts.identifiers import identifiers_of, normal_arxiv, normal_doi
from evidense.texts.people import people
from evidense.texts.venues import is_known_venue
from evidense.values import Reference, Span

LONGEST = 3_000
"""Characters of a reference that are taken apart; what is longer is no reference."""
_YEAR = r"(?:1[5-9]\d\d|20\d\d)"
_YEAR_FIRST = re.compile(
    rf"^(?P<authors>\S.{{0,1500}}?[^\s,(])[.,]?\s+(?:\((?P<bracketed>{_YEAR})[a-z]?(?:,\s[^)]{{3,20}})?\)[.:]?|(?P<plain>{_YEAR})[a-z]?\.)\s+(?=[^\s,;])"
)
_QUOTED = re.compile(
    r"(?:“(?P<curly>[^“”]{4,400}?)|[“\"„«](?P<straight>[^“”\"„«»]{4,400}?))(?P<mark>[,.]?)(?:(?(curly)”|[”\"»“]))"
)
_GOES_ON = re.compile(r"\s+(?!(?:in|pp?|vol|doi|presented|to|ed|available|accessed)\b)[a-z]{2}")
_NUMBER = re.compile(r"^\s*(?:\[(?P<label>[^\]\s]{1,24})\]|(?P<number>\d{1,4})[.)])\s+")
_URL = re.compile(
    r"https?:\s?/\s?/[^\s<>\"“”]+(?:\s(?=[^\s<>\"“”]*[/.=_-][^\s<>\"“”]*)(?<=[/.=_-]\s)[^\s<>\"“”]+)*", re.IGNORECASE
)
_TITLE_END = re.compile(
    r"(?:(?<!\b[A-Z])|(?<=with [A-Z])|(?<=in [A-Z])|(?<=for [A-Z])|(?<=from [A-Z])|(?<=of [A-Z])|(?<=using [A-Z])|(?<=ing [A-Z]))"
    r"(?<!\bvs)(?<!\bSt)(?<!\bDr)(?<!\bal)(?<!\bNo)(?<!\bVol)(?<!\bed)(?<!\b[0-9](?:st|nd|rd|th))"
    r"(?:[.](?=\s+(?:(?![a-z])|arXiv|bioRxiv|medRxiv|doi)|$)|[?!](?=\s+[A-Z“\"(]|$))"
    r"|[.](?=\s+(?:R package|Retrieved|URL|https?:))"
)
"""A full stop that is none of an initial or abbreviation ("with R." ends), or a question or exclamation mark."""
_PART = re.compile(r"\s*(?:[IVX]{1,5}|Part [IVX\d]+)[.](?=\s|$)")
_EDITION = re.compile(
    r",\s*\d+(?:st|nd|rd|th)\.?\s+ed\b.*$|,\s*Vol\.?\s*\d+$|\s*\((?:\d+\w*\.?|[Ff]irst|[Ss]econd|[Tt]hird|[Rr]ev(?:ised|\.)?)\s*(?:ed(?:ition|n)?\.?)\)"
)
_CUT_DOI = re.compile(r"(\b10\.\d{4,9}/(?:\S*[./_-])?)\s+(?=\d)(?!(?:19|20)\d\d[.,;)]?(?:\s|$))")
"""A DOI that a line break divides behind a mark; a year behind it is none of it."""
_LOOSE_ACCENT = re.compile(r"[¨´˜ˇ¯˘˙˚˝]")
_ACCENTS = dict(zip("¨´˜ˇ¯˘˙˚˝", "\u0308\u0301\u0303\u030c\u0304\u0306\u0307\u030a\u030b", strict=True))
_NOT_TITLES = re.compile(
    r"^(?:(?-i:[Ii]n(?:[:.]|\s+(?:[A-Z0-9“]|(?:the\s+)?[Pp]roc|press\b|preparation\b|print\b|review\b))|[Ee]ds?\b(?=[.,)])|[Ee]ditors?\b)|vol\b|pp?\b|https?:|doi\b|arxiv\b|e-?print\b|ph\.?\s?d|m\.?\s?s\.?c?\b|master[’']?s?\b|see\b|private|personal"
    r"|url\b|and\b|proc\b|[a-z-]+/\d)",
    re.IGNORECASE,
)
_PROCEEDINGS = re.compile(
    r"(?P<title>(?:[^,()]{8,200}, )?Proceedings of [^()]{8,200}?)(?=\s*[,(]?\s*\(|,\s[^,()]*[^\W\d_]\.? \d+,)"
)
"""A volume of proceedings with its place, up to the publisher in brackets or a journal with its volume."""
_SURNAME_FIRST = re.compile(r"[^\W\d_][\w’'`-]+(?: [\w’'`-]+){0,2}, (?:[A-Z]\.|[A-Z][\w’'-]+)")
_INITIALS_LAST = re.compile(
    r"(?:(?:van|von|der|den|de|del|di|da|du|la|le|ten|ter|el|al) )*[^\W\d_a-z][\w'’-]+(?: [^\W\d_][\w'’-]+){0,3} [A-Z]{1,3}(?:,|\. )"
)
_STOP_BEHIND_WORD = re.compile(r"(?<=[^\W\d_]{2})(?<!\b[JS]r)(?<!\bSt)\.\s+(?!and\b|&)(?=\w)")
_SURNAME_FIRST_AND_WORD = re.compile(r", (?:[A-Z]\.[ -]?)+(?<=\s)(?![JS]r\b|[IVX]+\b)[^\W\d_a-z][\w-]+$")
_JOURNAL = re.compile(
    rf",\s(?=[^\W\d_a-z])[^,(]{{2,90}}(?:, (?:Ser|Sect|Part)\b[^,(]{{1,30}})?\s\w?\d+\w?"
    rf"(?:,\s\w{{0,3}}\d[^,(]{{0,20}}\((?:[^()]{{0,20}}\s)?{_YEAR}\)|\s\({_YEAR}\)\s\w{{0,3}}\d)"
)
"""A journal with its volume, behind a title: ", Phys. Rev. 88, 445 (1983)", ", NeuroImage 17 (2002) 967"."""
_SOFTWARE = re.compile(r"\bR package\b|\bsoftware\b|\[computer program\]", re.IGNORECASE)
_PAGE = re.compile(r"\b(?:retrieved|accessed|last visited|available (?:at|from))\b", re.IGNORECASE)


def printed(text: str, key: str, span: Span | None = None) -> Reference:
    """Return a printed reference as a Reference; `key` names it where it has no label of its own.

    >>> one = printed("[2] P. Abril and R. Plant. 2007. The patent holder’s dilemma: Buy or troll? Commun. ACM 50, 1. doi:10.1145/1188913.1188915", "")
    >>> one.key, one.authors, one.year, one.title, one.identifiers["doi"]
    ('2', ('P. Abril', 'R. Plant'), 2007, 'The patent holder’s dilemma: Buy or troll?', '10.1145/1188913.1188915')
    """
    label = _NUMBER.match(text)
    body = (text[label.end() :] if label else text).strip()[:LONGEST]
    found = _identifiers(body)
    plain = " ".join(_with_accents(_URL.sub(" ", body).replace("<>", " ")).split())
    authors, year, title, rest = _divided(plain)
    names, has_more = people(authors)
    return Reference(
        ((label["label"] or label["number"]) if label else "") or key, _kind(plain, found, title), title, names, has_more,
        year or _last_year(plain), _venue(rest), found, {}, text, None, span,
    )  # fmt: skip


def is_numbered(text: str) -> bool:
    """Say whether a printed reference begins with a label.

    >>> is_numbered("[2] P. Abril. 2007."), is_numbered("12. Abril P."), is_numbered("Abril P (2007).")
    (True, True, False)
    """
    return _NUMBER.match(text) is not None


def _with_accents(text: str) -> str:
    """Put accents that stand before their letter on it, as TeX's old fonts print them; loose ones are dropped."""
    if not _LOOSE_ACCENT.search(text):
        return text
    adjacent = re.sub(r"([¨´˜ˇ¯˘˙˚˝])([^\W\d_])", lambda match: match[2] + _ACCENTS[match[1]], text)
    return unicodedata.normalize("NFC", re.sub(r"[¨´˜ˇ¯˘˙˚˝] ?", "", adjacent))


def _divided(text: str) -> tuple[str, int | None, str, str]:
    """Return (authors, year, title, what follows the title)."""
    first = _YEAR_FIRST.match(text)
    quoted = _QUOTED.search(text)
    if first and (quoted is None or first.end() <= quoted.start() + 1) and people(first["authors"])[0]:
        year, body = int(first["bracketed"] or first["plain"]), text[first.end() :]
        opening = _QUOTED.match(body)
        if opening and not _is_phrase(opening):
            return first["authors"], year, _quoted_title(opening), body[opening.end() :]
        title, rest = _until_title_end(body)
        return first["authors"], year, title, rest
    return _by_quotes(text, quoted) if quoted else _without_marks(text)


def _by_quotes(text: str, quoted: re.Match[str]) -> tuple[str, int | None, str, str]:
    """Take the quoted words as the title, unless they are a phrase of one, or a note at the end: "… (1948): Chap. 5. “The Locust Years”."."""
    before = text[: quoted.start()]
    if _is_phrase(quoted):
        divided = _without_marks(text)
        if divided[2]:
            return divided
    if not text[quoted.end() :].strip(" .") and re.search(_YEAR, before):
        divided = _without_marks(before)
        if divided[2]:
            return divided
    return before, None, _quoted_title(quoted), text[quoted.end() :]


def _quoted_title(quoted: re.Match[str]) -> str:
    return quoted["curly"] or quoted["straight"]


def _is_phrase(quoted: re.Match[str]) -> bool:
    """Say whether quotation marks hold a few words of a title that goes on, not a title."""
    is_short = not quoted["mark"] and len(_quoted_title(quoted).split()) <= 5
    return is_short and _GOES_ON.match(quoted.string, quoted.end()) is not None


def _until_title_end(body: str) -> tuple[str, str]:
    match = _TITLE_END.search(body)
    end = match.end() if match else len(body)
    if match and (part := _PART.match(body, match.end())):
        end = part.end()
    title = _EDITION.sub("", body[:end].strip().rstrip(".")).strip()
    return title, body[end:]


def _without_marks(text: str) -> tuple[str, int | None, str, str]:
    """Divide "Authors. Title. Venue", "Authors: Title. Venue" and "Authors, Title, Venue 5, 1 (1983)"."""
    if colon := re.match(r"^(?P<authors>[^:]{3,600}(?:\.|\w\)?)):\s+(?=[A-Z0-9“\[]|[a-z]+[A-Z])", text):
        names, _ = people(colon["authors"])
        is_list = names and _are_alike(names) and not _holds_title(colon["authors"], names)
        if is_list and re.search(r"\.$|\b[A-Z]\b|\(eds?\.\)$", colon["authors"]):
            title, rest = _until_title_end(text[colon.end() :])
            return colon["authors"], None, title, rest
    is_surname_first = _SURNAME_FIRST.match(text) is not None
    is_initials_last = _INITIALS_LAST.match(text) is not None
    for match in re.finditer(r"\.\s+(?=[^\W\d_a-z]|[“\"\[(\d]|[a-z]+[A-Z])", text):
        before = text[: match.start()]
        ends_in_initial = re.search(r"(?:^|[\s.-])[A-Z]$", before) is not None
        may_end = is_surname_first and not re.match(r"(?:and|&|[A-Z]\.)", text[match.end() :])
        if ends_in_initial and not may_end and not (is_initials_last and re.search(r"[^\W\d_]{2} [A-Z]$", before)):
            continue
        title, rest = _until_title_end(text[match.end() :])
        if not people(before + ".")[0]:
            break
        if ends_in_initial and not may_end and people(title)[0]:  # "Donald E. Knuth and John B. Smith. …"
            continue
        if len(title.split()) >= 2 and not _NOT_TITLES.match(title):
            return before + ".", None, title, rest
        if not ends_in_initial:
            break
    return _by_commas(text)


def _holds_title(authors: str, names: Sequence[str]) -> bool:
    """Say whether the names end before a colon, which is then one of the title: "K. Lee and K. Toutanova. BERT", "Devlin, J. BERT".

    >>> _holds_title("K. Lee. BERT", ("K. Lee. BERT",)), _holds_title("K. Lee, Chr. Bell", ("K. Lee", "Chr. Bell"))
    (True, False)
    """
    if _SURNAME_FIRST_AND_WORD.search(names[-1]):
        return True
    found = (people(authors[: stop.start()])[0] for stop in _STOP_BEHIND_WORD.finditer(authors))
    return any(before and len(before[-1].split()) > 1 for before in found)


def _are_alike(names: Sequence[str]) -> bool:
    """Say whether all names have initials or none has, and no more than one word stands behind initials."""
    has_initials = {re.search(r"\b[A-Z]\b", name) is not None for name in names}
    has_title = any(re.search(r", (?:[A-Z]\. ?)+[^\W\d_]{2,} [^\W\d_]{2,}", name) for name in names)
    return len(has_initials) == 1 and not has_title


def _by_commas(text: str) -> tuple[str, int | None, str, str]:
    """Divide "A. Author and B. Author, Title, Journal 88, 445 (1983)" and "A. Author, Title (Publisher, 1982)"; titles may be missing."""
    text = re.sub(r"(?<=[^\W\d_A-Z])and (?=[A-Z]\.|[A-Z][a-z]+ )", " and ", text)
    pieces = list(re.finditer(r"[^,]+(?:,|$)", text))
    n_names = 0
    while n_names < len(pieces) and people(re.sub(r"^\s*and\s", "", pieces[n_names][0]).strip(" ,"), is_strict=True)[0]:
        n_names += 1
    if not 0 < n_names < len(pieces):
        return "", None, "", ""
    authors, begin = text[: pieces[n_names - 1].end()].rstrip(" ,"), pieces[n_names].start()
    rest = text[begin:].strip()
    if editors := re.match(r"eds?\.,\s+(?=\S)", rest):
        rest = rest[editors.end() :]
    if editors and not _PROCEEDINGS.match(rest):
        title = re.split(r",\s", rest, maxsplit=1)[0].strip(" ,")
        return authors, None, title, rest[len(title) :]
    if proceedings := _PROCEEDINGS.match(rest):
        return authors, None, proceedings["title"], rest[proceedings.end() :]
    if _NOT_TITLES.match(rest):
        return authors, None, "", rest
    book = re.match(r"(?P<title>[^()]{4,300}?)\s*\((?:[^()]*,\s*)?(?:" + _YEAR + r")\)", rest)
    title = re.split(r",\s", rest, maxsplit=1)[0].strip(" ,")
    if journal := _JOURNAL.search(rest, len(title)):
        title = rest[: journal.start()]
    if book and "," not in book["title"]:
        title = book["title"]
    title = re.sub(r"\s*\(" + _YEAR + r"\)$", "", title)
    if re.search(r"\s\d+$|[^\s.]\.$", title) or re.search(r"\b[A-Z][a-z]*\.\s", title) or len(title.split()) < 2:
        return authors, None, "", rest  # a journal with its volume, or abbreviated
    return authors, None, title, rest[len(title) :]


def _identifiers(body: str) -> Mapping[str, str]:
    urls = [re.sub(r"\s", "", match[0]).rstrip(".,;)>") for match in _URL.finditer(body)]
    fields = {"url": next((url for url in urls if "doi.org" not in url), "")}
    joined = _CUT_DOI.sub(r"\1", re.sub(r"(\b10\.)\s+(?=\d{4,9}/)", r"\1", body))
    if doi := normal_doi(joined):
        fields["doi"] = doi
    if re.search(r"arxiv|corr\b|e-?print", body, re.IGNORECASE) or re.search(r"\b[a-z-]+/\d{7}\b", body):
        arxiv, version = normal_arxiv(body)
        fields["arxiv"] = arxiv + version
    for name, pattern in (
        ("pmid", r"PMID:?\s*(\d{4,9})"),
        ("pmcid", r"(PMC\d{4,9})"),
        ("isbn", r"ISBN:?\s*([\dXx-]{10,17})"),
    ):
        if match := re.search(pattern, body):
            fields[name] = match[1]
    return identifiers_of(fields)


def _last_year(text: str) -> int | None:
    bracketed = re.findall(rf"\((?:[^()]*\s)?({_YEAR})\)", text)
    plain = re.findall(rf"(?<![\d./:–-])({_YEAR})(?![\d/–-])", text)
    years = bracketed or plain
    return int(years[-1]) if years else None


def _venue(rest: str) -> str:
    """Return the venue where it is one that is known; "" otherwise."""
    match = re.match(r"[\s.,”\"]*(?:In:?\s+)?(?P<venue>[^\d(,.]{3,160}?)\s*(?:[\d(,.]|$)", rest)
    venue = match["venue"].strip() if match else ""
    return venue if venue and is_known_venue(venue) else ""


def _kind(text: str, identifiers: Mapping[str, str], title: str) -> str:
    if any(name in identifiers for name in ("doi", "arxiv", "acl", "pmid", "pmcid")):
        return "misc"
    if _SOFTWARE.search(text):
        return "software"
    return "webpage" if "url" in identifiers and (_PAGE.search(text) or not title) else "misc"
