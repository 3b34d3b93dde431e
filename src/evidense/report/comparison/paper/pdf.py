"""PDF: an SVG figure as vectors, in an embedded typeface of the widths for which the figure was laid out; equal figures give equal bytes."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from evidense.errors import InvalidInput, MissingExtra

_SVG = "http://www.w3.org/2000/svg"
_TYPEFACE = "Arimo"
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Creation date of every file: the time of day is no part of a figure."""


def can_write_pdf() -> bool:
    """Say whether the libraries are installed that write PDF."""
    return all(find_spec(module) is not None for module in ("fpdf", "fontpkg_arimo"))


def pdf_of(svg: str) -> bytes:
    """Return a figure as a PDF of one page of its size.

    Raises:
        MissingExtra: the libraries are not installed.
        InvalidInput: the typeface lacks letters of the figure.
    """
    try:
        from fpdf import FPDF
        from fpdf.svg import SVGObject
    except ImportError:
        raise MissingExtra.named("figures", "a figure as PDF", "fpdf2") from None
    if missing := missing_letters(svg):
        raise InvalidInput(
            f"the figure holds {missing}, which the typeface {_TYPEFACE} lacks; expected Latin, Greek or Cyrillic letters; "
            "give other names (--names), or use the SVG"
        )
    drawing = SVGObject(_prepared(svg))
    pdf = FPDF(unit="pt", format=(drawing.width, drawing.height))
    pdf.set_creation_date(_NO_TIME)
    pdf.add_font(_TYPEFACE, "", _typeface())
    pdf.set_font(_TYPEFACE)
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    drawing.draw_to_page(pdf)
    return bytes(pdf.output())


def missing_letters(svg: str) -> str:
    """Return the letters of a figure that the typeface lacks, each once."""
    return "".join(
        sorted(
            {
                letter
                for text in ET.fromstring(svg).itertext()
                for letter in text.strip()
                if ord(letter) not in _letters()
            }
        )
    )


def _prepared(svg: str) -> str:
    """Return the SVG in our typeface, without the title, which is no part of the drawing."""
    ET.register_namespace("", _SVG)
    root = ET.fromstring(svg)
    for title in root.findall(f"{{{_SVG}}}title"):
        root.remove(title)
    root.set("font-family", _TYPEFACE)
    return ET.tostring(root, encoding="unicode")


def _typeface() -> Path:
    (path,) = (
        Path(str(file))
        for file in (resources.files("fontpkg_arimo") / "files").iterdir()
        if file.name.startswith("Arimo[")
    )
    return path


@cache
def _letters() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    return frozenset(TTFont(_typeface(), lazy=True).getBestCmap())
