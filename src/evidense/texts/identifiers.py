"""Identifiers: DOIs, arXiv ids and others, found in whatever people write and brought into one form."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"|\\^{}]+", re.IGNORECASE)
_ARXIV_NEW = re.compile(r"(?<![\d.])(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(v\d+)?(?![\d])", re.IGNORECASE)
_ARXIV_OLD = re.compile(
    r"(?<![\w])((?:astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nlin|nucl-ex|nucl-th|physics|quant-ph|math|cs|q-bio|q-fin|stat|cmp-lg|alg-geom)"
    r"(?:\.[A-Z]{2})?/\d{7})(v\d+)?",
    re.IGNORECASE,
)
_ACL = re.compile(r"(?<![\w.])([A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+)(?![\w])", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s{}\\<>\"]+")
_PMCID = re.compile(r"\bPMC\s?(\d{4,9})\b", re.IGNORECASE)


def normal_doi(text: str) -> str:
    """Return the DOI in a text in lower case, without resolver, percent signs and what a sentence puts behind it; "" where there is none.

    >>> normal_doi("https://doi.org/10.1016/S0140-6736(05)67889-7).")
    '10.1016/s0140-6736(05)67889-7'
    >>> normal_doi("doi: 10.1002/1521-3773(20010316)40:6<9823::AID-ANIE9823>3.0.CO;2-C")
    '10.1002/1521-3773(20010316)40:6<9823::aid-anie9823>3.0.co;2-c'
    """
    joined = re.sub(
        r"(10\.\d{4,9}/)\s+", r"\1", unquote(text.replace("\\_", "_").replace("\\%", "%").replace("\\&", "&"))
    )
    match = _DOI.search(joined.replace("{", "").replace("}", ""))
    if match is None:
        return ""
    doi = match[0].lower()
    while doi and (doi[-1] in ".,;:'\"*" or (doi[-1] in ")]>" and doi.count(_OPENING[doi[-1]]) < doi.count(doi[-1]))):
        doi = doi[:-1]
    return doi


_OPENING = {")": "(", "]": "[", ">": "<"}


def normal_arxiv(text: str) -> tuple[str, str]:
    """Return (id, version) of the arXiv id in a text; ("", "") where there is none.

    >>> normal_arxiv("arXiv:2505.07166v1 [cs.IR]"), normal_arxiv("hep-th/9901001")
    (('2505.07166', 'v1'), ('hep-th/9901001', ''))
    """
    match = _ARXIV_NEW.search(text) or _ARXIV_OLD.search(text)
    if match is None:
        return "", ""
    return re.sub(r"\.[A-Z]{2}/", "/", match[1]).lower(), (match[2] or "").lower()


def arxiv_of_doi(doi: str) -> str:
    """Return the arXiv id of a DOI that arXiv gave out; "" for every other.

    >>> arxiv_of_doi("10.48550/arxiv.2505.07166"), arxiv_of_doi("10.1000/182")
    ('2505.07166', '')
    """
    prefix = "10.48550/arxiv."
    return normal_arxiv(doi.removeprefix(prefix))[0] if doi.startswith(prefix) else ""


def identifiers_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return every identifier that the fields of an entry name, by kind: `doi`, `arxiv`, `arxiv_version`, `acl`, `pmid`, `pmcid`, `isbn`, `url`.

    >>> identifiers_of({"doi": "10.48550/arXiv.2505.07166"})
    {'doi': '10.48550/arxiv.2505.07166', 'arxiv': '2505.07166'}
    """
    lower = {key.lower(): value.strip() for key, value in fields.items() if value and value.strip()}
    by_kind: dict[str, str] = {}
    if doi := normal_doi(lower.get("doi", "")) or next(
        (
            normal_doi(lower[key])
            for key in ("url", "ee", "note", "howpublished")
            if "doi" in lower.get(key, "").lower()
        ),
        "",
    ):
        by_kind["doi"] = doi
    if (arxiv := _arxiv_of(lower, by_kind.get("doi", "")))[0]:
        by_kind["arxiv"] = arxiv[0]
        if arxiv[1]:
            by_kind["arxiv_version"] = arxiv[1]
    if acl := _acl_of(lower, by_kind.get("doi", "")):
        by_kind["acl"] = acl
    if pmid := re.search(r"\d{4,9}", lower.get("pmid", "")):
        by_kind["pmid"] = pmid[0]
    if pmcid := _PMCID.search(" ".join(lower.get(key, "") for key in ("pmcid", "pmc", "url", "note"))):
        by_kind["pmcid"] = f"PMC{pmcid[1]}"
    if isbn := re.sub(r"[^\dXx]", "", lower.get("isbn", ""))[:13]:
        by_kind["isbn"] = isbn.upper()
    if url := _url_of(lower):
        by_kind["url"] = url
    return by_kind


def _url_of(fields: Mapping[str, str]) -> str:
    r"""Return the URL of an entry, else the first one in how it was published or in its note.

    >>> _url_of({"howpublished": r"\url{https://github.com/a/b\_c}"})
    'https://github.com/a/b_c'
    """
    if re.match(r"https?://", url := fields.get("url", "")):
        return url
    written = f"{fields.get('howpublished', '')} {fields.get('note', '')}"
    match = _URL.search(re.sub(r"\\([_%&#~])", r"\1", written))
    return match[0].rstrip(".,;:)") if match else ""


def _arxiv_of(fields: Mapping[str, str], doi: str) -> tuple[str, str]:
    if doi.startswith("10.48550/arxiv."):
        return normal_arxiv(doi.removeprefix("10.48550/arxiv."))
    prefix = (fields.get("archiveprefix", "") + fields.get("eprinttype", "")).lower()
    if "eprint" in fields and (not prefix or "arxiv" in prefix):
        return normal_arxiv(fields["eprint"])
    for key in ("arxiv", "arxivid", "url", "ee", "journal", "booktitle", "note", "howpublished", "number", "volume"):
        names_arxiv = key in ("arxiv", "arxivid") or re.search(r"arxiv|corr|^abs/", fields.get(key, ""), re.IGNORECASE)
        if names_arxiv and (known := normal_arxiv(fields.get(key, "")))[0]:
            return known
    return "", ""


def _acl_of(fields: Mapping[str, str], doi: str) -> str:
    if doi.startswith("10.18653/v1/"):
        return (
            doi.removeprefix("10.18653/v1/").upper()
            if re.match(r"10\.18653/v1/[a-z]\d\d-", doi)
            else doi.removeprefix("10.18653/v1/")
        )
    for key in ("acl", "url", "ee"):
        if ("aclanthology" in fields.get(key, "") or "aclweb" in fields.get(key, "") or key == "acl") and (
            match := _ACL.search(fields.get(key, ""))
        ):
            return match[1]
    return ""
