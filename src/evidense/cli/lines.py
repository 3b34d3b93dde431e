"""Lines: what the terminal says while a study runs. Verdicts to stdout as they are ready, progress to stderr."""

import sys
from collections.abc import Sequence

from evidense.cli.numbers import amount, duration, signed
from evidense.records import Record, Study, Verdict

ICONS = {
    "HARMS": "✖",
    "UNDECIDED": "?",
    "SAME": "=",
    "IDENTICAL": "≡",
    "HELPS": "✔",
    "HOLDS": "✔",
    "FAILS": "✖",
    "NOT_TESTABLE": "–",
}


def verdict_line(verdict: Verdict, width: int) -> str:
    """Return one verdict as a line: word, system, effect [interval], n and win/tie/loss."""
    d = verdict.details
    effect = f"{signed(verdict.effect)} [{signed(verdict.low)}, {signed(verdict.high)}]"
    counts = f"n {verdict.n:,}  {d['win']}/{d['tie']}/{d['loss']}"
    claim = (
        "" if verdict.verdict in ("HELPS", "HARMS", "SAME", "IDENTICAL", "UNDECIDED") else f"  claim '{verdict.claim}'"
    )
    note = f"  {verdict.reason}" if verdict.verdict == "UNDECIDED" else ""
    return f"  {ICONS[verdict.verdict]} {verdict.verdict:<9} {verdict.system:<{width}} {effect}  {counts}{claim}{note}"


def say_collection(study: Study, records: Sequence[Record]) -> None:
    """Print the verdicts of one collection."""
    _clear()
    verdicts = [r for r in records if isinstance(r, Verdict)]
    if not verdicts:
        return
    print(f"{verdicts[0].collection}  ({study.primary} of {verdicts[0].baseline}: {verdicts[0].base_mean:.3f})")
    width = max(len(v.system) for v in verdicts)
    for verdict in verdicts:
        print(verdict_line(verdict, width))
    sys.stdout.flush()


def say_progress(done: int, total: int, left_s: float) -> None:
    """Show how far encoding is, on a line that the next one replaces; silent where nobody watches."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[Kencoding {amount(done)} of {amount(total)} items, about {duration(left_s)} left")
        sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
