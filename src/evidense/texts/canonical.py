"""Canonical text: NFC, single spaces, hyphens at line ends rejoined; every place in it leads back to the text that it came from."""

import bisect
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]+"
)
"""Characters that take no room on a page, or turn its direction."""
_OF_TYPESETTING = "\u00ad\ufeff\u200c\u200d\u2060\u2061\u2062\u2063\u2064" + "".join(map(chr, range(0xFE00, 0xFE10)))
"""Soft hyphens, joiners, invisible operators, variants of letters."""
_TOKEN = re.compile(
    "(?P<hyphen>[ \t]*[\ufffe\x02]\\s*|(?<=[^\\W\\d_])-[ \t]*\\r?\\n[ \t]*(?=[^\\W\\d_]))"
    "|(?P<space>[\\s\x1c-\x1f\x85]+)"
    f"|(?P<unseen>(?:{UNSEEN.pattern}|[\x00\x01\x03-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\uffff])+)"
)
_MAY_COMPOSE = re.compile("[\x00-\x7f]?[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


@dataclass(frozen=True)
class Canonical:
    """A canonical text, and where each stretch of it stood in the raw text."""

    text: str
    anchors: tuple[tuple[int, int], ...] = ((0, 0),)
    """(place in the text, place in the raw text) from where both count in step, in order."""

    def raw_place(self, place: int) -> int:
        """Return where a place of the canonical text is in the raw text."""
        at = max(bisect.bisect_right(self.anchors, (place, 1 << 62)) - 1, 0)
        return self.anchors[at][1] + place - self.anchors[at][0]

    def place(self, raw_place: int) -> int:
        """Return where a place of the raw text is in the canonical text; the next place for one that was left out."""
        at = max(bisect.bisect_right(self.anchors, raw_place, key=lambda anchor: anchor[1]) - 1, 0)
        here = self.anchors[at][0] + max(raw_place - self.anchors[at][1], 0)
        return min(here, self.anchors[at + 1][0] if at + 1 < len(self.anchors) else len(self.text))


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of a whole document in lower case, by which a hyphen at a line's end is kept or dropped."""
    return frozenset(match[0].lower() for match in _WORD.finditer(text))


def canonical(raw: str, known_words: frozenset[str] = frozenset()) -> Canonical:
    r"""Return a text in NFC with single spaces, without unseen and control characters, hyphens at line ends rejoined.

    U+FFFE is pdfium's hyphen at a line's end. The hyphen stays before a capital or digit, and where the document has the word only with it.

    >>> canonical("A  retrie-\nval model, state-of-the-\nart", frozenset(["the-art"])).text
    'A retrieval model, state-of-the-art'
    """
    cleaned = _joined(_cleaned(raw, known_words))
    if unicodedata.is_normalized("NFC", cleaned.text):
        return cleaned
    composed = _joined(_composed(cleaned.text))
    places = {place for place, _ in composed.anchors} | {composed.place(place) for place, _ in cleaned.anchors}
    return Canonical(
        composed.text,
        tuple((place, cleaned.raw_place(composed.raw_place(place))) for place in sorted(places)),
    )


def unseen(raw: str) -> list[str]:
    """Return the runs of unseen characters in a text, but for those that typesetting needs."""
    return [match[0] for match in UNSEEN.finditer(raw) if match[0].strip(_OF_TYPESETTING)]


def _joined(pieces: Iterable[tuple[int, str]]) -> Canonical:
    texts: list[str] = []
    anchors: list[tuple[int, int]] = []
    n_written = 0
    for begin, text in pieces:
        if not anchors or anchors[-1][1] - anchors[-1][0] != begin - n_written:
            anchors.append((n_written, begin))
        texts.append(text)
        n_written += len(text)
    return Canonical("".join(texts), tuple(anchors) or ((0, 0),))


def _cleaned(raw: str, known_words: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield stretches with their places in the raw text; a space only between two stretches of text."""
    begin, space = 0, -1
    has_text = False
    for match in [*_TOKEN.finditer(raw), None]:
        end = match.start() if match else len(raw)
        if begin < end:
            if space >= 0 and has_text:
                yield space, " "
            space, has_text = -1, True
            yield begin, raw[begin:end]
        if match is None:
            return
        begin = match.end()
        if match.lastgroup == "space":
            space = match.start() if space < 0 else space
        elif match.lastgroup == "hyphen":
            space = -1
            if _keeps_hyphen(raw, match, known_words):
                yield match.start(), "-"
                has_text = True


def _keeps_hyphen(raw: str, match: re.Match[str], known_words: frozenset[str]) -> bool:
    left = re.search(r"[^\W\d_]+$", raw[max(match.start() - 40, 0) : match.start()])
    right = re.match(r"[^\W\d_]+", raw[match.end() : match.end() + 40])
    if left is None or right is None or right[0][0].isupper():
        return True
    joined, divided = (left[0] + right[0]).lower(), f"{left[0]}-{right[0]}".lower()
    return joined not in known_words and divided in known_words


def _composed(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text in NFC; an ASCII character never composes with what stands before it."""
    begin = 0
    for match in _MAY_COMPOSE.finditer(text):
        composed = unicodedata.normalize("NFC", match[0])
        if composed == match[0]:
            continue
        yield begin, text[begin : match.start()]
        yield match.start(), composed
        begin = match.end()
        yield begin, ""
    yield begin, text[begin:]
