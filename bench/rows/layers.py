"""All layers pooled in one pass, against our own pass for the last layer."""

from bench.lines import N_RUNS, Line, alternate
from bench.rows.encode import tower, vectors
from bench.texts import skewed

N_TEXTS = 500


def measure() -> list[Line]:
    """Time both with the same tower."""
    texts, one = skewed(N_TEXTS), tower()
    last_s, all_s = alternate(lambda: vectors(one, texts), lambda: vectors(one, texts, layers=True))
    return [Line(
        job=f"all layers pooled, {N_TEXTS} texts", peer="our own last-layer pass", target="≤ 1.05 × its time", bound=1.05, sense="ours/peer ≤",
        peer_value=last_s, ours_value=all_s, unit="CPU-s", n_runs=N_RUNS, notes=(f"{one.n_layers + 1} layers",),
    )]  # fmt: skip
