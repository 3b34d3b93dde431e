"""Where the files of a stored checkpoint lie."""

from pathlib import Path

from evidense.errors import AmbiguousName, UnknownName
from evidense.store import Store

PREFIX = "checkpoint:"
_SHOWN = 12
"""Letters of an id that are shown."""


def checkpoint_folder(spelling: str, store: Store | None = None) -> Path:
    """Return the folder that `checkpoint:ID` means in a store (None: the default one); a beginning of the id that is unique will do.

    Raises:
        UnknownName: no checkpoint of the store has this id.
        AmbiguousName: several begin so.
    """
    root, beginning = (store or Store()).root / "folders", spelling.removeprefix(PREFIX)
    known = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = [name for name in known if beginning and name.startswith(beginning)]
    if len(found) == 1:
        return root / found[0]
    if found:
        shown = ", ".join(f"'{PREFIX}{name[:_SHOWN]}'" for name in found[:5])
        raise AmbiguousName(
            f"'{PREFIX}{beginning}' could mean {len(found)} checkpoints; expected one; write more of it: {shown}"
        )
    short = [name[:_SHOWN] for name in known[:50]]
    raise UnknownName.among("checkpoint", beginning, short, f"The store is '{root.parent}'; train one first.")
