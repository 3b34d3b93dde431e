"""Forest: the rows of the first screen. Each row is one effect with its interval, and all rows share one scale."""

from dataclasses import dataclass, replace

from evidense.boundary.numerals import count, interval, plain, signed
from evidense.records import Finding, Verdict
from evidense.report.comparison.seeds import seeds_text
from evidense.report.contents import Contents
from evidense.report.scale import Scale
from evidense.report.words import WORDS, Word, groups_text, note
from evidense.stats.rule import too_few

SHOWN_REFERENCES = 2
"""References that a row names; the table of values has them all."""


@dataclass(frozen=True)
class Row:
    """One row, ready to print; places are percent of the plot's width."""

    word: Word | None
    name: str
    href: str
    values: str
    """Absolute: baseline → system."""
    effect: str
    interval: str
    n: str
    clusters: str
    tally: str
    note: str
    at: float
    start: float
    end: float
    wide: tuple[float, float] | None = None
    """Ends of a prediction interval, drawn thin."""
    order: tuple[float, ...] = ()
    """What sorting goes by: word, effect, n, wins less losses."""

    @property
    def spoken(self) -> str:
        """Return what a screen reader says instead of the plot."""
        return f"{self.effect} {self.interval}"


@dataclass(frozen=True)
class SystemRows:
    """The rows of one system, worst first, with the mean over these collections below."""

    system: str
    rows: list[Row]
    summary: list[Row]


def scale_of(contents: Contents) -> Scale:
    """Return the scale that holds every interval that is drawn on the first screen."""
    ends: list[float | None] = [x for v in contents.verdicts.values() for x in _drawn(v)]
    ends += [x for f in (*contents.pooled.values(), *contents.beyond.values()) for x in (f.low, f.high)]
    return Scale.over(ends, contents.study.margin)


def group(contents: Contents, system: str, scale: Scale) -> SystemRows:
    """Return everything that is said about one system."""
    verdicts = contents.worst_first(system)
    summary = [*_pooled(contents.pooled.get(system), verdicts, scale), *_beyond(contents.beyond.get(system), scale)]
    return SystemRows(system, [_row(contents, v, scale) for v in verdicts], summary if len(verdicts) > 1 else [])


def anchor(contents: Contents, system: str, collection: str) -> str:
    """Return the id of the part of the page that shows one comparison; never made of a name."""
    return f"c{contents.collections.index(collection) + 1}-s{contents.systems.index(system) + 1}"


def _row(contents: Contents, verdict: Verdict, scale: Scale) -> Row:
    word, d = WORDS[verdict.verdict], verdict.details
    win, tie, loss = (int(d.get(k, 0)) for k in ("win", "tie", "loss"))
    low, high = _drawn(verdict)
    return Row(
        word=word,
        name=verdict.collection,
        href=anchor(contents, verdict.system, verdict.collection),
        values=_values(contents, verdict),
        effect=signed(verdict.effect),
        interval=interval(verdict.low, verdict.high),
        n=count(verdict.n),
        clusters=groups_text(verdict.n_clusters),
        tally=f"{count(win)} / {count(tie)} / {count(loss)}",
        note=note(verdict),
        at=scale.at(verdict.effect),
        start=scale.at(low),
        end=scale.at(high),
        order=(word.rank, verdict.effect, verdict.n, win - loss),
    )


def _drawn(verdict: Verdict) -> tuple[float, float]:
    """The ends of the bar; the effect alone where so few groups say nothing of how far it may be off."""
    return (verdict.effect, verdict.effect) if too_few(verdict.n_clusters) else (verdict.low, verdict.high)


def _values(contents: Contents, verdict: Verdict) -> str:
    """Baseline → system, what each seed and what the first references reach."""
    means = [
        (s, contents.means.get((s, verdict.collection, verdict.measure)))
        for s in contents.references[:SHOWN_REFERENCES]
    ]
    beside = [f"{system} {plain(f.value)}" for system, f in means if f is not None]
    seeds = [text] if (text := seeds_text(verdict.details)) else []
    return " · ".join([f"{plain(verdict.base_mean)} → {plain(verdict.system_mean)}", *seeds, *beside])


def _pooled(finding: Finding | None, verdicts: list[Verdict], scale: Scale) -> list[Row]:
    if finding is None:
        return []
    label = str(finding.details.get("label", ""))
    n_harms = sum(v.verdict == "HARMS" for v in verdicts)
    harmed = "one collection is" if n_harms == 1 else f"{n_harms} collections are"
    hides = f"although {harmed} harmed" if n_harms and label != "HARMS" else ""
    row = _summary(finding, f"mean of these {len(verdicts)}", scale)
    return [replace(row, word=WORDS.get(label), note=hides)]


def _beyond(finding: Finding | None, scale: Scale) -> list[Row]:
    if finding is None:
        return []
    row = _summary(finding, "a new collection like these", scale)
    low, high = finding.details.get("prediction_low"), finding.details.get("prediction_high")
    if low is None or high is None:
        return [row]
    wide = (scale.at(low), scale.at(high))
    seeds = "; luck of a seed on all collections alike is not in it" if "n_seeds" in finding.details else ""
    return [replace(row, wide=wide, note=f"expected between {signed(low)} and {signed(high)}{seeds}")]


def _summary(finding: Finding, name: str, scale: Scale) -> Row:
    d = finding.details
    return Row(
        word=None,
        name=name,
        href="evidence",
        values="",
        effect=signed(finding.value),
        interval=interval(finding.low, finding.high),
        n=count(finding.n),
        clusters=groups_text(finding.n_clusters),
        tally=f"{count(d['win'])} / {count(d['tie'])} / {count(d['loss'])}" if "win" in d else "",
        note="",
        at=scale.at(finding.value),
        start=scale.at(finding.low),
        end=scale.at(finding.high),
    )
