"""A retrieval task of mteb by its name, as `mteb:SciFact`."""

from collections.abc import Mapping
from typing import Any

from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, MissingExtra, UnknownName
from evidense.reading.corpora import Mapped
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.tables.typed import as_gain, as_id, as_text
from evidense.values import Collection, Draft, Item, Picture, Provenance, build
from evidense.values.build import Chosen, judged_rows


class Mteb:
    """`mteb:TASK[/subset][@split]`. Without a split, the evaluation splits of the task are read, one Collection each.

    Instructions of a task are prompts, not part of its queries. A document with the id of the query is dropped if the task says so.
    """

    name = "mteb"
    spellings: tuple[str, ...] = ("mteb:SciFact", "mteb:MIRACLRetrieval/de@dev")

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with `mteb:`; a bare task name could be anything."""
        return spelling.startswith("mteb:")

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Let mteb load the task from its cache or the hub.

        Raises:
            UnknownName: mteb has no such task, subset or split.
            InvalidInput: it is no retrieval task, or cannot be loaded.
            MissingExtra: mteb is not installed.
        """
        spelled = DatasetSpelling.parse(spelling.removeprefix("mteb:"))
        name, _, subset = spelled.head.partition("/")
        if not name.strip():
            raise UnknownName(f"'{spelling}' names no task; expected one, as mteb:SciFact; complete it")
        return self.collections(_found(name, subset, spelled.split))

    def collections(self, task: Any) -> tuple[Collection, ...]:
        """Load a task object (of mteb or your own) and return a Collection for each of its subsets and splits.

        Raises:
            InvalidInput: it is no retrieval task, or cannot be loaded.
        """
        name = task.metadata.name
        if all(kind.__name__ != "AbsTaskRetrieval" for kind in type(task).__mro__):
            raise InvalidInput(
                f"'{name}' of mteb is a task of the kind {task.metadata.type}; expected a retrieval task; take another"
            )
        try:
            task.load_data()
            task.convert_v1_dataset_format_to_v2(num_proc=None)
        except Exception as error:  # whatever mteb and the hub raise
            raise InvalidInput(
                f"mteb cannot load '{name}' ({type(error).__name__}: {str(error)[:200]}); expected the hub or its "
                "cache; check the network, or load the task once where there is one"
            ) from None
        with foreign(name, "Expected a retrieval task of mteb; load it with mteb."):
            return tuple(
                build(_draft(task, subset, split)) for subset in sorted(task.dataset) for split in task.dataset[subset]
            )


def _found(name: str, subset: str, split: str | None) -> Any:
    try:
        import mteb
    except ImportError:
        raise MissingExtra.named("mteb", f"the task '{name}'", "mteb") from None
    try:
        return mteb.get_task(name, hf_subsets=[subset] if subset else None, eval_splits=[split] if split else None)
    except KeyError as error:
        raise UnknownName(
            f"unknown task of mteb '{name}': {str(error.args[0])[:300]} Expected the name of a retrieval task, as "
            "SciFact"
        ) from None
    except ValueError as error:
        raise UnknownName(
            f"the task '{name}' of mteb has no subset '{subset}' or no split '{split}' ({error}); take one that it has"
        ) from None


def _draft(task: Any, subset: str, split: str) -> Draft:
    data = task.dataset[subset][split]
    inner = f"/{subset}" if subset != "default" else ""
    source = task.metadata.dataset
    judged = data["relevant_docs"].items()
    qrels = {as_id(q): {as_id(d): as_gain(gain) for d, gain in gains.items()} for q, gains in judged}
    queries = Mapped(data["queries"], _item)
    return Draft(
        name=f"{task.metadata.name}{inner}@{split}",
        queries=Chosen(queries, judged_rows(queries, qrels)),
        corpus=Mapped(data["corpus"], _item),
        qrels=qrels,
        provenance=Provenance(
            licence=str(task.metadata.license or "not stated by mteb"),
            source=f"mteb {task.metadata.name}: {source.get('path', '')} at {source.get('revision', '')}",
            is_user_data=False,
        ),
        drop_self_matches=bool(task.ignore_identical_ids),
    )


def _item(row: Mapping[str, Any]) -> Item:
    picture = _picture(row.get("image"))
    joined = f"{as_text(row.get('title'))} {as_text(row.get('text'))}".strip()
    return Item(as_id(row["id"]), joined if joined or picture is None else None, picture)


def _picture(value: Any) -> Picture | None:
    """Return a picture of a row: its bytes, or as PNG if `datasets` has decoded it."""
    if value is None:
        return None
    if isinstance(value, dict):
        return Picture(value["bytes"])
    import io

    buffer = io.BytesIO()
    value.save(buffer, format="PNG")
    return Picture(buffer.getvalue())


PART = Mteb()
