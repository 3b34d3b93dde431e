"""Exports: everything beside the page that other programs read."""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import repeat

import evidense
from evidense import measures
from evidense.boundary.shown import STEERING
from evidense.compute.comparison.no_harm import passes_no_harm
from evidense.records import Finding, Json, Outcome, Ranking, Record, canonical_json
from evidense.report.comparison.looks import observed_looks
from evidense.report.contents import Contents
from evidense.report.labels import table
from evidense.report.texts import without_texts
from evidense.store import Store
from evidense.trec import run_bytes
from evidense.values import RankedLists


def pretty(value: Json) -> bytes:
    """Return JSON for people: sorted, indented, the same bytes for the same value; steering characters as JSON escapes them."""
    text = json.dumps(json.loads(canonical_json(value)), indent=1, sort_keys=True, ensure_ascii=False)
    return (STEERING.sub(_escaped, text) + "\n").encode("utf-8", errors="replace")


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


_ROW = (
    "claim", "system", "baseline", "collection", "verdict", "measure", "effect", "low", "high", "n", "n_clusters", "margin",
    "base_mean", "system_mean", "reason",
)  # fmt: skip


def verdict_rows(contents: Contents) -> list[dict[str, Json]]:
    """Return the rows of verdicts.json, unrounded; `values` holds the absolute value of every system on the collection."""
    rows = [*(v for s in contents.systems for v in contents.worst_first(s)), *contents.claims, *contents.ledger]
    return [_verdict_row(contents, v) for v in rows]


def _verdict_row(contents: Contents, v: Outcome) -> dict[str, Json]:
    finding = contents.differences.get((v.system, v.collection, v.measure))
    row: dict[str, Json] = {name: getattr(v, name) for name in _ROW}
    row |= {"id": v.id, "study": contents.study.id, "confidence": contents.study.confidence, "details": dict(v.details)}
    row |= (
        {"p": finding.p, "p_adjusted": finding.p_adjusted, "test": finding.test, "family": finding.family}
        if finding
        else {}
    )
    means = {s: f for s in contents.everyone if (f := contents.means.get((s, v.collection, v.measure)))}
    return row | {
        "values": {
            s: {"mean": f.value, "low": f.low, "high": f.high, "n": f.n, "n_clusters": f.n_clusters}
            for s, f in means.items()
        }
    }


def scores_csv(contents: Contents, store: Store) -> bytes:
    """Return one line a query and system, or seed of a system, one column a measure; queries of one `cluster`, of whatever collection, count as one."""
    measures = list(dict.fromkeys([m for m in contents.measures if any(m == name for _, _, name in contents.scores)]))
    return table(
        [("collection", "query_id", "cluster", "system", *measures), *_score_rows(contents, measures, store)],
        mark=False,
    )


def _score_rows(contents: Contents, measures: list[str], store: Store) -> Iterator[tuple[Json, ...]]:
    for collection in contents.collections:
        shared = contents.shared.get(collection)
        clusters = store.json(shared.details["clusters"]) if shared else None
        for system in (*contents.everyone, *(seed for seeds in contents.seeds.values() for seed in seeds)):
            scores = [contents.scores.get((system, collection, m)) for m in measures]
            known = [s for s in scores if s is not None]
            if not known:
                continue
            columns = [repeat(None) if s is None else store.array(s.values).tolist() for s in scores]
            ids = map(str, store.json(known[0].query_ids))
            yield from zip(repeat(collection), ids, clusters or repeat(None), repeat(system), *columns, strict=False)


def metrics(contents: Contents) -> dict[str, float]:
    """Return one flat mapping for trackers: values, effects, intervals, the gate as 1 or 0."""
    flat: dict[str, float | None] = {}
    for (system, collection, measure), f in contents.means.items():
        flat |= _with_interval(f"{collection}/{system}/{measure}", f)
    for (system, collection, measure), f in contents.differences.items():
        flat |= _with_interval(f"{collection}/{system}/{measure}/difference", f)
    for system, f in contents.pooled.items():
        flat |= _with_interval(f"mean/{system}/{f.unit}/difference", f)
    for f in contents.winners:
        name = f"best-of/{f.site['system']}/{f.unit}/difference"
        flat |= _with_interval(name, f) | {name: f.details["observed"], f"{name}/shrunken": f.value}
    flat |= observed_looks(contents.study)
    met = {s: passes_no_harm(contents.worst_first(s)) and not contents.is_used_up for s in contents.systems}
    flat |= {f"gate/no-harm/{s}": float(is_met) for s, is_met in met.items()}
    return {name: value for name, value in flat.items() if value is not None}


def _with_interval(name: str, f: Finding) -> dict[str, float | None]:
    return {name: f.value, f"{name}/low": f.low, f"{name}/high": f.high, f"{name}/n": f.n}


# --- runs


def run_files(contents: Contents, store: Store) -> Iterator[tuple[str, bytes]]:
    """Yield file name and TREC run of every ranking: whole, or of trained cells, which are many, as deep as the measures look."""
    cutoffs = [measures.cutoff(name) for name in contents.study.measures]
    depth = max(filter(None, cutoffs)) if contents.is_trained and all(cutoffs) else None
    systems = (ranking for ranking in contents.rankings.values() if not ranking.seeds)
    for ranking in (*systems, *contents.seed_rankings.values()):
        yield run_name(ranking), run_file(ranking, store, depth)


def run_name(ranking: Ranking) -> str:
    """Return a file name that no id or label can lead out of the folder: letters, digits, and a hash."""
    collection = str(ranking.collection["name"])
    digest = hashlib.sha256(f"{ranking.system}\0{collection}".encode("utf-8", "replace")).hexdigest()[:8]
    return f"{slug(ranking.system)}__{slug(collection)}__{digest}.trec"


def slug(name: str) -> str:
    """Return the part of a name that is safe in a file name.

    >>> slug("../../a b/C"), slug("…")
    ('a-b-C', 'x')
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[:60].strip("-.") or "x"


def run_file(ranking: Ranking, store: Store, depth: int | None = None) -> bytes:
    """Return six columns that trec_eval reads and orders as we did, of the first `depth` ranks or of all."""
    lists = RankedLists(
        query_ids=tuple(store.json(ranking.query_ids)),
        doc_ids=tuple(store.json(ranking.doc_ids)),
        documents=store.array(ranking.documents)[:, :depth],
        scores=store.array(ranking.scores)[:, :depth],
    )
    return run_bytes(lists, slug(ranking.system))


# --- what replay needs


def page_json(contents: Contents, command: str, text: bool, files: dict[str, bytes]) -> dict[str, Json]:
    """Return study, records and the sha256 of every file of the folder."""
    return {
        "evidense": evidense.__version__,
        "study": contents.study.id,
        "command": command,
        "text": text,
        "records": [_stored(r, text) for r in contents.records],
        "files": {
            name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items()) if name != "losses.csv"
        },
    }


_STEADY = ("environment",)
"""What was observed and is the same in every run on one machine; times and speeds are not, and stay out of the folder."""


def _stored(record: Record, text: bool) -> dict[str, Json]:
    data = record.to_json()
    data["observed"] = {key: data["observed"][key] for key in _STEADY if key in data["observed"]}
    if text or not isinstance(record, Finding) or not record.excerpts:
        return data
    content = data["content"] | {"excerpts": without_texts(data["content"]["excerpts"])}
    return data | {"content": content, "redacted": True}
