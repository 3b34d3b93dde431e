"""Lines: what the terminal says while a study runs. Verdicts to stdout as they are ready, progress to stderr."""

import shutil
import sys
from collections.abc import Sequence

from evidense.boundary.numerals import count, duration, interval, plain, signed
from evidense.boundary.streams import replace_line
from evidense.records import Check, Checkpoint, Finding, Outcome, Ranking, Record, Study

MEASURED_TEXTS, MEASURED_S = 1_000, 2.0
"""What must have been encoded, and for how many seconds, before a speed says something of the next run."""
CLAIMED = {
    "pretraining_adds": "pre-training adds",
    "finetuning_adds": "fine-tuning adds",
    "they_interact": "they interact",
}
"""Claim → how it is named in a line."""


def verdict_line(verdict: Outcome, width: int) -> str:
    """Return one verdict as a line: word, system, effect [interval], n and win/tie/loss."""
    from evidense.report.words import WORDS

    d = verdict.details
    effect = f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}"
    worth = f" (worth {verdict.n_clusters:,})" if "effective_queries" in d else ""
    counts = f"n {verdict.n:,}{worth}  {d['win']}/{d['tie']}/{d['loss']}"
    claim = f"  claim '{verdict.claim}'" if verdict.verdict not in WORDS else ""
    note = f"  {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {_badge(verdict.verdict, 9)} {verdict.system:<{width}} {effect}  {counts}{claim}{note}"


def say_collection(study: Study, records: Sequence[Record]) -> None:
    """Print the verdicts of one collection, or what an analysis found, or what came of claims."""
    _clear()
    if say_inside(records):
        return
    verdicts = [r for r in records if isinstance(r, Outcome)]
    if not verdicts:
        return
    print(f"{verdicts[0].collection}  ({study.primary} of {verdicts[0].baseline}: {verdicts[0].base_mean:.3f})")
    width = max(len(v.system) for v in verdicts)
    for verdict in verdicts:
        print(verdict_line(verdict, width))
    for line in note_lines(study, records):
        print(line)
    sys.stdout.flush()


def note_lines(study: Study, records: Sequence[Record]) -> list[str]:
    """Return a line for everything to beware of on one collection, each once: what its page says on the first screen."""
    from evidense.report.comparison.notes import notes_on
    from evidense.report.contents import Contents

    contents = Contents.of(study, records)
    notes = dict.fromkeys(note for system in contents.systems for note in notes_on(contents, system))
    return [f"  ⚠ {note.system}: {note.text}" for note in notes]


def say_speeds(records: Sequence[Record]) -> None:
    """Say to stderr how fast systems encoded here and how long trainings took: luck, which stays out of every file.

    A speed is told where enough was encoded for it to be one: MEASURED_TEXTS in MEASURED_S, over all collections.
    """
    spent: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        if isinstance(record, Ranking) and record.observed.get("texts_per_s"):
            encode_s, speed = (float(record.observed[key]) for key in ("encode_s", "texts_per_s"))
            spent.setdefault(record.system, []).append((encode_s * speed, encode_s))
    totals = {
        system: [sum(column) for column in zip(*counts_and_seconds, strict=True)]
        for system, counts_and_seconds in spent.items()
    }
    speeds = {s: n / wall_s for s, (n, wall_s) in totals.items() if n >= MEASURED_TEXTS and wall_s >= MEASURED_S}
    trained_s = sum(float(r.observed.get("wall_s", 0)) for r in records if isinstance(r, Checkpoint))
    said = [f"{system} {speed:,.0f} texts/s" for system, speed in speeds.items()]
    said += [f"trainings {duration(trained_s)}"] if trained_s else []
    if said:
        print(f"speed here: {', '.join(said)}", file=sys.stderr)


def say_best(records: Sequence[Record]) -> None:
    """Print which of several candidates is best, and what it is worth."""
    from evidense.report.comparison.looks import best_sentence
    from evidense.report.words import word_of

    for finding in records:
        if isinstance(finding, Finding) and finding.estimand == "winner":
            print(f"{word_of(str(finding.details['label'])).icon} {best_sentence(finding)}")
    sys.stdout.flush()


def say_shared(study: Study, records: Sequence[Record]) -> None:
    """Print which collections hold the same queries or share what these are about."""
    from evidense.report.comparison.shared import shared_sentences
    from evidense.report.contents import Contents

    for sentence in shared_sentences(Contents.of(study, records)):
        print(f"⚠ {sentence}")
    sys.stdout.flush()


def say_looks(study: Study) -> None:
    """Say to stderr how often these queries were looked at: it depends on what this store has seen, not on the study."""
    from evidense.report.comparison.looks import sentences

    for sentence in sentences(study):
        print(sentence, file=sys.stderr)


def say_effects(study: Study, records: Sequence[Record]) -> None:
    """Print, of a collection of a study that trained its systems, the three claims, then what each stage and arm did."""
    _clear()
    if say_inside(records):
        return
    verdicts = [r for r in records if isinstance(r, Outcome)]
    if not verdicts:
        return
    marks = " · ".join(str(verdicts[0].details[key]) for key in ("role", "direction") if verdicts[0].details.get(key))
    print(f"{verdicts[0].collection}  ({f'{marks}, ' if marks else ''}{study.primary})")
    width = max(len(_name(v)) for v in verdicts)
    for verdict in verdicts:
        print(effect_line(verdict, width))
    sys.stdout.flush()


def say_inside(records: Sequence[Record]) -> bool:
    """Print one line for what an analysis found, and one for each verdict on a claim of the literature; say whether there was any."""
    findings = [r for r in records if isinstance(r, Finding) and "analysis" in r.site]
    ledger = [r for r in records if isinstance(r, Check) and r.about == "literature"]
    if findings:
        print(finding_line(findings))
    for verdict in ledger:
        if verdict.effect is not None:
            print(ledger_line(verdict))
    for line in _empty_lines(ledger):
        print(line)
    sys.stdout.flush()
    return bool(findings or ledger)


def finding_line(findings: Sequence[Finding]) -> str:
    """Return what one analysis found on one collection as a line: how many findings, and what could not be estimated."""
    site, missing = findings[0].site, [f for f in findings if f.value is None]
    summary = _told(findings)
    reasons = list(dict.fromkeys(str(f.details["reason"]) for f in missing if f.details.get("reason")))
    why = f"; {len(missing):,} without value: {reasons[0]}" if reasons else ""
    n = f"{len(findings):,} finding{'s' if len(findings) != 1 else ''}"
    return f"  · {str(site['analysis']).replace('_', ' '):<12} {site.get('collection', '')}: {n}{f'; {summary}' if summary else ''}{why}"


def _told(findings: Sequence[Finding]) -> str:
    from evidense.report.inside.told import told

    tuned = [f for f in findings if f.site.get("role") == "tuned" and f.site.get("against") and f.value is not None]
    first = [f for f in tuned if f.site.get("subject") == tuned[0].site.get("subject")] if tuned else []
    return told(first).rstrip(".")


def ledger_line(verdict: Check) -> str:
    """Return one verdict of the ledger as a line: word, code, level, effect [interval], n, and the claim."""
    d = verdict.details
    known = verdict.effect is not None
    effect = f" {signed(verdict.effect)} {interval(verdict.low, verdict.high)}  n {verdict.n:,} " if known else " "
    where = f" ({verdict.system}, {verdict.collection})" if known and verdict.system else ""
    why = f": {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {_badge(verdict.verdict)} {d['code']!s:<4} {d.get('level', ''):<9}{effect} {str(d['sentence']).rstrip('.')}{where}{why}"


def _badge(verdict: str, width: int = 12) -> str:
    """Return icon and word of a verdict, padded to a width."""
    from evidense.report.words import word_of

    word = word_of(verdict)
    return f"{word.icon} {word.word:<{width}}"


def _empty_lines(ledger: Sequence[Check]) -> list[str]:
    """Return one line for all claims that nothing here speaks of, and one for those that no experiment can test."""
    why = {
        "UNDECIDED": "no evidence here; the page names what would decide each",
        "NOT_TESTABLE": "no experiment can test them; the page says why",
    }
    known = {v.details["code"] for v in ledger if v.effect is not None}
    empty = [v for v in ledger if v.details["code"] not in known]
    codes = {word: list(dict.fromkeys(str(v.details["code"]) for v in empty if v.verdict == word)) for word in why}
    return [f"  {_badge(word)} {', '.join(codes[word])}: {reason}" for word, reason in why.items() if codes[word]]


def effect_line(verdict: Outcome, width: int) -> str:
    """Return one effect as a line: word, effect [interval], the values on both sides, and why it is not decided."""
    effect = f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}"
    sides = f"{plain(verdict.base_mean)} → {plain(verdict.system_mean)}" if verdict.system != "interaction" else ""
    note = f"  {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {_badge(verdict.verdict, 9)} {_name(verdict):<{width}} {effect}  {sides}{note}".rstrip()


def _name(verdict: Outcome) -> str:
    return CLAIMED.get(verdict.claim, verdict.system)


def say_step(words: str, left_s: float) -> None:
    """Show what a study that trains is doing, on a line that the next one replaces; silent where nobody watches."""
    if sys.stderr.isatty():
        left = f", about {duration(left_s)} left" if left_s > 0 else ""
        room = max(20, shutil.get_terminal_size().columns - 1)
        replace_line(f"{words}{left}"[:room])


def say_progress(done: int, total: int, left_s: float) -> None:
    """Show how far encoding is, on a line that the next one replaces; silent where nobody watches."""
    if sys.stderr.isatty():
        replace_line(f"encoding {count(done)} of {count(total)} items, about {duration(left_s)} left")


def _clear() -> None:
    if sys.stderr.isatty():
        replace_line("")
