"""Discovery: where the parts of a shelf are, in this package and in others that are installed. Finding them imports none."""

import ast
import importlib.util
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from importlib.machinery import PathFinder
from importlib.resources.abc import Traversable
from itertools import takewhile
from pathlib import Path

from evidense.errors import AmbiguousName, InvalidInput

GROUP = "evidense"
"""Another package names its parts in the entry points `evidense.datasets`, `evidense.claims` and so on."""


@dataclass(frozen=True)
class PartFile:
    """One part before it is imported."""

    name: str
    module: str
    attribute: str
    """What the module calls the part: PART, unless the entry point says otherwise."""
    file: Traversable | None
    """Its source; None where no file was found."""
    package: str = ""
    """The installed package that brings it; "" for Evidense itself."""

    @property
    def summary(self) -> str:
        """Return the first line of the module's docstring, and which other package the part is from."""
        from_where = f"From the package {self.package}." if self.package else ""
        return " ".join(text for text in (self._first_line(), from_where) if text)

    @property
    def owner(self) -> str:
        """Return who brings the part, for messages."""
        return f"the package {self.package}" if self.package else "Evidense"

    def _first_line(self) -> str:
        if self.file is None:
            return ""
        try:
            return first_line(self.file.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError, tokenize.TokenError):
            if not self.package:
                raise
            return ""


def first_line(source: str) -> str:
    """Return the first line of a module's docstring; what stands below the docstring is not read.

    >>> first_line('# x\\n\"\"\"One thing.\\n\\nMore of it.\"\"\"\\nimport ast')
    'One thing.'
    """
    tokens = (
        t
        for t in tokenize.generate_tokens(io.StringIO(source).readline)
        if t.type not in {tokenize.COMMENT, tokenize.NL}
    )
    docstring = " ".join(token.string for token in takewhile(lambda token: token.type == tokenize.STRING, tokens))
    return (ast.get_docstring(ast.parse(docstring)) or "").partition("\n")[0]


def part_files(shelf: str) -> dict[str, PartFile]:
    """Return part name → source, for the files of a shelf and the entry points of other packages, sorted by name.

    Raises:
        AmbiguousName: two packages bring a part of the same name, or another package one that ships.
        InvalidInput: an entry point whose name no spelling could hold.
    """
    by_name: dict[str, PartFile] = {}
    for source in (*_shipped(shelf), *_installed(shelf)):
        if source.name in by_name:
            first = by_name[source.name]
            raise AmbiguousName(
                f"the part '{source.name}' of the shelf {shelf} is brought by {first.owner} and by {source.owner}; "
                f"expected one part of each name; uninstall {source.package} or rename its entry point"
            )
        by_name[source.name] = source
    return dict(sorted(by_name.items()))


def _shipped(shelf: str) -> Iterator[PartFile]:
    """Yield the parts of this package: every file of the shelf and its sub-rooms whose name has no underscore in front."""
    rooms = [(f"evidense.{shelf}", resources.files(f"evidense.{shelf}"))]
    while rooms:
        package, folder = rooms.pop()
        for entry in folder.iterdir():
            if entry.name.startswith(("_", ".")):
                continue
            if entry.is_dir():
                rooms.append((f"{package}.{entry.name}", entry))
            elif entry.name.endswith(".py"):
                name = entry.name.removesuffix(".py")
                yield PartFile(name, f"{package}.{name}", "PART", entry)


def _installed(shelf: str) -> Iterator[PartFile]:
    """Yield the parts that other packages name in their entry points."""
    for entry in _entry_points():
        if entry.group != f"{GROUP}.{shelf}":
            continue
        package = entry.dist.name if entry.dist else "of an unknown name"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", entry.name):
            raise InvalidInput(
                f"the package {package} names a part of the shelf {shelf} '{entry.name}'; expected lower-case letters, digits and "
                f"underscores; rename its entry point or uninstall {package}"
            )
        yield PartFile(entry.name, entry.module, entry.attr or "PART", _file_of(entry.module), package)


@cache
def _entry_points() -> list[metadata.EntryPoint]:
    """Return the entry points of the packages that name a part; of each package those of the first folder of the path that has it."""
    naming = [
        found for found in metadata.distributions() if f"[{GROUP}." in (found.read_text("entry_points.txt") or "")
    ]
    return [
        entry for name in sorted({found.name for found in naming}) for entry in metadata.distribution(name).entry_points
    ]


def _file_of(module: str) -> Path | None:
    """Return a module's source file, found as an import would find it; none of the packages above it is run."""
    name, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(name)
    except ValueError:
        return None
    for piece in below:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{piece}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
