"""Find the folder of a checkpoint in the store."""

from pathlib import Path

from evidense.errors import AmbiguousName, StoreError, UnknownName
from evidense.store import Store

PREFIX = "checkpoint:"
_SHOWN = 12
"""Letters of an id in messages."""


def checkpoint_folder(spelling: str, store: Store | None = None) -> Path:
    """Return the folder of `checkpoint:ID` in a store (None: the default store). A unique beginning of the id is enough.

    Raises:
        UnknownName: no checkpoint of the store has this id.
        AmbiguousName: several ids begin like this.
        StoreError: its files have changed since they were written.
    """
    store = store or Store()
    root, beginning = store.root / "folders", spelling.removeprefix(PREFIX)
    known = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    matching = [name for name in known if beginning and name.startswith(beginning)]
    if len(matching) == 1:
        if (damaged := store.damaged_in_folder(matching[0])) and damaged != ["README.md"]:
            raise StoreError(
                f"the checkpoint {matching[0][:_SHOWN]} in the store '{store.root}' is damaged ({', '.join(damaged[:5])}); expected its "
                "files unchanged; run the training or the study again, which makes it anew"
            )
        return root / matching[0]
    if matching:
        shown = ", ".join(f"'{PREFIX}{name[:_SHOWN]}'" for name in matching[:5])
        raise AmbiguousName(
            f"'{PREFIX}{beginning}' could mean {len(matching)} checkpoints; expected one; write more letters: {shown}"
        )
    short = [name[:_SHOWN] for name in known[:50]]
    raise UnknownName.among("checkpoint", beginning, short, f"The store is '{root.parent}'; train one first.")
