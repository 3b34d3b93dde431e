"""Effect rows: what the first screen of a factorial says: a sentence an effect, and its rows on one scale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from evidense.boundary.numerals import count, interval, signed
from evidense.compute.comparison.lineup import ROLES
from evidense.records import Finding, Outcome
from evidense.report.comparison.answer import names
from evidense.report.factorial.effects import Effects, title
from evidense.report.rendering import without_sample
from evidense.report.scale import Scale
from evidense.report.words import Word, groups_text, word_of


@dataclass(frozen=True)
class EffectRow:
    """One effect on one collection (or over several), ready to print; places are percent of the plot's width."""

    word: Word | None
    name: str
    tags: tuple[str, ...]
    effect: str
    interval: str
    n: str
    clusters: str
    seeds: str
    note: str
    at: float
    start: float
    end: float
    wide: tuple[float, float] | None = None
    anchor: str = ""


@dataclass(frozen=True)
class EffectGroup:
    """One effect: its sentence and its rows."""

    effect: str
    title: str
    lead: Word | None
    sentence: Markup
    rows: tuple[EffectRow, ...]
    summary: tuple[EffectRow, ...]


def scale_of(effects: Effects, measure: str) -> Scale:
    """Return the scale that holds every interval of the page."""
    single = [f for (_, _, m), f in effects.effects.items() if m == measure]
    pooled = [
        f for (_, m, _), findings in (*effects.means.items(), *effects.beyond.items()) if m == measure for f in findings
    ]
    return Scale.over([x for f in (*single, *pooled) for x in (f.value, f.low, f.high)], effects.study.margin)


def group(effects: Effects, effect: str, measure: str, scale: Scale) -> EffectGroup:
    """Return all that is said about one effect."""
    findings = effects.of_effect(effect, measure)
    rows = tuple(_row(effects, f, scale) for f in findings)
    verdicts = [v for f in findings if (v := effects.verdicts.get((effect, f.site["collection"])))]
    means = [
        v
        for role in (*ROLES, "all")
        for f in effects.means.get((effect, measure, role), ())
        if (v := _verdict_on(effects, f))
    ]
    means = [v for v in means if v.details.get("direction", "all") == "all"]
    lead = word_of(_overall(means or verdicts)) if verdicts else None
    return EffectGroup(
        effect, title(effect), lead, sentence(verdicts, means), rows, tuple(_summary(effects, effect, measure, scale))
    )


def _overall(verdicts: Sequence[Outcome]) -> str:
    """Return the one word that all collections share, else UNDECIDED."""
    words = {v.verdict for v in verdicts}
    return words.pop() if len(words) == 1 else "UNDECIDED"


def sentence(verdicts: Sequence[Outcome], means: Sequence[Outcome] = ()) -> Markup:
    """Say what a claim comes to in the means, by role, and on which collections it holds, fails, and is not decided; never more than these."""
    if means:
        values = Markup("; ").join(_mean_sentence(v) for v in means)
        return Markup("{}. One by one: {}").format(
            values, sentence([replace(v, collection=without_sample(v.collection)) for v in verdicts])
        )
    if not verdicts:
        return Markup("no verdict.")
    by_word: dict[str, list[str]] = {}
    for verdict in sorted(verdicts, key=lambda v: -word_of(v.verdict).rank):
        by_word.setdefault(verdict.verdict, []).append(verdict.collection)
    n = len(verdicts)
    parts = [
        Markup("<b>{} {}</b> on {}").format(word_of(word).icon, word, names(collections, n))
        for word, collections in by_word.items()
    ]
    return Markup("; ").join(parts) + "."


def _mean_sentence(verdict: Outcome) -> Markup:
    word = word_of(verdict.verdict)
    where = verdict.collection.removeprefix("mean of these ")
    values = f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}"
    return Markup("<b>{} {}</b> {} over {}").format(word.icon, word.word, values, where)


def _row(effects: Effects, finding: Finding, scale: Scale) -> EffectRow:
    site, d = finding.site, finding.details
    verdict = effects.verdicts.get((site["effect"], site["collection"]))
    tags = tuple(str(site[k]) for k in ("role", "direction") if site.get(k))
    n_seeds = int(d.get("n_seeds", 1))
    return EffectRow(
        word=word_of(verdict.verdict) if verdict else None,
        name=str(site["collection"]),
        tags=tags,
        effect=signed(finding.value),
        interval=interval(finding.low, finding.high),
        n=count(finding.n),
        clusters=groups_text(finding.n_clusters),
        seeds=" ".join(signed(float(s)) for s in d.get("seeds") or ()) if n_seeds <= 10 else f"{n_seeds} seeds",
        note=_note(verdict, d),
        at=scale.at(finding.value),
        start=scale.at(finding.low if finding.low is not None else finding.value),
        end=scale.at(finding.high if finding.high is not None else finding.value),
    )


def _note(verdict: Outcome | None, details: dict[str, object] | object) -> str:
    logit = details.get("logit") if isinstance(details, dict) else None
    parts = [verdict.reason] if verdict and verdict.reason else []
    if isinstance(logit, dict) and logit.get("value") is not None:
        parts.append(f"on logits {signed(logit['value'])} {interval(logit.get('low'), logit.get('high'))}")
    return "; ".join(parts)


def _summary(effects: Effects, effect: str, measure: str, scale: Scale) -> Iterator[EffectRow]:
    """Yield the means over collections and, from five collections on, what a new one would show."""
    for (name, unit, role), findings in effects.means.items():
        if (name, unit) == (effect, measure):
            yield from (_over(effects, f, role, scale) for f in findings)
    for (name, unit, role), findings in effects.beyond.items():
        if (name, unit) == (effect, measure):
            yield from (_beyond(f, role, scale) for f in findings)


def _over(effects: Effects, finding: Finding, role: str, scale: Scale) -> EffectRow:
    collections = list(finding.site.get("collections") or ())
    verdict = _verdict_on(effects, finding)
    which = "" if role == "all" else f"{role} "
    row = _wide_row(finding, f"mean of these {len(collections)} {which}collections", scale)
    if verdict is None:
        return row
    return EffectRow(**{**row.__dict__, "word": word_of(verdict.verdict), "note": verdict.reason})


def _verdict_on(effects: Effects, finding: Finding) -> Outcome | None:
    return next((v for v in effects.verdicts.values() if finding.id in v.parents), None)


def _beyond(finding: Finding, role: str, scale: Scale) -> EffectRow:
    d = finding.details
    low, high = d.get("prediction_low"), d.get("prediction_high")
    which = "" if role == "all" else f" {role}"
    row = _wide_row(finding, f"a new{which} collection like these", scale)
    note = f"expected between {signed(low)} and {signed(high)}; I² {float(d.get('i2') or 0):.0%}"
    wide = (scale.at(low), scale.at(high)) if low is not None and high is not None else None
    return EffectRow(**{**row.__dict__, "note": note, "wide": wide})


def _wide_row(finding: Finding, name: str, scale: Scale) -> EffectRow:
    direction = str(finding.site.get("direction") or "")
    return EffectRow(
        word=None, name=name, tags=(direction,) if direction and direction != "all" else (), effect=signed(finding.value),
        interval=interval(finding.low, finding.high), n=count(finding.n),
        clusters=groups_text(finding.n_clusters), seeds="", note="",
        at=scale.at(finding.value), start=scale.at(finding.low if finding.low is not None else finding.value),
        end=scale.at(finding.high if finding.high is not None else finding.value),
    )  # fmt: skip
