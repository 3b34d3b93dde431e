"""Flow: the PRISMA 2020 diagram as boxes with places; the template draws them, and adds no number."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from evidense.boundary.shown import shown_line
from evidense.searching.events import Prisma

WIDTH, _BOX, _GAP, _LINE = 720, 330, 26, 17
_LETTERS = 46
"""Letters of a line in a box."""
_MOST_REASONS = 8


@dataclass(frozen=True)
class Box:
    """One box of the flow."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]
    """The first is its heading with the number."""
    is_removed: bool = False
    """It stands at the right: what left the flow here."""


@dataclass(frozen=True)
class PrismaFlow:
    """All boxes, with the arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[int, int, int, int], ...]
    """x1, y1, x2, y2."""
    height: int
    spoken: str
    """The same in a sentence."""


def flow_of(prisma: Prisma, names: Mapping[str, str]) -> PrismaFlow:
    """Return the flow; `names` says how people write the sources."""
    boxes: list[Box] = []
    arrows: list[tuple[int, int, int, int]] = []
    y = 1
    for stays, leaves in _stages(prisma, names):
        left, right = _lines(*stays), _lines(*leaves) if leaves else ()
        heights = [_height(left), _height(right) if right else 0]
        if boxes:
            above = next(box for box in reversed(boxes) if not box.is_removed)
            arrows.append((_BOX // 2, above.y + above.height, _BOX // 2, y))
        boxes.append(Box(1, y, _BOX, heights[0], left))
        if right:
            boxes.append(Box(WIDTH - _BOX - 1, y, _BOX, heights[1], right, True))
            arrows.append((_BOX + 1, y + 20, WIDTH - _BOX - 1, y + 20))
        y += max(heights) + _GAP
    spoken = "; ".join(box.lines[0] for box in boxes)
    return PrismaFlow(tuple(boxes), tuple(arrows), y - _GAP + 2, spoken)


Part = tuple[str, Mapping[str, int]]
"""A heading, and reasons with their numbers."""


def _stages(prisma: Prisma, names: Mapping[str, str]) -> list[tuple[Part, Part | None]]:
    """Return the stages that were reached, from the top: what stays, and what leaves."""
    removed = {"duplicates": prisma.duplicates} | {
        f"by automation: {reason}": n for reason, n in prisma.ineligible.items()
    }
    n_removed = prisma.duplicates + sum(prisma.ineligible.values())
    found = {names.get(source, source): n for source, n in prisma.identified.items()}
    out = {f"by {by}: {reason}": n for by, reasons in prisma.screened_out.items() for reason, n in reasons.items()}
    passed = {f"by {by}": n for by, n in prisma.passed.items() if n}
    waiting = {"waiting for a person": prisma.waiting} if prisma.waiting else {}
    stages: list[tuple[Part, Part | None]] = [
        (
            (f"Records identified: {prisma.n_identified:,}", found),
            (f"Removed before screening: {n_removed:,}", removed),
        ),
        ((f"Records screened: {prisma.n_screened:,}", waiting), (f"Records excluded: {prisma.n_screened_out:,}", out)),
        ((f"Passed screening: {prisma.n_passed:,}", passed), None),
    ]
    if prisma.sought:
        n_missing, n_out = sum(prisma.not_retrieved.values()), sum(prisma.excluded.values())
        stages += [
            ((f"Reports sought: {prisma.sought:,}", {}), (f"Not retrieved: {n_missing:,}", prisma.not_retrieved)),
            ((f"Reports assessed: {prisma.assessed:,}", {}), (f"Reports excluded: {n_out:,}", prisma.excluded)),
            ((f"Included: {prisma.included:,}", {}), None),
        ]
    return stages


def _lines(heading: str, reasons: Mapping[str, int]) -> tuple[str, ...]:
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{n:,} {shown_line(reason)}" for reason, n in ordered[:_MOST_REASONS]]
    if len(ordered) > _MOST_REASONS:
        shown.append(
            f"{sum(n for _, n in ordered[_MOST_REASONS:]):,} for {len(ordered) - _MOST_REASONS:,} further reasons"
        )
    wrapped = [line for text in shown for line in (textwrap.wrap(text, _LETTERS, subsequent_indent="  ") or [""])]
    return (heading, *wrapped)


def _height(lines: tuple[str, ...]) -> int:
    return 24 + _LINE * len(lines)
