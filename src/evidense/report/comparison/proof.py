"""Proof: what a reviewer asks for: policies, families of comparisons, checksums, and the id of every record."""

from dataclasses import dataclass

from evidense.boundary.numerals import count, interval, level, plain, short, signed
from evidense.records import (
    Checkpoint,
    Finding,
    Outcome,
    QueryTexts,
    Ranking,
    Recipe,
    Record,
    Score,
    Study,
    canonical_json,
)
from evidense.report.comparison.sections import Fact
from evidense.report.contents import Contents


@dataclass(frozen=True)
class RecordLine:
    """One record: its kind, what it is about, what it says, its id."""

    kind: str
    about: str
    value: str
    id: str


def study_facts(contents: Contents) -> list[Fact]:
    """Return what was fixed before the first result was seen."""
    s = contents.study
    sample = [
        f"{count(n)} {what}"
        for n, what in ((s.sample_queries, "queries"), (s.sample_documents, "documents"))
        if n is not None
    ]
    seeds = "; ".join(f"{name}: {', '.join(files)}" for name, files in s.seeds.items())
    facts = [
        ("question", s.question), ("study", s.name), ("id of the study (its pre-registration)", s.id),
        ("baseline", s.systems[0] if s.systems else ""), ("compared", ", ".join(s.systems[1:])), ("for reference", ", ".join(s.references)),
        ("training seeds", seeds),
        ("collections", ", ".join(s.collections)), ("sample of each", ", ".join(sample)), ("measures, primary first", ", ".join(s.measures)),
        ("margin", f"±{short(s.margin)}"), ("confidence", level(s.confidence)), ("slices named beforehand", ", ".join(s.slices)),
        ("claims", ", ".join(s.claims)), ("trained on", ", ".join(s.trained_on)), ("best of", "the best of these is taken" if s.best_of else ""),
        ("looks planned", count(s.looks) if s.looks else ""), ("factorial", canonical_json(s.factorial) if s.factorial else ""),
        ("arms", canonical_json(list(s.arms)) if s.arms else ""), ("seed", str(s.seed)), ("resamples", count(s.n_resamples)), ("depth", count(s.depth)),
    ]  # fmt: skip
    return [(what, value) for what, value in facts if value]


def families(contents: Contents) -> list[str]:
    """Return the families that p-values and intervals are adjusted over."""
    findings = [f for f in contents.records if isinstance(f, Finding)]
    return list(dict.fromkeys(f.family for f in findings if f.family and not f.family.startswith("none")))


def policies(contents: Contents) -> list[Fact]:
    """Return each policy once; where systems differ, with whom it is about."""
    systems_of_policy: dict[tuple[str, str], list[str]] = {}
    for (system, _), ranking in contents.rankings.items():
        for name, sentence in ranking.policies.items():
            users = systems_of_policy.setdefault((name.replace("_", " "), sentence), [])
            users += [system] if system not in users else []
    everyone = len(contents.everyone)
    return [
        (name, sentence if len(users) == everyone else f"{sentence} ({', '.join(users)})")
        for (name, sentence), users in sorted(systems_of_policy.items())
    ]


def checksums(contents: Contents) -> list[Fact]:
    """Return collection → sha256 over ids, contents and judgements."""
    return [(c, next(str(r.collection["checksum"]) for (_, collection), r in contents.rankings.items() if collection == c)) for c in contents.collections
            if any(collection == c for _, collection in contents.rankings)]  # fmt: skip


def pooled(contents: Contents) -> list[Fact]:
    """Return the estimates for new collections, with how much collections differ."""
    facts = []
    for system, f in contents.beyond.items():
        d = f.details
        words = f"{signed(f.value)} {interval(f.low, f.high)}, expected in a new one {interval(d.get('prediction_low'), d.get('prediction_high'))}"
        facts.append(
            (
                f"{system}: a new collection like these",
                f"{words}; τ² {plain(d.get('tau2'), 5)}, I² {plain(d.get('i2'), 2)}",
            )
        )
    return facts


def lines(contents: Contents) -> list[RecordLine]:
    """Return every record on which the page rests."""
    return [_line(r) for r in contents.records]


def _line(record: Record) -> RecordLine:
    match record:
        case Study():
            return RecordLine(record.kind, record.name, "", record.id)
        case Recipe():
            return RecordLine(
                record.kind,
                f"{record.objective or 'backbone'} · seed {record.seed}",
                f"{count(record.n_steps)} steps",
                record.id,
            )
        case Checkpoint():
            return RecordLine(
                record.kind, f"weights {record.weights_sha256[:12]}", f"{count(record.n_pairs)} pairs", record.id
            )
        case Ranking():
            return RecordLine(
                record.kind, f"{record.system} · {record.collection['name']}", f"top {record.depth}", record.id
            )
        case Score():
            return RecordLine(
                record.kind, f"{record.system} · {record.collection} · {record.measure}", plain(record.mean), record.id
            )
        case QueryTexts():
            return RecordLine(
                record.kind,
                record.collection,
                f"{count(record.n_kept)} of {count(record.n_queries)} queries",
                record.id,
            )
        case Outcome():
            return RecordLine(
                record.kind, f"{record.system} · {record.collection} · {record.claim}", record.verdict, record.id
            )
        case Finding():
            return RecordLine(record.kind, _about(record), f"{_value(record)} n {count(record.n)}", record.id)
    return RecordLine(record.kind, "", "", record.id)


def _about(finding: Finding) -> str:
    keys = ("system", "cell", "effect", "collection", "measure", "column", "value")
    return " · ".join([finding.estimand, *(str(finding.site[k]) for k in keys if k in finding.site)])


def _value(finding: Finding) -> str:
    if finding.estimand == "queries":
        return f"{count(finding.n_clusters)} {finding.unit} of"
    if finding.estimand in {"mean", "cell mean", "standing"}:
        return f"{plain(finding.value)} {interval(finding.low, finding.high, sign=False)}"
    return f"{signed(finding.value)} {interval(finding.low, finding.high)}"
