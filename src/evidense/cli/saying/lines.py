"""Lines of the terminal while a study runs: verdicts go to stdout as soon as they are ready, progress goes to stderr."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from evidense.boundary.numerals import count, duration, interval, plain, signed
from evidense.boundary.streams import replace_line
from evidense.parts.served import UNSEEN
from evidense.published.claim_verdicts import apart_words
from evidense.records import Check, Checkpoint, Finding, Outcome, Ranking, Record, Study, Verdict

MEASURED_TEXTS, MEASURED_S = 1_000, 2.0
"""Fewest texts and seconds of encoding for a speed that predicts the next run."""
_MANY = 6
"""Systems: of more only the slowest and the fastest are named."""
CLAIMED = {
    "pretraining_adds": "pre-training adds",
    "finetuning_adds": "fine-tuning adds",
    "they_interact": "they interact",
}
"""Claim → its name in a line."""


def verdict_line(verdict: Outcome, width: int) -> str:
    """Return one verdict as a line: word, system, effect [interval], and how many queries are better, equal and worse."""
    from evidense.report.words import WORDS, queries_words

    effect = f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}"
    claim = f"  claim '{verdict.claim}'" if verdict.verdict not in WORDS else ""
    note = f"; {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {_badge(verdict.verdict, 9)} {verdict.system:<{width}} {effect}  {queries_words(verdict)}{claim}{note}"


def say_collection(study: Study, records: Sequence[Record], servers: set[str] | None = None) -> None:
    """Print the verdicts of one collection, the findings of one analysis, or the verdicts on claims of the literature.

    `servers` holds the lines on servers that were printed for other collections, and grows.
    """
    from evidense.report.comparison.seeds import seeds_text

    clear()
    if say_inside(records):
        return
    verdicts = [r for r in records if isinstance(r, Outcome)]
    if not verdicts:
        return
    where = _place(study, records, verdicts[0].collection)
    print(f"{where}  ({study.primary} of {verdicts[0].baseline}: {plain(verdicts[0].base_mean)})")
    width = max(len(v.system) for v in verdicts)
    for verdict in verdicts:
        print(verdict_line(verdict, width))
        if isinstance(verdict, Verdict) and (seeds := seeds_text(verdict.details)):
            print(f"    {seeds}")
    said = set[str]() if servers is None else servers
    for line in note_lines(study, records):
        if line not in said:
            print(line)
        said |= {line} if UNSEEN in line else set()
    sys.stdout.flush()


def _place(study: Study, records: Sequence[Record], collection: str) -> str:
    from evidense.report.banner import with_sample
    from evidense.report.contents import Contents

    return with_sample(Contents.of(study, records), collection)


def note_lines(study: Study, records: Sequence[Record]) -> list[str]:
    """Return one line for each note on one collection. The first screen of its page holds the same notes."""
    from evidense.report.comparison.notes import notes_on
    from evidense.report.contents import Contents

    contents = Contents.of(study, records)
    notes = dict.fromkeys(note for system in contents.systems for note in notes_on(contents, system))
    return [f"  ⚠ {note.system}: {note.text}" for note in notes]


def say_figures(page: Path | None) -> None:
    """Print to stderr which figures of a page have no PDF for want of letters; nothing where PDF is not installed, which the docs say."""
    from evidense.report.comparison.paper.figures import FOLDER
    from evidense.report.comparison.paper.pdf import can_write_pdf

    drawn = sorted((page.parent / FOLDER).glob("*.svg")) if page is not None and can_write_pdf() else []
    names = ", ".join(path.name for path in drawn if not path.with_suffix(".pdf").exists())
    if names:
        print(
            f"{names}: no PDF, since its typeface lacks letters of a name; give other names (--names), or use the SVG",
            file=sys.stderr,
        )


def say_speeds(records: Sequence[Record]) -> None:
    """Print to stderr how fast systems encoded and how long trainings took. This varies between runs, so no file holds it.

    A speed is printed if at least MEASURED_TEXTS were encoded in at least MEASURED_S seconds, over all collections.
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
    phrases = [f"{system} {speed:,.0f} texts/s" for system, speed in speeds.items()]
    if len(speeds) > _MANY:
        phrases = [f"{len(speeds)} systems {min(speeds.values()):,.0f} to {max(speeds.values()):,.0f} texts/s"]
    phrases += [f"trainings {duration(trained_s)}"] if trained_s else []
    if phrases:
        print(f"speed here: {', '.join(phrases)}", file=sys.stderr)


def say_best(records: Sequence[Record]) -> None:
    """Print which of several candidates is best, with its corrected effect."""
    from evidense.report.comparison.looks import best_sentence
    from evidense.report.words import word_of

    for finding in records:
        if isinstance(finding, Finding) and finding.estimand == "winner":
            print(f"{word_of(str(finding.details['label'])).icon} {best_sentence(finding)}")
    sys.stdout.flush()


def say_shared(study: Study, records: Sequence[Record]) -> None:
    """Print which collections hold the same queries or share relevant documents."""
    from evidense.report.comparison.shared import shared_sentences
    from evidense.report.contents import Contents

    for sentence in shared_sentences(Contents.of(study, records)):
        print(f"⚠ {sentence}")
    sys.stdout.flush()


def say_looks(study: Study) -> None:
    """Print to stderr how often these queries were used. This depends on the store, not on the study."""
    from evidense.report.comparison.looks import sentences

    for sentence in sentences(study):
        print(sentence, file=sys.stderr)


def say_effects(study: Study, records: Sequence[Record]) -> None:
    """Print one collection of a study that trained its systems: the three claims and each arm, and how many lines the page has besides."""
    clear()
    if say_inside(records):
        return
    verdicts = [r for r in records if isinstance(r, Outcome)]
    if verdicts:
        _say_place(study, verdicts, ("factorial", "arm"), _place(study, records, verdicts[0].collection))
    sys.stdout.flush()


def say_means(study: Study, records: Sequence[Record]) -> None:
    """Print the means over collections of a study that trained its systems: over all, with each stage, then by role."""
    verdicts = [
        r for r in records if isinstance(r, Outcome) and r.collection.startswith("mean of") and r.details.get("role")
    ]
    for place in dict.fromkeys(v.collection for v in verdicts):
        here = [v for v in verdicts if v.collection == place]
        if here[0].details["direction"] == "all":
            groups = ("factorial", "stage") if here[0].details["role"] == "all" else ("factorial",)
            _say_place(study, here, groups, place)


def _say_place(study: Study, verdicts: Sequence[Outcome], groups: Sequence[str], place: str) -> None:
    chosen = [v for v in verdicts if v.details["group"] in groups]
    if not chosen:
        return
    marks = [str(chosen[0].details.get(key) or "all") for key in ("role", "direction")]
    print(f"{place}  ({' · '.join([mark for mark in marks if mark != 'all'] + [study.primary])})")
    width = max(len(_name(v)) for v in chosen)
    for verdict in chosen:
        print(effect_line(verdict, width))
    if rest := len(verdicts) - len(chosen):
        print(f"    {rest} more on the page: stages, controls, equal budgets")


def say_inside(records: Sequence[Record]) -> bool:
    """Print one line for the findings of an analysis and one for each verdict on a claim of the literature. Say whether there were any."""
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
    """Return one line on an analysis and a collection: the number of findings, a summary, and what could not be estimated."""
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
    """Return one verdict of the ledger as a line: word, code, level, effect [interval], n, sentence of the claim."""
    d = verdict.details
    known = verdict.effect is not None
    effect = f" {signed(verdict.effect)} {interval(verdict.low, verdict.high)}  n {verdict.n:,} " if known else " "
    of = f"an analogue of {d['code']}: " if d.get("analogue") else ""
    about = ", ".join(text for text in (verdict.system, verdict.collection, apart_words(d.get("at", {}))) if text)
    where = f" ({of}{about})" if known and verdict.system else ""
    why = f": {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {_badge(verdict.verdict)} {d['code']!s:<4} {d.get('level', ''):<9}{effect} {str(d['sentence']).rstrip('.')}{where}{why}"


def _badge(verdict: str, width: int = 12) -> str:
    """Return the icon and the word of a verdict, padded to a width."""
    from evidense.report.words import word_of

    word = word_of(verdict)
    return f"{word.icon} {word.word:<{width}}"


def _empty_lines(ledger: Sequence[Check]) -> list[str]:
    """Return one line on the claims without evidence, and one on the claims that no experiment can test."""
    why = {
        "UNDECIDED": "no evidence here; the page names what would decide each",
        "NOT_TESTABLE": "no experiment can test them; the page says why",
    }
    known = {v.details["code"] for v in ledger if v.effect is not None}
    empty = [v for v in ledger if v.details["code"] not in known]
    codes = {word: list(dict.fromkeys(str(v.details["code"]) for v in empty if v.verdict == word)) for word in why}
    return [f"  {_badge(word)} {', '.join(codes[word])}: {reason}" for word, reason in why.items() if codes[word]]


def effect_line(verdict: Outcome, width: int) -> str:
    """Return one effect as a line: word, effect [interval], the means of both sides, and the reason if it is undecided."""
    effect = f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}"
    sides = f"{plain(verdict.base_mean)} → {plain(verdict.system_mean)}" if verdict.system != "interaction" else ""
    note = f"  {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {_badge(verdict.verdict, 9)} {_name(verdict):<{width}} {effect}  {sides}{note}".rstrip()


def _name(verdict: Outcome) -> str:
    from evidense.report.factorial.effects import title

    return CLAIMED.get(verdict.claim) or title(verdict.system)


def say_step(words: str, left_s: float) -> None:
    """Show the current step of a run on a line that the next one replaces; long words are cut. Print nothing unless stderr is a terminal."""
    if sys.stderr.isatty():
        left = f", about {duration(left_s)} left" if left_s > 0 else ""
        room = max(20, shutil.get_terminal_size().columns - 1 - len(left))
        replace_line(f"{words if len(words) <= room else words[: room - 1] + '…'}{left}")


def say_progress(done: int, total: int, left_s: float) -> None:
    """Show the progress of encoding on a line that the next one replaces. Print nothing unless stderr is a terminal."""
    if sys.stderr.isatty():
        replace_line(f"encoding {count(done)} of {count(total)} items, about {duration(left_s)} left")


def say_warning(sentence: str) -> None:
    """Print a warning to stderr."""
    clear()
    print(f"WARNING: {sentence}", file=sys.stderr)


def clear() -> None:
    """Empty the line of progress."""
    if sys.stderr.isatty():
        replace_line("")
