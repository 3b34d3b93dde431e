"""Packages: finds data files in installed packages without importing them."""

from importlib import metadata, util
from pathlib import Path

from evidense.errors import InvalidInput, MissingExtra, install_line


def package_file(package: str, pattern: str, *, extra: str, what: str) -> Path:
    """Return the file of an installed package that matches a pattern (the last by name, if several do).

    Raises:
        MissingExtra: the package is not installed.
        InvalidInput: this version of it has no such file.
    """
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra.named(extra, what, package)
    files = sorted(Path(spec.submodule_search_locations[0]).glob(pattern))
    if not files:
        raise InvalidInput(
            f"{package} {version(package)} has no file {pattern}; expected one with the data of {what}; "
            f"install the version that is pinned: {install_line([extra])}"
        )
    return files[-1]


def version(package: str) -> str:
    """Return the version of an installed package; '?' if its metadata is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "?"
