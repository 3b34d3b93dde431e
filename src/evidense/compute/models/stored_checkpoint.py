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
        UnknownName, AmbiguousName, StoreError: as `checkpoint_id`.
    """
    store = store or Store()
    return store.fetched_folder(checkpoint_id(spelling, store))


def checkpoint_id(spelling: str, store: Store) -> str:
    """Return the id of `checkpoint:ID` in a store. A unique beginning of the id is enough.

    Raises:
        UnknownName: no checkpoint of the store has this id.
        AmbiguousName: several ids begin like this.
        StoreError: its files have changed since they were written.
    """
    beginning = spelling.removeprefix(PREFIX)
    matching = store.folder_ids(beginning) if beginning else []
    if len(matching) == 1:
        if (damaged := store.damaged_in_folder(matching[0])) and damaged != ["README.md"]:
            raise StoreError(
                f"the checkpoint {matching[0][:_SHOWN]} in the store '{store.address}' is damaged ({', '.join(damaged[:5])}); expected its "
                "files unchanged; run the training or the study again, which makes it anew"
            )
        return matching[0]
    if matching:
        shown = ", ".join(f"'{PREFIX}{name[:_SHOWN]}'" for name in matching[:5])
        raise AmbiguousName(
            f"'{PREFIX}{beginning}' could mean {len(matching)} checkpoints; expected one; write more letters: {shown}"
        )
    short = [name[:_SHOWN] for name in store.folder_ids("")[:50]]
    raise UnknownName.among("checkpoint", beginning, short, f"The store is '{store.address}'; train one first.")
