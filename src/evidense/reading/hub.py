"""Hub: rows of a data set on the Hugging Face hub, or of a local folder in the hub's own layout."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from evidense.boundary.files import plain_name
from evidense.errors import EvidenseError, InvalidInput, MissingExtra

T = TypeVar("T")
MOST_FILES = 10_000
"""Files and folders below a local data set."""
_DATA = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".txt"}
_REVISION = re.compile(r"@([0-9a-f]{40})/")


def configs(repository: str) -> list[str]:
    """Return the names of the configurations (subsets).

    Raises:
        InvalidInput: the hub cannot be reached, or has no such data set.
        MissingExtra: `datasets` is not installed.
    """
    names = list(_asked(repository, lambda library: library.get_dataset_config_names(repository)))
    if not names:
        raise InvalidInput(f"'{repository}' has no configuration; expected at least one; check the data set")
    return names


def splits(repository: str, config: str) -> list[str]:
    """Return the names of the splits of one configuration.

    Raises:
        InvalidInput, MissingExtra: as `configs`.
    """
    return list(_asked(repository, lambda library: library.get_dataset_split_names(repository, config)))


def rows(repository: str, config: str, split: str | None) -> Any:
    """Return one split as a memory-mapped table (`datasets.Dataset`); None takes the only one, or 'test'.

    Raises:
        InvalidInput: no such split; or as `configs`.
        MissingExtra: as `configs`.
    """
    there = splits(repository, config)
    wanted = split or (there[0] if len(there) == 1 else "test")
    if wanted not in there:
        raise InvalidInput(
            f"{repository} ({config}) has no split '{wanted}'; found {', '.join(there)}; write one of these after '@'"
        )
    return _asked(repository, lambda library: library.load_dataset(repository, config, split=wanted))


def class_names(table: Any) -> dict[str, list[str]]:
    """Return column → names of its classes: what a row holds of a ClassLabel is a number in this list."""
    return {name: list(names) for name, kind in table.features.items() if (names := getattr(kind, "names", None))}


def revision(table: Any) -> str:
    """Return the commit that a table was loaded from, '' where it is not known (local folders)."""
    found = _REVISION.search(" ".join(table.info.download_checksums or {}))
    return found[1] if found else ""


def _asked(repository: str, ask: Callable[[Any], T]) -> T:
    if Path(repository).exists():
        _refuse_other_folders(Path(repository))
    try:
        import datasets
    except ImportError:
        raise MissingExtra.named("hub", f"reading '{repository}' from the hub", "datasets") from None
    quiet = datasets.utils.logging.get_verbosity()
    bars = datasets.is_progress_bar_enabled()
    datasets.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    try:
        return ask(datasets)
    except EvidenseError:
        raise
    except Exception as error:  # whatever a library raises over somebody's folder
        raise InvalidInput(_reason(repository, error)) from None
    finally:
        datasets.utils.logging.set_verbosity(quiet)
        if bars:
            datasets.enable_progress_bars()


def _refuse_other_folders(folder: Path) -> None:
    """Refuse a folder that cannot be a data set, before a library walks through all of it: `datasets` reads every file name below.

    Raises:
        InvalidInput: no folder; more entries than a data set has; no file that holds data; pipes or devices, which need not end.
    """
    if not folder.is_dir():
        raise InvalidInput(f"'{folder}' is no folder; expected one in the hub's layout; name the folder")
    names: list[Path] = []
    for number, path in enumerate(_walked(folder)):
        if number >= MOST_FILES:
            raise InvalidInput(
                f"'{folder}' holds more than {MOST_FILES:,} files and folders; expected one data set in the hub's layout; name its folder"
            )
        if not (path.is_file() or path.is_dir() or path.is_symlink()):
            raise InvalidInput(f"'{path}' is a pipe, device or socket; expected regular files; remove it")
        names.append(path)
    if not any(plain_name(path).suffix.lower() in _DATA for path in names):
        raise InvalidInput(
            f"'{folder}' is no data set in the hub's layout: no file below it holds data; expected {', '.join(sorted(_DATA))}; check the path"
        )


def _walked(folder: Path) -> Iterator[Path]:
    """Yield what lies below a folder; links are not followed, and what may not be read is passed over."""
    for at, folders, files in os.walk(folder):
        yield from (Path(at, name) for name in (*folders, *files))


def _reason(repository: str, error: Exception) -> str:
    first = str(error).strip().partition("\n")[0][:200]
    if Path(repository).exists():
        return (
            f"{repository} is no data set in the hub's layout ({type(error).__name__}: {first}); expected "
            "configurations in its README.md; correct it"
        )
    return (
        f"'{repository}' cannot be read from the hub ({type(error).__name__}: {first}); expected a reachable "
        "hub and an existing, "
        "readable data set; check name and network (and `hf auth login` where it is private), or copy it "
        "elsewhere with "
        f"`hf download --repo-type dataset {repository} --local-dir FOLDER` and write 'hf:FOLDER'"
    )
