"""Hub: reads data sets from the Hugging Face hub, or from a local folder in the hub's layout."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from evidense.boundary.files import plain_name
from evidense.errors import EvidenseError, InvalidInput, MissingExtra

T = TypeVar("T")
MOST_FILES = 10_000
"""Most files and folders below a local data set."""
_DATA = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".txt"}
_REVISION = re.compile(r"[@/]([0-9a-f]{40})/")
MOST_RETRIES = 2


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
    chosen = _split(repository, config, split)
    return _asked(repository, lambda library: library.load_dataset(repository, config, split=chosen))


def stream(repository: str, config: str, split: str | None, commit: str) -> Any:
    """Return one split as a table that is read from the hub while one iterates over it (`datasets.IterableDataset`).

    Raises:
        InvalidInput, MissingExtra: as `rows`.
    """
    chosen, at = _split(repository, config, split), commit or None
    return _asked(
        repository, lambda library: library.load_dataset(repository, config, split=chosen, streaming=True, revision=at)
    )


def streamed_rows(repository: str, table: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a streamed table.

    Raises:
        InvalidInput: the connection breaks, or the table ends before the number of rows that it states.
    """
    n_read = 0
    try:
        with _fewer_retries():
            for row in table:
                n_read += 1
                yield row
    except EvidenseError:
        raise
    except Exception as error:  # a library may raise anything over a broken connection
        raise InvalidInput(_broken_off(repository, n_read, f"{type(error).__name__}: {_first_line(error)}")) from None
    stated = (table.info.splits or {}).get(str(table.split))
    if stated is not None and stated.num_examples and n_read < stated.num_examples:
        raise InvalidInput(_broken_off(repository, n_read, f"{stated.num_examples:,} are stated"))


@contextmanager
def _fewer_retries() -> Iterator[None]:
    """Let `datasets` ask MOST_RETRIES times: each has five retries of its own within half a minute, and 20 would take ten minutes."""
    from datasets import config

    names = ("STREAMING_READ_MAX_RETRIES", "STREAMING_OPEN_MAX_RETRIES")
    before = {name: getattr(config, name) for name in names}
    try:
        for name in names:
            setattr(config, name, MOST_RETRIES)
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)


def latest_commit(repository: str) -> str:
    """Return the newest commit of a data set on the hub; '' for a local folder.

    Raises:
        InvalidInput, MissingExtra: as `configs`.
    """
    if Path(repository).exists():
        return ""
    return str(_asked(repository, lambda library: library.load.dataset_module_factory(repository).hash))


def _split(repository: str, config: str, split: str | None) -> str:
    known_splits = splits(repository, config)
    chosen = split or (known_splits[0] if len(known_splits) == 1 else "test")
    if chosen not in known_splits:
        raise InvalidInput(
            f"{repository} ({config}) has no split '{chosen}'; found {', '.join(known_splits)}; write one of these after '@'"
        )
    return chosen


def class_names(table: Any) -> dict[str, list[str]]:
    """Return column → names of its classes; a ClassLabel cell holds an index into them."""
    return {
        name: list(names) for name, kind in (table.features or {}).items() if (names := getattr(kind, "names", None))
    }


def revision(table: Any) -> str:
    """Return the commit that a table was loaded from; '' for a local folder."""
    files = [*(table.info.download_checksums or {}), *(file["filename"] for file in table.cache_files)]
    match = _REVISION.search(" ".join(files))
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


def _broken_off(repository: str, n_read: int, reason: str) -> str:
    return (
        f"'{repository}' broke off after {n_read:,} rows ({reason}); expected the whole table; type the same command again: it reads the table "
        "anew, and what was computed before is kept"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]


def _reason(repository: str, error: Exception) -> str:
    first = _first_line(error)
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
