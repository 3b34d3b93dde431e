"""Losses: by which rule the words that a statement lost, or gained, change what it says."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.auditing import markers
from evidense.auditing.alignment import Alignment
from evidense.texts.tokens import tokens, value

Rule = Literal["aim", "negation", "number", "hedge", "condition", "weaker", "cut"]
"""The worst first: a question or an aim told as a finding; a negation or a number dropped, added or changed; a hedge or a condition
dropped; several words told as a part of one of them; the end cut off."""
_ORDER: tuple[Rule, ...] = ("aim", "negation", "number", "hedge", "condition", "weaker", "cut")
COPY = 0.7
"""The least share of its words that a statement has from the passage to be a copy of it, of which losses can be named."""
_SHORT = 8
"""Words of a run up to which a negation or a hedge anywhere in it concerns what was kept."""
_NEAR_EDGE = 4
"""In a longer run it must stand among so many words at its begin or end."""


@dataclass(frozen=True)
class Loss:
    """One change of meaning."""

    rule: Rule
    words: str
    """What was lost, or added where `is_added`; of "cut", the rest of the passage."""
    is_added: bool = False
    instead: str = ""
    """What the statement says in its place."""


def losses(alignment: Alignment) -> tuple[Loss, ...]:
    """Name every change of meaning between a passage and the statement that was taken from it, the worst first.

    Losses are named of copies alone: a free paraphrase may say the same in words that no rule knows. Each rule is named at most
    once. Words that the statement has elsewhere, or says in another way ("insignificant" for "not
    significant", "two" for "2"), are not lost.
    """
    if alignment.kind not in ("VERBATIM", "NEAR") or alignment.located < COPY:
        return ()
    named: dict[Rule, Loss] = {}
    for loss in _named(alignment):
        named.setdefault(loss.rule, loss)
    return tuple(sorted(named.values(), key=lambda loss: _ORDER.index(loss.rule)))


def _named(alignment: Alignment) -> Iterator[Loss]:
    lost, added = list(alignment.lost), list(alignment.added)
    instead = dict(alignment.replaced)
    end = lost.pop() if alignment.is_end_lost else ""
    if not any(map(markers.is_aim, added)):
        yield from (Loss("aim", run, instead=instead.get(run, "")) for run in lost if markers.is_aim(run))
    parts = {run: _edges(run) for run in lost}
    if end and not alignment.rest:
        parts[end] = _edges(end)[:1]
    runs = list(parts)
    yield from _negations(parts, added, instead)
    yield from _numbers(runs, added, instead)
    if not any(map(markers.is_hedge, added)):
        yield from (Loss("hedge", run, instead=instead.get(run, "")) for run in lost if _is_hedge(run))
    conditions = [run for run in runs if run not in instead and markers.is_condition(run)]
    if end in runs and markers.begins_condition(end):
        conditions.append(end)
    yield from (Loss("condition", run) for run in conditions)
    yield from (Loss("weaker", run, instead=said) for run, said in alignment.replaced if _is_weaker(run, said))
    yield from _end(alignment, end)


def _end(alignment: Alignment, end: str) -> Iterator[Loss]:
    """A statement that breaks off is cut; so is one that ends early where no other rule says what its source goes on to say."""
    if alignment.rest:
        yield Loss("cut", alignment.rest)
        if alignment.rest == end and markers.begins_clause(end):
            yield Loss("condition", end)
    elif end and len(end.split()) > _NEAR_EDGE and not (markers.is_condition(end) or markers.begins_condition(end)):
        yield Loss("cut", end)


def _is_hedge(run: str) -> bool:
    return not (markers.is_aim(run) or markers.is_own_clause(run)) and any(map(markers.is_hedge, _edges(run)))


def _edges(run: str) -> list[str]:
    """Return the parts of a run that concern what stands before and after it: all of a short one, both ends of a long one."""
    words = run.split()
    return [run] if len(words) <= _SHORT else [" ".join(words[:_NEAR_EDGE]), " ".join(words[-_NEAR_EDGE:])]


def _negations(lost: Mapping[str, Sequence[str]], added: Sequence[str], instead: Mapping[str, str]) -> Iterator[Loss]:
    """Compare how often both sides deny; a prefix denies where the other side has the word without it."""
    denials = {run: sum(_denials(part, added) for part in parts) for run, parts in lost.items()}
    denials_added = {run: _denials(run, list(lost)) for run in added}
    if sum(denials.values()) > sum(denials_added.values()):
        yield from (Loss("negation", run, instead=instead.get(run, "")) for run, n in denials.items() if n)
    elif sum(denials_added.values()) > sum(denials.values()):
        yield from (Loss("negation", run, is_added=True) for run, n in denials_added.items() if n)


def _denials(run: str, others: Sequence[str]) -> int:
    words = {token.key for other in others for token in tokens(other) if token.kind == "word"}
    prefixed = sum(markers.denies_by_prefix(t.key, words) for t in tokens(run) if t.kind == "word")
    return prefixed + markers.n_negations(run)


def _numbers(lost: Sequence[str], added: Sequence[str], instead: Mapping[str, str]) -> Iterator[Loss]:
    """A number is lost where the statement has it nowhere, and changed where a new one or another sign stands in its place."""
    gone, new = _values(lost), _values(added)
    for run in lost:
        if (run in instead or len(run.split()) <= _SHORT) and any(number not in new for number in markers.numbers(run)):
            yield Loss("number", run, instead=_new_number(instead.get(run, ""), added, gone))
    for run in added:
        if any(number not in gone for number in markers.numbers(run)):
            yield Loss("number", run, is_added=True)
    for run, said in instead.items():
        if markers.digits_in_names(run) != markers.digits_in_names(said) and markers.without_digits(
            run
        ) == markers.without_digits(said):
            yield Loss("number", run, instead=said)


def _new_number(said: str, added: Sequence[str], gone: Mapping[str, int]) -> str:
    """Return what stands in a number's place; where only "by" or the like does, the run with a new number, or nothing."""
    if markers.numbers(said) or re.search(r"\w{4}", said):
        return said
    return next((run for run in added if any(number not in gone for number in markers.numbers(run))), "")


def _values(runs: Sequence[str]) -> Counter[str]:
    return Counter(number for run in runs for number in markers.numbers(run))


def _is_weaker(lost: str, added: str) -> bool:
    """Several words became a part of one of them: "structured and meaningful knowledge" → "structure"."""
    before, after = (
        [value(t.key) for t in tokens(run) if t.kind == "word" and len(t.key) > 3] for run in (lost, added)
    )
    kept = {word for word in before if any(word[:6] == said[:6] for said in after)}
    return 0 < len(after) <= len(kept) and len(before) - len(kept) >= 2 and not markers.is_aim(lost)
