"""Draw what the published probe sees: `python docs/figures/blind_probe.py` trains all probes anew and writes blind_probe.svg."""

from pathlib import Path

import numpy as np

from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.features import PairStates
from evidense.dissection.probes.layers import ABLATED, PERMUTED, ProbeSettings, probe
from evidense.dissection.probes.scores import credit
from evidense.dissection.published_probe.draw import labels
from evidense.dissection.published_probe.fit import TWINS, PublishedRecipe, SlotDraws, converge

N, WIDTH, C = 4_000, 64, 5
WORLDS = (
    ("relevance alone, correlation .5", 0.5, 0.0),
    ("relevance alone, correlation .9", 0.9, 0.0),
    ("an artefact of passages alone", 0.0, 1.2),
    ("both", 0.5, 1.2),
)
BARS = (
    ("published, [q; p1..p5], converged", "#9a6700"),
    ("the same without the query", "#bf8700"),
    ("the same, queries shuffled", "#d4a72c"),
    ("a linear probe of p alone", "#8c959f"),
    ("wᵀ(q ⊙ p), queries shuffled", "#afb8c1"),
    ("cosine, untrained", "#1a7f37"),
    ("wᵀ(q ⊙ p)", "#0969da"),
    ("(Uᵀq)·(Vᵀp), rank 16", "#8250df"),
)
LEFT, SPAN, TOP, BAR, GAP = 268, 480, 48, 17, 34


def world(corr: float, shift: float) -> PairStates:
    """Passages of one law, the relevant one near its query by `corr`, and to one side by `shift`."""
    rng = np.random.default_rng(0)
    documents = rng.standard_normal((N * C, WIDTH)).astype(np.float32)
    places = np.arange(N * C).reshape(N, C)
    queries = corr * documents[places[:, 0]] + np.sqrt(1 - corr**2) * rng.standard_normal((N, WIDTH))
    documents[places[:, 0], 0] += shift
    return PairStates(queries.astype(np.float32), documents, places)


def accuracies(pairs: PairStates) -> list[float]:
    """Held-out accuracy of every probe, in the order of BARS."""
    is_train = np.arange(N) % 2 == 0
    draw = SlotDraws.of(N, (C,), C, PublishedRecipe(n_epochs=0)).test[C]
    assert len(set(labels(draw))) == C
    blind = [float(converge(pairs, is_train, draw, twin, (10.0, 100.0, 1e3, 1e4)).right.mean()) for twin in TWINS]
    seen = probe(
        pairs, CrossFitTask(np.arange(N) % 5, np.arange(N)), ProbeSettings(("cosine", "hadamard", "bilinear"), 16, 1)
    )
    return blind + [
        float(credit(seen[name].scores).mean()) for name in (ABLATED, PERMUTED, "cosine", "hadamard", "bilinear")
    ]


def block(at: int, title: str, values: list[float]) -> str:
    """One world: its name, its bars, each with its number."""
    top = TOP + at * (len(BARS) * BAR + GAP)
    out = [f'<text x="16" y="{top - 7}" font-weight="600">{title}</text>']
    for row, ((name, colour), value) in enumerate(zip(BARS, values, strict=True)):
        y = top + row * BAR
        out.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{name}</text>')
        out.append(f'<rect x="{LEFT}" y="{y + 2}" width="{SPAN * value:.1f}" height="{BAR - 4}" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + SPAN * value + 6:.1f}" y="{y + 12}">{f"{value:.2f}".removeprefix("0")}</text>')
    return "".join(out)


def picture() -> str:
    """The whole figure; the dashed line is chance."""
    height = TOP + len(WORLDS) * (len(BARS) * BAR + GAP)
    blocks = "".join(block(at, title, accuracies(world(corr, shift))) for at, (title, corr, shift) in enumerate(WORLDS))
    chance = LEFT + SPAN / C
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 810 {height}" font-family="sans-serif" font-size="12" role="img" '
        'aria-label="Accuracy of eight probes in four worlds: the published probe stays at chance where relevance is all there is">'
        "<style>text{fill:#1f2328}.paper{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}}</style>"
        f'<rect class="paper" width="810" height="{height}"/>{blocks}'
        f'<path d="M{chance} {TOP - 14}V{height - 20}" stroke="#cf222e" stroke-dasharray="4 3"/>'
        f'<text x="{chance}" y="{height - 6}" text-anchor="middle">chance, 1 of 5</text></svg>\n'
    )


if __name__ == "__main__":
    (Path(__file__).parent / "blind_probe.svg").write_text(picture(), encoding="utf-8")
