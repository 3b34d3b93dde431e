"""A retrieval data set of the Hugging Face hub in BEIR form: `mteb/scifact`, `BeIR/scifact`, `Tevatron/beir:scifact`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.reading import hub
from evidense.reading.corpora import Mapped
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.lines import stop_at_too_many
from evidense.reading.runs.self_matches import self_matches
from evidense.reading.tables.typed import as_gain, as_id, as_text, noted
from evidense.values import Collection, Draft, Item, Provenance, build
from evidense.values.build import Chosen, judged_rows

_OWNERS = ("mteb", "BeIR", "Tevatron")
_ID, _TEXT = ("_id", "id", "docid", "query_id"), ("text", "query")


class HuggingFace:
    """`hf:OWNER/NAME[:SUBSET][@split]`, or a local folder in the hub's layout; `mteb/…`, `BeIR/…` and `Tevatron/…` need no `hf:`.

    Three forms are read. mteb: configurations `corpus`, `queries` and `default` or `qrels` (with a subset, `SUBSET-corpus` …). BeIR: the
    qrels are a data set of their own, `NAME-qrels`. Tevatron: rows hold a query with its `positive_passages`, and the corpus is
    `NAME-corpus`. Tables stay on disk.
    """

    name = "hf"
    spellings: tuple[str, ...] = (
        "mteb/scifact",
        "BeIR/scifact@test",
        "Tevatron/beir:scifact",
        "hf:OWNER/NAME:SUBSET@test",
    )

    def recognises(self, spelling: str) -> bool:
        """Say whether the owner publishes only data sets of this form; others need `hf:`."""
        owner, slash, name = spelling.partition("/")
        return owner in _OWNERS and bool(slash and name) and "/" not in name and not Path(owner).exists()

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the data set; what is not in the hub cache is downloaded.

        Raises:
            InvalidInput: the hub cannot be reached, there is no such data set, or it has another form.
            MissingExtra: `datasets` is not installed.
        """
        spelled = DatasetSpelling.parse(spelling)
        with foreign(spelling, "Expected a data set in BEIR form; check it with the `datasets` library."):
            return (build(_draft_of(spelled, spelling)),)


def _draft_of(spelled: DatasetSpelling, spelling: str) -> Draft:
    repository, _, subset = (spelled.head, "", "") if Path(spelled.head).exists() else spelled.head.partition(":")
    configs = hub.configs(repository)
    prefix = f"{subset}-" if f"{subset}-corpus" in configs else ""
    if f"{prefix}corpus" in configs:
        return _three_tables(spelled, repository, prefix, configs)
    config = subset or ("default" if "default" in configs else configs[0])
    table = hub.rows(repository, config, spelled.split)
    if "positive_passages" in table.column_names:
        return _passages(spelled, repository, config, table)
    hint = (
        f"; write 'mmeb:{spelling}'"
        if "qry_text" in table.column_names
        else "; see `evidense list datasets` for other forms"
    )
    raise InvalidInput(
        f"'{repository}' is not in BEIR form: found configurations {', '.join(configs)}, columns "
        f"{', '.join(table.column_names)}; expected corpus, queries and qrels, or positive_passages{hint}"
    )


def _three_tables(spelled: DatasetSpelling, repository: str, prefix: str, configs: list[str]) -> Draft:
    judged, split = _qrels(spelled, repository, prefix, configs)
    corpus = hub.rows(repository, f"{prefix}corpus", _own_split(repository, f"{prefix}corpus", split))
    queries = hub.rows(repository, f"{prefix}queries", _own_split(repository, f"{prefix}queries", split))
    qrels, mistakes = _judgements(judged)
    queries_of_table = Mapped(queries, _item)
    judged_queries = list(Chosen(queries_of_table, judged_rows(queries_of_table, qrels)))
    return replace(
        _draft(spelled, judged_queries, Mapped(corpus, _item), qrels, _source(repository, corpus)), mistakes=mistakes
    )


def _judgements(table: Any) -> tuple[dict[str, dict[str, int]], list[str]]:
    names = hub.class_names(table).get("score")
    qrels: dict[str, dict[str, int]] = {}
    mistakes: list[str] = []
    for number, row in enumerate(table, 1):
        with noted(mistakes, f"row {number} of the judgements"):
            score = names[row["score"]] if names and isinstance(row["score"], int) else row["score"]
            qrels.setdefault(as_id(row["query-id"]), {})[as_id(row["corpus-id"])] = as_gain(score)
        stop_at_too_many("the judgements", mistakes)
    return qrels, mistakes


def _qrels(spelled: DatasetSpelling, repository: str, prefix: str, configs: list[str]) -> tuple[Any, str]:
    qrels_configs = [name for name in ((f"{prefix}qrels",) if prefix else ("default", "qrels")) if name in configs]
    source, config = (repository, qrels_configs[0]) if qrels_configs else (f"{repository}-qrels", "default")
    splits = hub.splits(source, config)
    split = spelled.split or (splits[0] if len(splits) == 1 else "test")
    return hub.rows(source, config, split), split


def _own_split(repository: str, config: str, split: str) -> str | None:
    return split if split in hub.splits(repository, config) else None


def _passages(spelled: DatasetSpelling, repository: str, config: str, table: Any) -> Draft:
    corpus = hub.rows(f"{repository}-corpus", config, None)
    queries = [Item(as_id(row["query_id"]), as_text(row["query"])) for row in table]
    qrels = {as_id(row["query_id"]): _gains(row) for row in table}
    return _draft(spelled, queries, Mapped(corpus, _item), qrels, _source(repository, corpus))


def _gains(row: Mapping[str, Any]) -> dict[str, int]:
    negative, positive = (
        [as_id(passage["docid"]) for passage in row.get(f"{kind}_passages") or []] for kind in ("negative", "positive")
    )
    return {**dict.fromkeys(negative, 0), **dict.fromkeys(positive, 1)}


def _draft(
    spelled: DatasetSpelling, queries: Sequence[Item], corpus: Mapped, qrels: dict[str, dict[str, int]], source: str
) -> Draft:
    drop, notes = self_matches(queries, corpus)
    provenance = Provenance(
        licence="see the card of the data set", source=source, notes=notes, is_user_data=Path(spelled.head).exists()
    )
    return Draft(
        name=spelled.name, queries=queries, corpus=corpus, qrels=qrels, provenance=provenance, drop_self_matches=drop
    )


def _item(row: Mapping[str, Any]) -> Item:
    item_id = next((row[key] for key in _ID if row.get(key) is not None), "")
    text = next((row[key] for key in _TEXT if row.get(key) is not None), "")
    return Item(as_id(item_id), f"{as_text(row.get('title'))} {as_text(text)}".strip())


def _source(repository: str, table: Any) -> str:
    commit = hub.revision(table)
    return f"{repository}{f' at {commit}' if commit else ''}"


PART = HuggingFace()
