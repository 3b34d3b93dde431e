"""Hub: reads data sets from the Hugging Face hub, or from a local folder in the hub's layout."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from evidense.boundary.files import plain_name
from evidense.errors import EvidenseError, InvalidInput, MissingExtra

T = TypeVar("T")
MOST_FILES = 10_000
"""Most files and folders below a local data set."""
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
    """Return one split as a memory-mapped table (`datasets.Dataset`); None takes the only split, or 'test'.

    Raises:
        InvalidInput: there is no such split; or as `configs`.
        MissingExtra: as `configs`.
    """
    known_splits = splits(repository, config)
    chosen = split or (known_splits[0] if len(known_splits) == 1 else "test")
    if chosen not in known_splits:
        raise InvalidInput(
            f"{repository} ({config}) has no split '{chosen}'; found {', '.join(known_splits)}; write one of these after '@'"
        )
    return _asked(repository, lambda library: library.load_dataset(repository, config, split=chosen))


def class_names(table: Any) -> dict[str, list[str]]:
    """Return column → names of its classes; a ClassLabel cell holds an index into them."""
    return {name: list(names) for name, kind in table.features.items() if (names := getattr(kind, "names", None))}


def revision(table: Any) -> str:
    """Return the commit that a table was loaded from; '' for a local folder."""
    match = _REVISION.search(" ".join(table.info.download_checksums or {}))
    return match[1] if match else ""


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
    except Exception as error:  # a library may raise anything over somebody's folder
        raise InvalidInput(_reason(repository, error)) from None
    finally:
        datasets.utils.logging.set_verbosity(quiet)
        if bars:
            datasets.enable_progress_bars()


def _refuse_other_folders(folder: Path) -> None:
    """Refuse a folder that cannot be a data set, before `datasets` reads every file name below it.

    Raises:
        InvalidInput: it is not a folder, has too many entries or no data file, or holds pipes or devices.
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
    """Yield all paths below a folder; links are not followed, unreadable folders are skipped."""
    for root, folders, files in os.walk(folder):
        yield from (Path(root, name) for name in (*folders, *files))


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
