"""The figure of growth: CPU-seconds against size, both on logarithmic scales, with the slope of each line at its end."""

from collections.abc import Iterator, Mapping, Sequence
from math import log, log10

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 230, 56, 52, 24
COLOURS = ("#0969da", "#1a7f37", "#bc4c00")
LOWEST_S, HIGHEST_S = 0.01, 1000.0


def drawn(sweeps: Mapping[str, Sequence[dict]], phases: Mapping[str, str]) -> str:
    """Return the figure: a panel for each of what grows, a line for each phase."""
    width = LEFT + len(sweeps) * (WIDTH + GAP)
    panels = "".join(
        _panel(LEFT + number * (WIDTH + GAP), name, points, list(phases))
        for number, (name, points) in enumerate(sweeps.items())
    )
    keys = "".join(
        f'<text x="{LEFT + 250 * n}" y="20" style="fill:{colour}">● {words}</text>'
        for n, (words, colour) in enumerate(zip(phases.values(), COLOURS, strict=True))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 48}" font-family="sans-serif" font-size="13" role="img" '
        'aria-label="CPU-seconds of a comparison against the number of documents, systems and queries">'
        "<style>text{fill:#1f2328}.paper{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}}</style>"
        f'<rect class="paper" width="{width}" height="{TOP + HEIGHT + 48}"/>{keys}{panels}</svg>\n'
    )


def _panel(left: int, name: str, points: Sequence[dict], phases: Sequence[str]) -> str:
    sizes = [point["size"][name] for point in points]
    across = [left + 8 + (WIDTH - 70) * log(n / sizes[0]) / log(sizes[-1] / sizes[0]) for n in sizes]
    frame = f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#8c959f" opacity=".5"/>'
    title = f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 40}" text-anchor="middle" font-weight="600">{name}</text>'
    ticks = "".join(
        f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{_short(n)}</text>'
        for x, n in zip(across, sizes, strict=True)
    )
    return frame + title + ticks + "".join(_scale(left)) + "".join(_lines(across, sizes, points, phases))


def _scale(left: int) -> Iterator[str]:
    seconds = LOWEST_S
    while seconds <= HIGHEST_S:
        y = _y(seconds)
        yield f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#8c959f" opacity=".25"/>'
        if left == LEFT:
            yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{seconds:g} s</text>'
        seconds = round(seconds * 10, 2)


def _lines(
    across: Sequence[float], sizes: Sequence[int], points: Sequence[dict], phases: Sequence[str]
) -> Iterator[str]:
    taken: list[float] = []
    for phase, colour in zip(phases, COLOURS, strict=True):
        costs = [max(LOWEST_S, point["cpu_s"][phase]) for point in points]
        path = " ".join(f"{x:.1f},{_y(cost):.1f}" for x, cost in zip(across, costs, strict=True))
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (
            f'<circle cx="{x:.1f}" cy="{_y(cost):.1f}" r="3" fill="{colour}"/>'
            for x, cost in zip(across, costs, strict=True)
        )
        slope = log(costs[-1] / costs[-2]) / log(sizes[-1] / sizes[-2])
        y = _y(costs[-1]) + 4
        while any(abs(y - other) < 14 for other in taken):
            y += 14
        taken.append(y)
        yield f'<text x="{across[-1] + 8:.1f}" y="{y:.1f}" style="fill:{colour}">n^{slope:.2f}</text>'


def _y(seconds: float) -> float:
    return TOP + HEIGHT * (1 - log10(seconds / LOWEST_S) / log10(HIGHEST_S / LOWEST_S))


def _short(n: int) -> str:
    return f"{n // 1_000_000}M" if n >= 1_000_000 else f"{n // 1_000}k" if n >= 1_000 else str(n)
