"""Exact debiased CKA of 13 × 13 layers, n = 8,192, 768 dimensions, against pytorch-cka: CPU-seconds and memory, each side in a process of its own."""

import sys
from statistics import median

import numpy as np

from bench import apart
from bench.lines import Line

N_LAYERS, N_ROWS, N_DIMS, N_RUNS = 13, 8_192, 768, 3


def measure() -> list[Line]:
    """Run pytorch-cka once (its Gram matrices take 10 GB) and ours three times; ours must be the value in float64, theirs near it."""
    theirs = apart.run("bench.rows.dissect_cka", "theirs", ".")
    ours = [apart.run("bench.rows.dissect_cka", "ours", ".") for _ in range(N_RUNS)]
    exact = apart.run("bench.rows.dissect_cka", "exact", ".")["first"]
    errors = [abs(side["first"] - exact) for side in (theirs, ours[0])]
    assert errors[1] < 1e-6, (exact, ours)
    assert errors[0] < 1e-2, (exact, theirs)
    above = [median(run["peak"] - run["base"] for run in runs) / 2**30 for runs in ([theirs], ours)]
    job = f"exact debiased CKA, {N_LAYERS} × {N_LAYERS} layers, n = {N_ROWS:,}"
    notes = (
        "both hold the 26 layers as float32, 0.61 GiB, which count; pytorch-cka ran once",
        f"from the value in float64, pytorch-cka is {errors[0]:.1e} away and ours {errors[1]:.1e}",
    )
    return [
        Line(job=job, peer="pytorch-cka", target="≤ its CPU time", bound=1.0, sense="ours/peer ≤", peer_value=theirs["cpu_s"],
             ours_value=median(run["cpu_s"] for run in ours), unit="CPU-s", n_runs=N_RUNS, notes=notes),
        Line(job=f"{job}: memory above the libraries", peer="pytorch-cka", target="≤ 1.5 GB", bound=1.5e9 / 2**30, sense="ours ≤",
             peer_value=above[0], ours_value=above[1], unit="GiB", n_runs=N_RUNS, notes=notes),
    ]  # fmt: skip


def layers() -> list[np.ndarray]:
    """Return two encoders' layers: each a little further from one hidden matrix."""
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((N_ROWS, N_DIMS), dtype=np.float32)
    out = []
    for layer in range(2 * N_LAYERS):
        noise = rng.standard_normal((N_ROWS, N_DIMS), dtype=np.float32)
        noise *= (layer % N_LAYERS) / 4
        noise += hidden
        out.append(noise)
    return out


def _theirs() -> dict[str, float]:
    import torch
    from cka import cka_from_features

    tensors = [torch.from_numpy(layer) for layer in layers()]
    found = cka_from_features(tensors[:N_LAYERS], tensors[N_LAYERS:])
    return {"first": float(found[1, 2])}


def _ours() -> dict[str, float]:
    from evidense.dissection.geometry.cka import hsic

    return {"first": float(hsic(layers()).cka()[1, N_LAYERS + 2])}


def _exact() -> dict[str, float]:
    """Equation 5 of Song et al. 2012 as it stands, with whole Gram matrices in float64."""
    made = layers()
    x, y = (made[at].astype(np.float64) for at in (1, N_LAYERS + 2))
    return {"first": float(_hsic(x, y) / np.sqrt(_hsic(x, x) * _hsic(y, y)))}


def _hsic(x: np.ndarray, y: np.ndarray) -> float:
    k, m, n = x @ x.T, y @ y.T, len(x)
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    sums = k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 * (k.sum(0) @ m.sum(0)) / (n - 2)
    return float(((k * m).sum() + sums) / (n * (n - 3)))


_SIDES = {"ours": _ours, "theirs": _theirs, "exact": _exact}

if __name__ == "__main__":
    import torch  # noqa: F401  (both sides start with the same libraries)

    import evidense.dissection.geometry.cka  # noqa: F401

    apart.measured(_SIDES[sys.argv[1]])
