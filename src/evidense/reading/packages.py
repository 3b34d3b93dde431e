"""Packages: data that an installed package carries, found without importing the package."""

from importlib import metadata, util
from pathlib import Path

from evidense.errors import InvalidInput, MissingExtra, install_line


def package_file(package: str, pattern: str, *, extra: str, what: str) -> Path:
    """Return the one file of an installed package that matches a pattern (the last by name, where there are several).

    Raises:
        MissingExtra: the package is not installed.
        InvalidInput: this version of it has no such file.
    """
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra.named(extra, what, package)
    found = sorted(Path(spec.submodule_search_locations[0]).glob(pattern))
    if not found:
        raise InvalidInput(
            f"{package} {version(package)} has no file {pattern}; expected one with the data of {what}; "
            f"install the version that is pinned: {install_line([extra])}"
        )
    return found[-1]


def version(package: str) -> str:
    """Return the version of an installed package, '?' where its metadata is gone."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "?"
