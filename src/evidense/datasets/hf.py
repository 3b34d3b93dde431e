"""A retrieval data set of the Hugging Face hub in BEIR form: `mteb/scifact`, `BeIR/scifact`, `Tevatron/beir:scifact`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evidense.boundary.files import exists
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.reading import hub
from evidense.reading.corpora import JsonlItems, Mapped
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.lines import stop_at_too_many
from evidense.reading.runs.self_matches import self_matches
from evidense.reading.tables.typed import as_gain, as_id, as_text, noted
from evidense.values import Collection, Draft, Item, Provenance, build
from evidense.values.build import Chosen, judged_rows

_OWNERS = ("mteb", "BeIR", "Tevatron")
_ID, _TEXT = ("_id", "id", "docid", "query_id"), ("text", "query")
_COLUMNS = (*_ID, "title", *_TEXT)
STREAMING = "@streaming"


class HuggingFace:
    """`hf:OWNER/NAME[:SUBSET][@split][@streaming]`, or a local folder in the hub's layout; `mteb/…`, `BeIR/…` and `Tevatron/…` need no `hf:`.

    Three forms are read. mteb: configurations `corpus`, `queries` and `default` or `qrels` (with a subset, `SUBSET-corpus` …). BeIR: the
    qrels are a data set of their own, `NAME-qrels`. Tevatron: rows hold a query with its `positive_passages`, and the corpus is
    `NAME-corpus`. `datasets` keeps the tables on disk, as they came and as Arrow. With `@streaming` they are read from the hub at its newest
    commit each time, and only texts and ids are kept, in an unnamed temporary file.
    """

    name = "hf"
    spellings: tuple[str, ...] = (
        "mteb/scifact",
        "BeIR/scifact@test",
        "Tevatron/beir:scifact",
        "hf:OWNER/NAME:SUBSET@test",
        "hf:OWNER/NAME@streaming",
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
        is_streamed = spelling.endswith(STREAMING) and not exists(spelling)
        spelled = DatasetSpelling.parse(spelling.removesuffix(STREAMING) if is_streamed else spelling)
        with foreign(spelling, "Expected a data set in BEIR form; check it with the `datasets` library."):
            return (build(_draft_of(spelled, spelling, _Tables(is_streamed))),)


class _Tables:
    """Tables of one collection: kept by `datasets`, or streamed, those of a repository at one commit."""

    def __init__(self, is_streamed: bool) -> None:
        self._is_streamed = is_streamed
        self._commits: dict[str, str] = {}

    def rows(self, repository: str, config: str, split: str | None) -> Any:
        """Return a split; None is the only one, or 'test'."""
        if not self._is_streamed:
            return hub.rows(repository, config, split)
        if repository not in self._commits:
            self._commits[repository] = hub.latest_commit(repository)
        return hub.stream(repository, config, split, self._commits[repository])

    def items(self, repository: str, table: Any) -> Sequence[Item]:
        """Return the rows as items."""
        if not self._is_streamed:
            return Mapped(table, _item)
        rows = ({name: row[name] for name in _COLUMNS if name in row} for row in hub.streamed_rows(repository, table))
        items = JsonlItems(Path(f"{repository} ({table.info.config_name})"), _noted_item, rows=rows)
        if items.mistakes:
            raise InvalidInput.all_of(repository, items.mistakes)
        return items

    def each(self, repository: str, table: Any) -> Iterable[dict[str, Any]]:
        """Yield the rows."""
        return hub.streamed_rows(repository, table) if self._is_streamed else table

    def source(self, repository: str, table: Any) -> str:
        """Return where a table is from, with its commit."""
        commit = self._commits[repository] if self._is_streamed else hub.revision(table)
        return f"{repository}{f' at {commit}' if commit else ''}"


def _draft_of(spelled: DatasetSpelling, spelling: str, tables: _Tables) -> Draft:
    repository, _, subset = (spelled.head, "", "") if Path(spelled.head).exists() else spelled.head.partition(":")
    configs = hub.configs(repository)
    prefix = f"{subset}-" if f"{subset}-corpus" in configs else ""
    if f"{prefix}corpus" in configs:
        return _three_tables(spelled, repository, prefix, configs, tables)
    config = subset or ("default" if "default" in configs else configs[0])
    table = tables.rows(repository, config, spelled.split)
    columns = table.column_names or list(next(iter(table), {}))  # a stream of JSON does not know them before
    if "positive_passages" in columns:
        return _passages(spelled, repository, config, table, tables)
    hint = f"; write 'mmeb:{spelling}'" if "qry_text" in columns else "; see `evidense list datasets` for other forms"
    raise InvalidInput(
        f"'{repository}' is not in BEIR form: found configurations {', '.join(configs)}, columns "
        f"{', '.join(columns)}; expected corpus, queries and qrels, or positive_passages{hint}"
    )


def _three_tables(spelled: DatasetSpelling, repository: str, prefix: str, configs: list[str], tables: _Tables) -> Draft:
    source, config, split = _qrels(spelled, repository, prefix, configs)
    judged = tables.rows(source, config, split)
    corpus = tables.rows(repository, f"{prefix}corpus", _own_split(repository, f"{prefix}corpus", split))
    queries = tables.rows(repository, f"{prefix}queries", _own_split(repository, f"{prefix}queries", split))
    qrels, mistakes = _judgements(tables.each(source, judged), hub.class_names(judged).get("score"))
    queries_of_table = tables.items(repository, queries)
    judged_queries = list(Chosen(queries_of_table, judged_rows(queries_of_table, qrels)))
    documents = tables.items(repository, corpus)
    return replace(
        _draft(spelled, judged_queries, documents, qrels, tables.source(repository, corpus)), mistakes=mistakes
    )


def _judgements(
    rows: Iterable[Mapping[str, Any]], names: list[str] | None
) -> tuple[dict[str, dict[str, int]], list[str]]:
    qrels: dict[str, dict[str, int]] = {}
    mistakes: list[str] = []
    for number, row in enumerate(rows, 1):
        with noted(mistakes, f"row {number} of the judgements"):
            score = names[row["score"]] if names and isinstance(row["score"], int) else row["score"]
            qrels.setdefault(as_id(row["query-id"]), {})[as_id(row["corpus-id"])] = as_gain(score)
        stop_at_too_many("the judgements", mistakes)
    return qrels, mistakes


def _qrels(spelled: DatasetSpelling, repository: str, prefix: str, configs: list[str]) -> tuple[str, str, str]:
    """Return repository, configuration and split of the judgements."""
    qrels_configs = [name for name in ((f"{prefix}qrels",) if prefix else ("default", "qrels")) if name in configs]
    source, config = (repository, qrels_configs[0]) if qrels_configs else (f"{repository}-qrels", "default")
    splits = hub.splits(source, config)
    split = spelled.split or (splits[0] if len(splits) == 1 else "test")
    return source, config, split


def _own_split(repository: str, config: str, split: str) -> str | None:
    return split if split in hub.splits(repository, config) else None


def _passages(spelled: DatasetSpelling, repository: str, config: str, table: Any, tables: _Tables) -> Draft:
    corpus = tables.rows(f"{repository}-corpus", config, None)
    queries, qrels = [], {}
    for row in tables.each(repository, table):
        queries.append(Item(as_id(row["query_id"]), as_text(row["query"])))
        qrels[queries[-1].id] = _gains(row)
    documents = tables.items(f"{repository}-corpus", corpus)
    return _draft(spelled, queries, documents, qrels, tables.source(repository, corpus))


def _gains(row: Mapping[str, Any]) -> dict[str, int]:
    negative, positive = (
        [as_id(passage["docid"]) for passage in row.get(f"{kind}_passages") or []] for kind in ("negative", "positive")
    )
    return {**dict.fromkeys(negative, 0), **dict.fromkeys(positive, 1)}


def _draft(
    spelled: DatasetSpelling,
    queries: Sequence[Item],
    corpus: Sequence[Item],
    qrels: dict[str, dict[str, int]],
    source: str,
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


def _noted_item(row: dict[str, Any], place: str, mistakes: list[str]) -> Item | None:
    with noted(mistakes, place):
        return _item(row)
    return None


PART = HuggingFace()
