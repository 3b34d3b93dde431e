"""Rendering: the templates of all pages, and the style sheets and the script that go into them."""

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evidense.boundary.numerals import count, short
from evidense.boundary.shown import shown
from evidense.measures import meaning

MOST_BYTES = 5_000_000
"""A page may be mailed; longer ones show less of each text, then fewer queries, then no pictures, then no query."""
_LARGE_BYTES = 1_000_000


@cache
def environment() -> Environment:
    """Return the templates: they escape every value that they print, and a missing value is an error."""
    environment = Environment(
        loader=PackageLoader("evidense.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["short"] = short
    environment.filters["count"] = count
    environment.filters["breakable"] = breakable
    environment.filters["without_sample"] = without_sample
    environment.filters["full_name"] = full_name
    environment.filters["meaning"] = meaning
    environment.filters["placed"] = placed
    return environment


def _visible(value: Any) -> Any:
    """Replace control characters by visible symbols in everything that a template prints."""
    if isinstance(value, Markup):
        return Markup(shown(value))
    return shown(value) if isinstance(value, str) else value


class ShortName(str):
    """A short name of a system or collection: a text that also knows the full name, which its tooltip shows."""

    full: str

    def __new__(cls, short: str, full: str) -> "ShortName":
        """Return the short name of a full one."""
        name = super().__new__(cls, short)
        name.full = full
        return name


def full_name(name: str) -> str:
    """Return the full name that a short one stands for, or the name itself.

    >>> full_name(ShortName("MiniLM", "org/all-MiniLM-L6-v2")), full_name("bm25")
    ('org/all-MiniLM-L6-v2', 'bm25')
    """
    return name.full if isinstance(name, ShortName) else name


def breakable(name: str) -> Markup:
    """Allow a line break after each separator inside a name.

    >>> breakable("a/b_c<d>")
    Markup('a/<wbr>b_<wbr>c&lt;d&gt;')
    """
    return Markup("<wbr>").join(re.split(r"(?<=[/_~:-])(?=\w)", name))


def without_sample(collection: str) -> str:
    """Return the name of a collection without the size of its sample, which stands in its row and its tooltip.

    >>> without_sample("stamps/photo:de:t2i@test~80q300d"), without_sample("a~b.csv")
    ('stamps/photo:de:t2i@test', 'a~b.csv')
    """
    return collection if isinstance(collection, ShortName) else re.sub(r"~(\d+q)?(\d+d)?$", "", collection)


def placed(collection: str) -> Markup:
    """Return a collection as pages show it: without the size of its sample, the full name as tooltip.

    >>> placed("flags:t2i~60q150d")
    Markup('<bdi title="flags:t2i~60q150d">flags:<wbr>t2i</bdi>')
    """
    name = breakable(without_sample(collection))
    return Markup('<bdi title="{}">{}</bdi>').format(full_name(collection), name)


def light(html: str) -> str:
    """Return a page of more than a megabyte in ASCII, other characters as references, where it stays below the limit of a page.

    A browser decodes a megabyte at a time, into two bytes a character if one of them is beyond Latin-1: the same page with packed
    tables takes 55 ms of processor time until its first frame then, 48 in ASCII (docs/journal.md).
    """
    ascii_only = html.encode("ascii", "xmlcharrefreplace")
    return ascii_only.decode() if _LARGE_BYTES < len(ascii_only) <= MOST_BYTES else html


def assets() -> dict[str, str]:
    """Return what every page contains: its style sheet, its script, and the hash by which the browser admits the script."""
    script = asset("page.js")
    return {"css": asset("page.css"), "script": script, "script_hash": sha256_source(script)}


def query_assets() -> dict[str, str]:
    """Return the same of the table of all queries."""
    script = asset("queries.js")
    return {"queries_css": asset("queries.css"), "queries_script": script, "queries_hash": sha256_source(script)}


@cache
def asset(name: str) -> Markup:
    """Return the text of a style sheet or script from the folder of templates."""
    return Markup((resources.files("evidense.report") / "templates" / name).read_text(encoding="utf-8"))


def sha256_source(script: str) -> str:
    """Return the hash by which a browser admits a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
