"""Terminal: the first screen of the page as plain text."""

import textwrap

from evidense.boundary.numerals import count, interval, level, signed
from evidense.boundary.shown import shown_line
from evidense.records import Verdict
from evidense.report.comparison.answer import answer, family
from evidense.report.comparison.looks import best_sentence, sentences
from evidense.report.comparison.seeds import seeds_text
from evidense.report.comparison.shared import shared_sentences
from evidense.report.comparison.tables import unmarked
from evidense.report.contents import Contents
from evidense.report.words import WORDS, margin_text, note, queries_words

LEAST_NAME = 24
"""Letters of a collection's name that one line must have room for."""


def text(contents: Contents, width: int = 100) -> str:
    """Return the first screen for a terminal of this width."""
    study = contents.study
    head = f"{_plain_title(contents)} · {study.primary} · margin {margin_text(study.margin)} · {level(study.confidence)}, {family(contents)}"
    lines = textwrap.wrap(head, width)
    for sentence in [*map(best_sentence, contents.winners), *sentences(study), *shared_sentences(contents)]:
        lines += ["", *textwrap.wrap(sentence, width)]
    for system in contents.systems:
        said = answer(contents, system)
        who = f"{shown_line(system)}: " if len(contents.systems) > 1 else ""
        lines += [
            "",
            *textwrap.wrap(
                f"{said.lead}: {who}{shown_line(unmarked(said.sentence))} no-harm gate: {'PASS' if said.passes else 'FAIL'}",
                width,
            ),
        ]
        lines += [line for v in contents.worst_first(system) for line in verdict_lines(v, width)]
        lines += _mean_line(contents, system, width)
    return "\n".join(lines) + "\n"


def verdict_lines(v: Verdict, width: int = 100) -> list[str]:
    """Return one verdict in one line, two or three where there is no room, and what it would take where it is undecided."""
    effect, queries = f"{signed(v.effect):>6} {interval(v.low, v.high):<16}", queries_words(v)
    right, head, name = f"{effect}  {queries}", f" {WORDS[v.verdict].icon} {v.verdict:<10}", shown_line(v.collection)
    room = width - len(head) - len(right) - 2
    if room >= min(LEAST_NAME, len(name)):
        lines = [f"{head}{_shortened(name, room):<{room}}  {right}"]
    else:
        numbers = [right] if 13 + len(right) <= width else [effect, *textwrap.wrap(queries, width - 13)]
        lines = [head + _shortened(name, width - len(head)), *(" " * 13 + line.rstrip() for line in numbers)]
    more = textwrap.wrap(note(v), width - 13) if v.verdict == "UNDECIDED" else []
    seeds = textwrap.wrap(seeds_text(v.details), width - 13)
    return [*lines, *(" " * 13 + line for line in (*seeds, *more))]


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else name[: room - 1] + "…"


def _mean_line(contents: Contents, system: str, width: int) -> list[str]:
    f = contents.pooled.get(system)
    if f is None or len(contents.collections) < 2:
        return []
    numbers = f"{signed(f.value):>6} {interval(f.low, f.high):<16}  {count(f.n)} queries"
    return [f"   {f.details.get('label', ''):<10}{f'mean of these {len(contents.collections)}':<20}  {numbers}"[:width]]


def _plain_title(contents: Contents) -> str:
    who = contents.systems[0] if len(contents.systems) == 1 else f"{len(contents.systems)} systems"
    return f"{shown_line(who)} vs {shown_line(contents.baseline)}"
