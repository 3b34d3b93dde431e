"""Bodies: an answer's bytes unpacked within a limit, and whether they are what was asked for."""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from evidense.boundary.documents import parsed
from evidense.errors import InvalidInput, MissingExtra
from evidense.fetching.failures import NotAnswered

_TYPES = {
    "json": ("json",),
    "xml": ("xml",),
    "csv": ("csv", "text/plain", "octet-stream"),
    "text": ("text/plain", "octet-stream"),
    "pdf": ("pdf", "octet-stream"),
}
_CHALLENGE = re.compile(
    rb"captcha|just a moment|cf-chl|challenge-platform|anubis|proof.of.work|are you (?:a )?(?:human|robot)|enable javascript|access denied|bot detection",
    re.IGNORECASE,
)
_MIB = 1 << 20


def unpacked(chunks: Iterable[bytes], encoding: str, most: int) -> bytes:
    """Return the bytes of an answer, decompressed, and stop once they are more than `most`.

    Raises:
        NotAnswered: too many bytes, a damaged or an unknown packing.
    """
    data = bytearray()
    for piece in _inflated(chunks, encoding.strip().lower(), most):
        data += piece
        if len(data) > most:
            raise NotAnswered("blocked", f"an answer of more than {most // _MIB or 1} MiB after unpacking")
    return bytes(data)


def _inflated(chunks: Iterable[bytes], encoding: str, most: int) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise NotAnswered("blocked", f"an answer packed as '{encoding[:20]}'; asked for gzip")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            left = chunk
            while left:
                yield unpacker.decompress(left, most + 1)
                left = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise NotAnswered("unreachable", f"a damaged gzip answer ({error})", may_retry=True) from None
    if not unpacker.eof:
        raise NotAnswered("unreachable", "an answer that was cut off", may_retry=True)


def check_kind(expects: str, content_type: str, body: bytes) -> None:
    """Refuse an answer of another kind than the one that was asked for; a page with a challenge is none, whatever it calls itself.

    Raises:
        NotAnswered: "blocked" for another kind, "unreachable" for one that is broken off.
    """
    kind = content_type.partition(";")[0].strip().lower()
    is_page = looks_like_page(body)
    if (kind and not any(mark in kind for mark in _TYPES[expects])) or (is_page and expects != "xml"):
        said = "HTML" if is_page or "html" in kind else kind
        raise NotAnswered("blocked", f"{said} where {expects.upper()} was asked")
    if expects == "xml" and is_page:
        raise NotAnswered("blocked", "HTML where XML was asked")
    if expects == "pdf" and not body.lstrip()[:5].startswith(b"%PDF"):
        raise NotAnswered("blocked", "no PDF where one was asked")
    _check_whole(expects, body)


def is_challenge(body: bytes) -> bool:
    """Say whether a page asks its reader to prove something."""
    return bool(_CHALLENGE.search(body[:20_000]))


def looks_like_page(body: bytes) -> bool:
    """Say whether bytes are a web page."""
    head = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _check_whole(expects: str, body: bytes) -> None:
    """Refuse JSON or XML that does not parse: a broken answer must not be kept as a good one."""
    try:
        if expects == "json":
            parsed(body, "answer")
        elif expects == "xml":
            xml_root(body)
    except (InvalidInput, ValueError) as error:
        raise NotAnswered(
            "unreachable", f"a broken {expects.upper()} answer ({_short(error)})", may_retry=True
        ) from None


def xml_root(body: bytes) -> Any:
    """Return the root of an XML answer: no entities, no network, no huge trees.

    Raises:
        InvalidInput: it is not well-formed, or declares entities.
        MissingExtra: lxml is not installed.
    """
    try:
        from lxml import etree
    except ImportError:
        raise MissingExtra.named("literature", "reading an index's answer", "lxml") from None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise InvalidInput(
            f"an answer is no well-formed XML ({_short(error)}); expected XML; ask again later"
        ) from None
    if root.getroottree().docinfo.internalDTD is not None and b"<!ENTITY" in body:
        raise InvalidInput("an answer declares XML entities; expected none; ask another index")
    return root


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
