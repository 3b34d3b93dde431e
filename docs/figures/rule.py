"""Draw the rule: `python docs/figures/rule.py` writes docs/figures/rule.svg anew from the rule itself."""

from dataclasses import replace
from pathlib import Path

from evidense.stats import Estimate, label

MARGIN = 0.02
INTERVALS = [
    (0.028, 0.058, "all of it above 0"),
    (0.003, 0.041, "above 0, though partly within the margin"),
    (-0.015, 0.011, "all of it within the margin"),
    (0.004, 0.017, "above 0, but too small a gain to matter"),
    (-0.055, 0.029, "loss, gain and nothing are all possible"),
    (-0.036, 0.009, "a loss beyond the margin is not ruled out"),
    (-0.066, -0.020, "all of it below 0"),
]
COLOURS = {"HELPS": "#1a7f37", "HARMS": "#cf222e", "SAME": "#0969da", "UNDECIDED": "#9a6700"}
SIGNS = {"HELPS": "✔", "HARMS": "✖", "SAME": "=", "UNDECIDED": "?"}
LEFT, WIDTH, TOP, ROW = 150, 400, 66, 34
SPAN = 0.07
ANY = Estimate(0, 0, 0, 1, 1, 0.01, 200, 200, "drawn", 100, 0, 100, 0.5, 0)


def x(effect: float) -> float:
    """Place of an effect on the page."""
    return round(LEFT + WIDTH * (effect + SPAN) / (2 * SPAN), 1)


def row(at: int, low: float, high: float, why: str) -> str:
    """One interval with its word and its reason."""
    word = label(replace(ANY, effect=(low + high) / 2, low=low, high=high), MARGIN)
    y, colour = TOP + ROW * at, COLOURS[word]
    return (
        f'<text x="16" y="{y + 5}" style="fill:{colour}" font-weight="600">{SIGNS[word]} {word}</text>'
        f'<path d="M{x(low)} {y}H{x(high)}M{x(low)} {y - 6}v12M{x(high)} {y - 6}v12" stroke="{colour}" stroke-width="2.5"/>'
        f'<circle cx="{x((low + high) / 2)}" cy="{y}" r="5" fill="{colour}"/>'
        f'<text x="{LEFT + WIDTH + 16}" y="{y + 5}">{why}</text>'
    )


def picture() -> str:
    """The whole figure."""
    bottom = TOP + ROW * len(INTERVALS) - 10
    ticks = "".join(
        f'<text x="{x(e)}" y="{TOP - 26}" text-anchor="middle">{text}</text>'
        for e, text in ((-0.06, "−.06"), (-MARGIN, "−margin"), (0, "0"), (MARGIN, "+margin"), (0.06, "+.06"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 {bottom + 30}" font-family="sans-serif" font-size="14" '
        'role="img" aria-label="Seven intervals and the word that the rule gives to each">'
        "<style>text{fill:#1f2328}.paper{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}}"
        "</style>"
        f'<rect class="paper" width="880" height="{bottom + 30}"/>'
        f'<rect x="{x(-MARGIN)}" y="{TOP - 18}" width="{x(MARGIN) - x(-MARGIN)}" height="{bottom - TOP + 18}" '
        'fill="#8c959f" opacity=".18"/>'
        f'<path d="M{x(0)} {TOP - 18}V{bottom}" stroke="#8c959f" stroke-dasharray="4 3"/>{ticks}'
        + "".join(row(at, *interval) for at, interval in enumerate(INTERVALS))
        + f'<text x="{x(0)}" y="{bottom + 20}" text-anchor="middle">effect: system minus baseline, with its interval</text>'
        "</svg>\n"
    )


if __name__ == "__main__":
    (Path(__file__).parent / "rule.svg").write_text(picture(), encoding="utf-8")
