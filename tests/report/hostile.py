"""The same real study with hostile names, ids and texts in every place where somebody else's words reach the report."""

from dataclasses import replace
from typing import Any

from evidense.records import Finding, Outcome, QueryTexts, Ranking, Record, Score, Study
from evidense.store import Store
from report.sample import Sample

TEXT = "</script><script>window.hacked=1</script>]]><img src=x onerror=window.hacked=1>{{7*7}}{% raw %}\u202e مرحبا <!-- & \"quoted\" 'q'"
SYSTEM = "bm<b>&{{7*7}}"
COLLECTION = "../../etc/<script>window.hacked=1</script>"
IDS = (
    "../../x",
    "=cmd|' /C calc'!A0",
    "a b\tc",
    "@SUM(1)",
    '"><svg onload=window.hacked=1>',
    "-1+1",
    "{{7*7}}",
    "\u0646\u0635",
)
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def hostile(sample: Sample) -> Sample:
    """Return the sample with the first collection and one system renamed, ids and texts replaced."""
    names = {sample.study.collections[0]: COLLECTION, "bm25": SYSTEM}
    records = [_spoiled(r, names, sample.store) for r in sample.records]
    records = [_spoiled_texts(r, sample, names) if isinstance(r, QueryTexts) else r for r in records]
    study = next(r for r in records if isinstance(r, Study))
    return Sample(study, records, sample.store)


def _spoiled(record: Record, names: dict[str, str], store: Store) -> Record:
    match record:
        case Study():
            return replace(record, question=TEXT, name=TEXT)
        case Ranking():
            card = {
                **record.collection,
                "name": _new(names, record.collection["name"]),
                "notes": [TEXT],
                "source": TEXT,
            }
            ids = {f: _ids(store, getattr(record, f)) for f in ("query_ids", "doc_ids")}
            setup = {**record.setup, "query_prompt": TEXT, "warnings": [TEXT]}
            return replace(record, system=_new(names, record.system), collection=card, setup=setup, **ids)
        case Score():
            return replace(
                record,
                system=_new(names, record.system),
                collection=_new(names, record.collection),
                query_ids=_ids(store, record.query_ids),
            )
        case Finding():
            site = {k: names.get(v, v) if isinstance(v, str) else v for k, v in record.site.items()}
            site |= {"value": TEXT} if "value" in site else {}
            return replace(
                record, site=site, excerpts=tuple(_excerpt(dict(e), i) for i, e in enumerate(record.excerpts))
            )
        case Outcome():
            return replace(
                record,
                system=_new(names, record.system),
                collection=_new(names, record.collection),
                reason=TEXT,
            )
    return record


def _spoiled_texts(record: QueryTexts, sample: Sample, names: dict[str, str]) -> QueryTexts:
    """Return the record with the ids that the rankings have now, and other texts."""
    store = sample.store
    ranking = next(r for r in sample.records if isinstance(r, Ranking) and r.collection["name"] == record.collection)
    kept, new_ids = store.json(record.texts), dict(zip(store.json(ranking.doc_ids), IDS, strict=False))
    kept["query_ids"] = [*IDS, *kept["query_ids"][len(IDS) :]]
    kept["doc_ids"] = [new_ids.get(d, d) for d in kept["doc_ids"]]
    kept["queries"], kept["documents"] = [TEXT for _ in kept["queries"]], [TEXT for _ in kept["documents"]]
    kept["slices"] = {TEXT: [TEXT for _ in kept["queries"]]}
    kept["pictures"] = {"queries": {"0": "data:text/html,<script>window.hacked=1</script>"}, "documents": {"0": PIXEL}}
    return replace(record, collection=_new(names, record.collection), texts=store.put_json(kept))


def _new(names: dict[str, str], name: str) -> str:
    return names.get(name, name)


def _ids(store: Store, blob: str) -> str:
    return store.put_json([*IDS, *store.json(blob)[len(IDS) :]])


def _excerpt(excerpt: dict[str, Any], place: int) -> dict[str, Any]:
    bad = {
        "doc_id": IDS[place % len(IDS)],
        "text": TEXT,
        "thumbnail": "data:text/html,<script>window.hacked=1</script>",
        "gain": 1,
    }
    relevant = [{**bad, "rank_base": 1, "rank_system": None, "thumbnail": PIXEL}]
    return {
        **excerpt,
        "query_id": IDS[place % len(IDS)],
        "query": TEXT,
        "relevant": relevant,
        "base_first": bad,
        "system_first": bad,
    }
