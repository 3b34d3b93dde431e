"""XML: parsed without entities, network or huge trees, and flattened to text with the places that cite."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidense.boundary.files import Budget, read_bytes
from evidense.boundary.strangers import reason
from evidense.errors import InvalidInput, UnsafeInput
from evidense.readers._files import missing

_BUDGET = Budget(free_bytes=128 << 20, ratio=20)
_ENTITY = re.compile(rb"<!ENTITY\s", re.IGNORECASE)
_DASH = re.compile(r"\s*[–—‒-]\s*")


def xml_tree(path: Path, what: str) -> Any:
    """Return the root element of an XML file. Names of elements lose their namespaces.

    Raises:
        InvalidInput: it is empty or no well-formed XML; the message has the line.
        UnsafeInput: it defines entities, by which a small file unfolds to a huge one or reads other files.
    """
    data = read_bytes(path, what, _BUDGET)
    if not data.strip():
        raise InvalidInput(f"'{path}' is empty. Expected {what}; check the path.")
    if _ENTITY.search(data) or _ENTITY.search(data.replace(b"\0", b"")):
        raise UnsafeInput(
            f"'{path}' defines XML entities. Expected {what} without them; write it again without '<!ENTITY'."
        )
    try:
        from lxml import etree
    except ModuleNotFoundError:
        raise missing("XML", "lxml") from None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidInput(
            f"'{path}' is no well-formed XML ({reason(error)}). Expected {what}; correct the file."
        ) from None
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return root


@dataclass
class CitingFlow:
    """Text flattened from an element, with the places that cite."""

    pieces: list[str] = field(default_factory=list)
    places: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    n_written: int = 0
    key_before: str = ""
    place_before: int = -1
    """The last citation, and where its text ended: a dash from there to the next one means all between."""
    between: str = ""
    """What stands there without being written."""

    @property
    def text(self) -> str:
        """Return what was written so far."""
        return "".join(self.pieces)

    def write(self, text: str | None) -> None:
        """Append text."""
        if text:
            self.pieces.append(text)
            self.n_written += len(text)

    def cite(self, keys: tuple[str, ...], shown: str, order: Mapping[str, int]) -> None:
        """Note a citation here, and write what is shown of it; a dash since the last one includes all between."""
        between = self.between or (self.text[self.place_before :] if self.place_before >= 0 else "")
        self.between = ""
        if between and _DASH.fullmatch(between) and keys:
            first, last = order.get(self.key_before, 0), order.get(keys[0], 0)
            if 0 < last - first < 100:
                keys = (*(key for key, place in order.items() if first < place < last), *keys)
        self.places.append((self.n_written, keys))
        self.write(shown)
        self.key_before, self.place_before = keys[-1] if keys else "", self.n_written


def plain_text(element: Any) -> str:
    """Return the text in an element with single spaces; entities that are not resolved are read by their HTML names."""
    return " ".join("".join(texts(element)).split()) if element is not None else ""


def texts(element: Any) -> Iterator[str]:
    """Yield the pieces of text in an element, in order."""
    if not isinstance(element.tag, str):  # an entity that stays as it is written
        yield entity(element)
    else:
        yield element.text or ""
        for child in element:
            yield from texts(child)
            yield child.tail or ""


def entity(node: Any) -> str:
    """Return the character of an entity that the parser left as it is."""
    known = html.unescape(node.text or "")
    return "" if known == node.text else known
