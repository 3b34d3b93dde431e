"""Real records for the report's tests: docstrings of Python's library, ranked in several ways, judged by the real statistics."""

import ast
import re
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import ir_measures
import numpy as np

from evidense import stats
from evidense.measures import condensed
from evidense.records import Finding, Ranking, Record, Score, Study, Verdict
from evidense.store import Store
from evidense.values import Collection, Draft, Item, Provenance, build

GROUPS = {
    "docstrings/network": "http email urllib asyncio xmlrpc",
    "docstrings/text": "json csv.py argparse.py string.py textwrap.py difflib.py html xml gettext.py locale.py",
    "docstrings/tools": "unittest pydoc.py inspect.py ast.py dis.py pdb.py trace.py doctest.py",
    "docstrings/numbers": "statistics.py fractions.py random.py datetime.py calendar.py heapq.py _pydecimal.py ipaddress.py",
}
POLICIES = {
    "ties": "equal scores are ordered by document id, ascending",
    "self_matches": "a document with the query's own id stays",
    "missing_queries": "a query without results counts 0",
    "search": "exact, over the whole corpus",
}
Weights = Callable[[str], list[str]]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def stems(text: str) -> list[str]:
    return [re.sub(r"(ing|ed|es|s|e)$", "", w) for w in words(text)]


def trigrams(text: str) -> list[str]:
    padded = f" {' '.join(words(text))} "
    return [padded[i : i + 3] for i in range(len(padded) - 2)]


def prefixes(text: str) -> list[str]:
    return [w[:4] for w in words(text)]


def initials(text: str) -> list[str]:
    return [w[:2] for w in words(text)]


SYSTEMS: dict[str, Weights] = {
    "words": words,
    "trigrams": trigrams,
    "stems": stems,
    "prefixes": prefixes,
    "initials": initials,
    "copy of words": words,
}


@dataclass
class Sample:
    """A study, its records, and the store that holds their blobs."""

    study: Study
    records: list[Record]
    store: Store
    collections: list[Collection] = field(default_factory=list)


def docstring_pairs(files: str) -> Iterator[tuple[str, str, str]]:
    """Yield (id, summary line, the rest with the name) of every documented object of these files of the library."""
    library = Path(sysconfig.get_paths()["stdlib"])
    for name in files.split():
        for path in sorted((library / name).rglob("*.py")) if (library / name).is_dir() else [library / name]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and (
                    doc := ast.get_docstring(node)
                ):
                    first, _, rest = doc.partition("\n")
                    if len(rest.split()) > 4 and len(first.split()) > 2:
                        yield f"{path.stem}.{node.name}:{node.lineno}", first, f"{node.name}: {rest.strip()}"


def collection(name: str, files: str, most: int = 250) -> Collection:
    rows = list(docstring_pairs(files))[:most]
    return build(
        Draft(
            name=name,
            queries=[Item(i, q) for i, q, _ in rows],
            corpus=[Item(i, d) for i, _, d in rows],
            qrels={i: {i: 1} for i, _, _ in rows},
            columns={"kind": {i: "class" if i.split(".")[-1][0].isupper() else "function" for i, _, _ in rows}},
            provenance=Provenance(
                licence="PSF-2.0",
                source="the standard library of this interpreter",
                contamination="likely seen",
                labels="structural (summary line → its own docstring)",
                is_user_data=name.endswith("text"),
            ),
        )
    )


def rank(one: Collection, split: Weights, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """TF-IDF cosine over the pieces that `split` makes; ties in ascending order of document id."""
    texts = [split(i.text or "") for i in [*one.corpus, *one.queries]]
    place = {w: n for n, w in enumerate(sorted({w for t in texts for w in t}))}
    counts = np.zeros((len(texts), len(place)), dtype=np.float32)
    for row, text in enumerate(texts):
        for w in text:
            counts[row, place[w]] += 1
    n = len(one.corpus)
    vectors = np.log1p(counts) * np.log((1 + n) / (1 + (counts[:n] > 0).sum(axis=0)))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    scores = vectors[n:] @ vectors[:n].T
    by_id = np.argsort(np.array(one.doc_ids))
    order = by_id[np.argsort(-scores[:, by_id], axis=1, kind="stable")][:, :depth]
    return order.astype(np.int32), np.take_along_axis(scores, order, axis=1).astype(np.float32)


def make(
    store: Store,
    systems: tuple[str, ...] = ("words", "trigrams"),
    references: tuple[str, ...] = ("initials",),
    groups: dict[str, str] = GROUPS,
    margin: float = 0.02,
) -> Sample:
    study = Study(
        name="sample",
        question=f"Do {', '.join(systems[1:])} find more than {systems[0]}?",
        systems=systems,
        references=references,
        collections=tuple(groups),
        measures=("nDCG@10", "RR@10", "R@100"),
        margin=margin,
        slices=("kind",),
        n_resamples=2000,
    )
    sample = Sample(study, [study], store, [collection(*g) for g in groups.items()])
    values: list[dict[str, dict[str, np.ndarray]]] = []
    rankings: list[dict[str, Ranking]] = []
    for one in sample.collections:
        rankings.append({s: _ranking(sample, one, s) for s in (*systems, *references)})
        values.append({s: _scores(sample, one, r) for s, r in rankings[-1].items()})
    _decide(sample, values, rankings)
    return sample


def _ranking(sample: Sample, one: Collection, system: str) -> Ranking:
    documents, scores = rank(one, SYSTEMS[system], sample.study.depth)
    p, store = one.provenance, sample.store
    card = {
        "name": one.name,
        "checksum": one.checksum,
        "n_queries": len(one.queries),
        "n_documents": len(one.corpus),
        "n_judgements": len(one.qrels),
        "query_modality": "text",
        "document_modality": "text",
        "licence": p.licence,
        "source": p.source,
        "contamination": p.contamination,
        "labels": p.labels,
        "notes": list(p.notes),
        "is_user_data": p.is_user_data,
        "drop_self_matches": False,
    }
    setup = {
        "query_prompt": "query: " if system == "stems" else None,
        "document_prompt": None,
        "pooling": None,
        "max_length": None,
        "normalised": True,
        "similarity": "cosine",
        "dtype": "float32",
        "n_dims": 384 if system != "initials" else None,
        "n_parameters": None,
        "bytes_per_vector": 1536.0 if system != "initials" else None,
        "licence": "Apache-2.0",
        "weights_sha256": None,
        "unused_weights": [],
        "warnings": ["the model's own config names the prompt “passage: ”, which was not used"]
        if system == "stems"
        else [],
    }
    return _put(
        sample,
        Ranking(
            system=system,
            spelling=system,
            setup=setup,
            collection=card,
            depth=sample.study.depth,
            policies=POLICIES,
            query_ids=store.put_json(list(one.query_ids)),
            doc_ids=store.put_json(list(one.doc_ids)),
            documents=store.put_array(documents),
            scores=store.put_array(scores),
            observed={"wall_s": 0.5, "texts_per_s": 61.0 if system == "words" else 60.2},
        ),
    )


def _put(sample, record):
    sample.store.put(record)
    sample.records.append(record)
    return record


def _scores(sample: Sample, one: Collection, ranking: Ranking) -> dict[str, np.ndarray]:
    names = [*sample.study.measures, "Judged@10", condensed(sample.study.primary)]
    documents, scores = sample.store.array(ranking.documents), sample.store.array(ranking.scores)
    run = {
        q: {one.doc_ids[d]: float(s) for d, s in zip(documents[i], scores[i], strict=True)}
        for i, q in enumerate(one.query_ids)
    }
    found: dict[str, dict[str, float]] = {n: {} for n in names}
    for m in ir_measures.iter_calc(
        [ir_measures.parse_measure(n) for n in names], {q: dict(g) for q, g in one.qrels.items()}, run
    ):
        found[str(m.measure)][m.query_id] = m.value
    arrays = {n: np.array([found[n].get(q, 0.0) for q in one.query_ids]) for n in names}
    for n, array in arrays.items():
        _put(
            sample,
            Score(
                system=ranking.system,
                collection=one.name,
                measure=n,
                query_ids=ranking.query_ids,
                values=sample.store.put_array(array),
                mean=float(array.mean()),
                parents=(ranking.id,),
            ),
        )
    return arrays


def _decide(sample: Sample, values, rankings) -> None:
    study = sample.study
    base, others = study.systems[0], study.systems[1:]
    clusters = [stats.cluster_queries(c.query_ids, c.qrels, c.groups) for c in sample.collections]
    primary = [
        stats.Differences(np.stack([v[s][study.primary] - v[base][study.primary] for s in others]), g)
        for v, g in zip(values, clusters, strict=True)
    ]
    family = f"{len(others) * len(primary)} comparisons: {len(primary)} collections × {len(others)} systems"
    estimates = stats.simultaneous(primary, n_resamples=study.n_resamples, seed=study.seed)
    for c, v, g, row, ranking in zip(sample.collections, values, clusters, estimates, rankings, strict=True):
        means = _means(sample, c, v, g)
        for system, e in zip(others, row, strict=True):
            _comparison(sample, c, (v, ranking), (base, system), e, (family, means))
            for measure in [*study.measures[1:], condensed(study.primary)]:
                d = stats.Differences((v[system][measure] - v[base][measure])[None], g)
                _finding(
                    sample,
                    "difference",
                    {"system": system, "baseline": base, "collection": c.name, "measure": measure},
                    stats.simultaneous([d], n_resamples=study.n_resamples, seed=study.seed)[0][0],
                    measure,
                    tested=False,
                )
            for value in ("class", "function"):
                mask = np.array([c.columns["kind"][q] == value for q in c.query_ids])
                d = stats.Differences((v[system][study.primary] - v[base][study.primary])[None, mask], g[mask])
                site = {
                    "system": system,
                    "baseline": base,
                    "collection": c.name,
                    "measure": study.primary,
                    "column": "kind",
                    "value": value,
                    "named": system != "stems",
                }
                _finding(
                    sample,
                    "slice",
                    site,
                    stats.simultaneous([d], n_resamples=study.n_resamples, seed=0)[0][0],
                    study.primary,
                    tested=system != "stems",
                )
    for j, (system, e) in enumerate(
        zip(others, stats.mean_over(primary, n_resamples=study.n_resamples, seed=study.seed), strict=True)
    ):
        site = {
            "system": system,
            "baseline": base,
            "measure": study.primary,
            "collections": [c.name for c in sample.collections],
        }
        _finding(sample, "mean over collections", site, e, study.primary, label=str(stats.label(e, study.margin)))
        if len(primary) >= 5:
            pooled = stats.random_effects([r[j].effect for r in estimates], [r[j].standard_error for r in estimates])
            _put(
                sample,
                Finding(
                    estimand="random effects",
                    site=site,
                    value=pooled.effect,
                    low=pooled.low,
                    high=pooled.high,
                    n=e.n,
                    n_clusters=e.n_clusters,
                    unit=study.primary,
                    details={
                        "tau2": pooled.tau2,
                        "i2": pooled.i2,
                        "prediction_low": pooled.predict_low,
                        "prediction_high": pooled.predict_high,
                    },
                ),
            )


def _means(sample: Sample, c: Collection, v, g) -> dict[str, dict[str, float]]:
    names = list(v)
    letters = stats.group_letters(
        np.stack([v[s][sample.study.primary] for s in names]), g, names, n_resamples=500, seed=0
    )
    result = {}
    for measure in [*sample.study.measures, "Judged@10", condensed(sample.study.primary)]:
        found = stats.mean_intervals(np.stack([v[s][measure] for s in names]), g, n_resamples=500, seed=0)
        for s, interval in zip(names, found, strict=True):
            low, high = float(interval[-2]), float(interval[-1])
            mean = float(v[s][measure].mean())
            result[s, measure] = mean
            _put(
                sample,
                Finding(
                    estimand="mean",
                    site={"system": s, "collection": c.name, "measure": measure},
                    value=mean,
                    low=low,
                    high=high,
                    n=len(g),
                    n_clusters=len(set(g.tolist())),
                    unit=measure,
                    details={"letters": letters[s]} if measure == sample.study.primary else {},
                ),
            )
    return result


def _details(e: stats.Estimate, margin: float, **more) -> dict:
    keep = ("win", "tie", "loss", "probability_of_improvement", "d_z", "standard_error")
    return (
        {k: v for k, v in asdict(e).items() if k in keep}
        | {
            "rules_out_loss_above": e.rules_out_loss_above,
            "rules_out_gain_above": e.rules_out_gain_above,
            "queries_to_decide": stats.queries_to_decide(e, margin),
        }
        | more
    )


def _finding(sample: Sample, estimand: str, site, e: stats.Estimate, unit: str, tested: bool = True, **more) -> Finding:
    p = {"p": e.p, "p_adjusted": e.p_adjusted, "test": e.test} if tested else {}
    excerpts = more.pop("excerpts", ())
    family = more.pop("family", "")
    return _put(
        sample,
        Finding(
            estimand=estimand,
            site=site,
            value=e.effect,
            low=e.low,
            high=e.high,
            n=e.n,
            n_clusters=e.n_clusters,
            unit=unit,
            details=_details(e, sample.study.margin, **more),
            excerpts=excerpts,
            family=family,
            **p,
        ),
    )


def _comparison(sample: Sample, c: Collection, evidence, pair: tuple[str, str], e: stats.Estimate, context) -> None:
    (v, rankings), (base, system), (family, means) = evidence, pair, context
    study = sample.study
    site = {"system": system, "baseline": base, "collection": c.name, "measure": study.primary}
    finding = _finding(
        sample, "difference", site, e, study.primary, excerpts=_excerpts(sample, c, v, rankings, pair), family=family
    )
    word = str(stats.label(e, study.margin))
    judged = {"base": means[base, "Judged@10"], "system": means[system, "Judged@10"]}
    _put(
        sample,
        Verdict(
            claim={"HELPS": "helps", "HARMS": "harms"}.get(word, "same"),
            verdict=word,
            system=system,
            baseline=base,
            collection=c.name,
            measure=study.primary,
            effect=e.effect,
            low=e.low,
            high=e.high,
            n=e.n,
            n_clusters=e.n_clusters,
            margin=study.margin,
            base_mean=means[base, study.primary],
            system_mean=means[system, study.primary],
            reason="by the interval against the margin",
            details=_details(e, study.margin, judged=judged),
            parents=(finding.id, study.id),
        ),
    )


def _excerpts(sample: Sample, c: Collection, v, rankings, pair: tuple[str, str]) -> tuple[dict, ...]:
    base, system = pair
    values = [v[s][sample.study.primary] for s in pair]
    delta = values[1] - values[0]
    lists = [sample.store.array(rankings[s].documents) for s in pair]
    texts = {i.id: i.text for i in c.corpus}
    chosen = [int(q) for q in np.argsort(delta, kind="stable") if delta[q] < 0][:5] + [
        int(q) for q in np.argsort(-delta, kind="stable") if delta[q] > 0
    ][:5]
    result = []
    for q in chosen:
        query = c.queries[q]
        ranks = [{c.doc_ids[d]: r for r, d in enumerate(one[q], 1)} for one in lists]
        firsts = [next(iter(r)) for r in ranks]
        gains = c.qrels[query.id]
        result.append(
            {
                "query_id": query.id,
                "query": query.text,
                "group": None,
                "delta": float(delta[q]),
                "base_value": float(values[0][q]),
                "system_value": float(values[1][q]),
                "relevant": [
                    {
                        "doc_id": d,
                        "text": (texts[d] or "")[:400],
                        "rank_base": ranks[0].get(d),
                        "rank_system": ranks[1].get(d),
                    }
                    for d in gains
                    if d in texts
                ],
                "base_first": {
                    "doc_id": firsts[0],
                    "text": (texts[firsts[0]] or "")[:400],
                    "gain": gains.get(firsts[0]),
                },
                "system_first": {
                    "doc_id": firsts[1],
                    "text": (texts[firsts[1]] or "")[:400],
                    "gain": gains.get(firsts[1]),
                },
            }
        )
    return tuple(result)
