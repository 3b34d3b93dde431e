"""Hub: rows of a data set on the Hugging Face hub, or of a local folder in the hub's own layout."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from evidense.errors import InvalidInput, MissingExtra

T = TypeVar("T")
_REVISION = re.compile(r"@([0-9a-f]{40})/")


def configs(repository: str) -> list[str]:
    """Return the names of the configurations (subsets).

    Raises:
        InvalidInput: the hub cannot be reached, or has no such data set.
        MissingExtra: `datasets` is not installed.
    """
    return list(_asked(repository, lambda library: library.get_dataset_config_names(repository)))


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


def revision(table: Any) -> str:
    """Return the commit that a table was loaded from, '' where it is not known (local folders)."""
    found = _REVISION.search(" ".join(table.info.download_checksums or {}))
    return found[1] if found else ""


def _asked(repository: str, ask: Callable[[Any], T]) -> T:
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
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidInput(_reason(repository, error)) from None
    finally:
        datasets.utils.logging.set_verbosity(quiet)
        if bars:
            datasets.enable_progress_bars()


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
