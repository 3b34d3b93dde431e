"""Stopping: when so much has been screened that a target recall is reached, with a stated sureness.

The works that are likely relevant are screened first. Then a random sample of the rest is screened whole: from the relevant ones in
it follows how many can be left at most (hypergeometric), and so the least recall. The sample is as large as it must be if nothing is
found in it. If that is not enough, screening goes on, and a later sample is judged at half the error, so that all looks
together miss the target in at most 5 % of reviews.

Source: Callaghan and Müller-Hansen, Systematic Reviews 9:273 (2020), the random sample of the second phase; the division of the error among
repeated looks (a union bound) is ours.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.errors import InvalidInput

ERROR = 0.05
BATCH = 25
"""Works that are proposed at once."""
_PATIENCE = 50
"""Ranked works in a row, none of them relevant, after which a sample is drawn; a twentieth of all where that is more."""


@dataclass(frozen=True)
class Labelled:
    """A work that a person has screened."""

    work: str
    is_relevant: bool
    sample: int = 0
    """The number of the random sample that it was in; 0 for one that was screened in order."""


@dataclass(frozen=True)
class Recall:
    """What is known of the share of the relevant works that were found."""

    least: float
    """The lower end; the upper is 1."""
    error: float
    """The error that this look may make."""
    n_found: int
    n_left_most: int
    """Relevant works that can be left at most."""
    n_left: int
    """Works that nobody has screened."""


@dataclass(frozen=True)
class NextStep:
    """What to screen next, or that it is enough."""

    kind: Literal["ranked", "sample", "stop", "all"]
    works: tuple[str, ...] = ()
    sample: int = 0
    recall: Recall | None = None
    """What the last sample said."""


def next_step(order: Sequence[str], labelled: Sequence[Labelled], target: float) -> NextStep:
    """Return what to do after some works have been screened; `order` holds all works, the likeliest first, `labelled` those screened, as they were screened.

    Raises:
        InvalidInput: the works of a sample are not those that were drawn.
    """
    done = {label.work for label in labelled}
    left = [work for work in order if work not in done]
    samples = sorted({label.sample for label in labelled if label.sample})
    recall = None
    for number in samples:
        drawn, recall_now = _judged(order, labelled, number, target)
        missing = [work for work in drawn if work not in done]
        if missing:
            return NextStep("sample", tuple(missing), number, recall)
        recall = recall_now
        if recall is not None and recall.least >= target:
            return NextStep("stop", sample=number, recall=recall)
    if not left:
        return NextStep("all", recall=Recall(1.0, 0.0, sum(label.is_relevant for label in labelled), 0, 0))
    if not _is_dry(labelled, len(order)):
        return NextStep("ranked", tuple(left[:BATCH]), recall=recall)
    number = len(samples) + 1
    n_found = sum(label.is_relevant for label in labelled)
    size = sample_size(len(left), n_found, target, _error(number))
    return NextStep("sample", tuple(_drawn(left, number)[:size]), number, recall)


def sample_size(n_left: int, n_found: int, target: float, error: float) -> int:
    """Return the smallest sample that, if nothing relevant is in it, shows that the target is reached."""
    low, high = 1, n_left
    while low < high:
        middle = (low + high) // 2
        most = most_relevant(n_left, middle, 0, error)
        if _share(n_found, most) >= target:
            high = middle
        else:
            low = middle + 1
    return low


def most_relevant(n_left: int, n_sample: int, n_hits: int, error: float) -> int:
    """Return how many of `n_left` works can be relevant at most, where a random sample of them held `n_hits`."""
    low, high = n_hits, n_left - (n_sample - n_hits)
    while low < high:
        middle = (low + high + 1) // 2
        if _chance_of_so_few(n_left, n_sample, n_hits, middle) > error:
            low = middle
        else:
            high = middle - 1
    return low


def _chance_of_so_few(n_left: int, n_sample: int, n_hits: int, n_relevant: int) -> float:
    """Return how likely a random sample holds at most `n_hits` of the relevant works (hypergeometric)."""
    fewest = max(0, n_sample - (n_left - n_relevant))
    ways = [
        _log_ways(n_relevant, hits) + _log_ways(n_left - n_relevant, n_sample - hits)
        for hits in range(fewest, min(n_hits, n_relevant) + 1)
    ]
    every = _log_ways(n_left, n_sample)
    return math.fsum(math.exp(way - every) for way in ways)


def _log_ways(n: int, n_chosen: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(n_chosen + 1) - math.lgamma(n - n_chosen + 1)


def _judged(
    order: Sequence[str], labelled: Sequence[Labelled], number: int, target: float
) -> tuple[list[str], Recall | None]:
    """Return the works of a sample as they were drawn and, once all are screened, what they say of the recall."""
    first = next(i for i, label in enumerate(labelled) if label.sample == number)
    before, after = labelled[:first], [label for label in labelled[first:] if label.sample == number]
    known = {label.work for label in before}
    left = [work for work in order if work not in known]
    n_found = sum(label.is_relevant for label in before)
    drawn = _drawn(left, number)[: sample_size(len(left), n_found, target, _error(number))]
    if strangers := [label.work for label in after if label.work not in set(drawn)]:
        raise InvalidInput(
            f"sample {number} holds {len(strangers)} works that were not drawn, as '{strangers[0]}'; expected the works of to_screen.csv, with the same "
            "search, criteria and target; leave the column sample as it was written"
        )
    if len({label.work for label in after}) < len(drawn):
        return drawn, None
    n_hits, error = sum(label.is_relevant for label in after), _error(number)
    most = most_relevant(len(left), len(drawn), n_hits, error)
    return drawn, Recall(
        _share(n_found + n_hits, most - n_hits), error, n_found + n_hits, most - n_hits, len(left) - len(drawn)
    )


def _is_dry(labelled: Sequence[Labelled], n_works: int) -> bool:
    """Say whether so many works in a row, screened in order since the last sample, were not relevant that a sample is worth its cost."""
    last = max((i for i, label in enumerate(labelled) if label.sample), default=-1)
    recent = [label.is_relevant for label in labelled[last + 1 :]]
    needed = max(_PATIENCE, n_works // 20)
    return len(recent) >= needed and not any(recent[-needed:])


def _error(number: int) -> float:
    """Return the error of a look: half of what is left, so that all together stay below ERROR."""
    return ERROR / 2.0**number


def _share(n_found: int, n_left: int) -> float:
    return 1.0 if not n_left else n_found / (n_found + n_left)


def _drawn(works: Sequence[str], number: int) -> list[str]:
    """Order works by chance, the same on every machine, whatever their rank."""
    return sorted(works, key=lambda work: hashlib.sha256(f"sample {number} {work}".encode()).digest())
