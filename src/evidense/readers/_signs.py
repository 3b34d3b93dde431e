"""Signs: which format a file has, by its content before its name."""

import re
from pathlib import Path

from evidense.boundary.encodings import encoding_of, is_utf16
from evidense.boundary.files import BOM, plain_name

_BY_SUFFIX = {
    ".pdf": "pdf", ".bib": "bibtex", ".bibtex": "bibtex", ".ris": "ris", ".tex": "latex", ".bbl": "latex", ".ltx": "latex", ".md": "markdown",
    ".markdown": "markdown", ".json": "csl_json", ".nxml": "jats", ".tei": "tei", ".htm": "html", ".html": "html", ".xhtml": "html", ".cff": "cff",
}  # fmt: skip
_JATS = re.compile(r"<!doctype\s+(?:\w+:)?article\b|<(?:\w+:)?(?:article|pmc-articleset)[\s>]", re.IGNORECASE)
_TEI = re.compile(r"<(?:tei:)?TEI(?:\.2)?[\s>]")
_HTML = re.compile(r"<!doctype\s+html|<(?:html|head|body)[\s>]", re.IGNORECASE)
_RIS = re.compile(r"^TY {1,2}- ?\w+", re.MULTILINE)
_BIBTEX = re.compile(r"^[ \t]*@[ \t]*[A-Za-z]+[ \t\n\r]*[{(]", re.MULTILINE)
_LATEX = re.compile(r"\\(?:documentclass|begin\{(?:document|thebibliography)\}|bibitem|(?:sub)*section\*?\{)")
_MARKDOWN = re.compile(r"^#{1,6} \S|\[[^\]\n]+\]\(https?://|^```", re.MULTILINE)
_PUBLIC = re.compile(r"\"(?:contract_version|claim_summary|per_claim_public_records)\"\s*:")
"""Keys of public records of a synthesis; no item of CSL has them."""
_CFF = re.compile(r"^cff-version[ \t]*:", re.MULTILINE)
_JSON = re.compile(r"\s*[\[{]\s*[\"{\]}]")


def format_of(path: Path, head: bytes) -> str:
    """Return the name of the reader that a file is for; "" where it is none that is known.

    PDF, XML, HTML and RIS show themselves at once. Then the name decides, and where it says nothing, what stands in the first lines.

    >>> format_of(Path("a.txt"), b"@misc{k, title={T}}"), format_of(Path("a.md"), b"@misc{k}"), format_of(Path("a"), b"Title")
    ('bibtex', 'markdown', 'plain')
    """
    suffix = plain_name(path).suffix.lower()
    if b"%PDF-" in head[:1024] or suffix == ".pdf":
        return "pdf"
    text = _text(head)
    if text is None:
        return ""
    by_name = "" if suffix in (".txt", ".text") else _BY_SUFFIX.get(suffix, "")
    return _by_markup(text, suffix) or by_name or _by_lines(text)


def is_named(path: Path, *suffixes: str) -> bool:
    """Say whether a file's name ends so, a packed format left aside."""
    return plain_name(path).suffix.lower() in suffixes


def _text(head: bytes) -> str | None:
    if is_utf16(head[:4]):
        return head.decode(encoding_of(head[:4], b""), "ignore")
    if b"\0" in head:
        return None
    return head.removeprefix(BOM).decode("utf-8", "replace")


def _by_markup(text: str, suffix: str) -> str:
    if text.lstrip().startswith("<"):
        if _TEI.search(text):
            return "tei"
        if _HTML.search(text) and not _JATS.search(text):
            return "html"
        if _JATS.search(text) or suffix == ".nxml":
            return "jats"
        if suffix not in _BY_SUFFIX and re.search(r"<(?:p|div|h[1-6]|ul|table)[\s>]", text, re.IGNORECASE):
            return "html"
    if text.lstrip().startswith("{") and _PUBLIC.search(text):
        return "public_records"
    return "ris" if _RIS.match(text.lstrip()) else ""


def _by_lines(text: str) -> str:
    if _JSON.match(text):
        return "csl_json"
    for name, sign in (("cff", _CFF), ("latex", _LATEX), ("bibtex", _BIBTEX), ("markdown", _MARKDOWN)):
        if sign.search(text):
            return name
    return "plain"
