"""2,000 texts of skewed length with all-MiniLM-L6-v2, against sentence-transformers at its best batch size."""

import tempfile
from importlib import resources
from pathlib import Path
from statistics import median

import numpy as np

from bench.lines import N_RUNS, Line, alternate, cpu_s
from bench.texts import MODEL, items, skewed
from evidense import registry
from evidense.compute.models.precision import has_bf16
from evidense.compute.search.encode import encode
from evidense.parts import Tower
from evidense.store import Store
from evidense.values import Spelling

N_TEXTS, N_TRIAL = 2_000, 300


def measure() -> list[Line]:
    """Time both in fp32, and ours in bf16 where the processor has it."""
    from sentence_transformers import SentenceTransformer

    texts = skewed(N_TEXTS)
    package, _, folder = MODEL.partition("/")
    model = SentenceTransformer(str(resources.files(package) / folder), device="cpu")
    trial = {
        size: min(cpu_s(lambda s=size: model.encode(texts[:N_TRIAL], batch_size=s)) for _ in range(2))
        for size in (16, 32, 64)
    }
    best = min(trial, key=trial.__getitem__)
    one = tower()
    vectors(one, texts[:N_TRIAL])
    peer_s, ours_s = alternate(lambda: model.encode(texts, batch_size=best), lambda: vectors(one, texts), warm_up=False)
    cosines = (model.encode(texts[:N_TRIAL], batch_size=best) * vectors(one, texts[:N_TRIAL])).sum(axis=1)
    notes = (
        f"its best batch size of {', '.join(map(str, trial))} here: {best}",
        f"least cosine of the two {cosines.min():.7f}",
    )
    lines = [_line("fp32", 1.15, peer_s, ours_s, notes)]
    if not has_bf16():
        return [
            Line(
                **{
                    **lines[0].__dict__,
                    "notes": (*notes, "bf16 not measured: this processor has no avx512_bf16 or amx_bf16"),
                }
            )
        ]
    small = tower("@bf16")
    small_s = median(cpu_s(lambda: vectors(small, texts)) for _ in range(N_RUNS))
    cosines = (vectors(small, texts[:N_TRIAL]) * vectors(one, texts[:N_TRIAL])).sum(axis=1)
    return [*lines, _line("bf16", 1.6, peer_s, small_s, (f"least cosine with fp32 {cosines.min():.5f}",))]


def _line(how: str, bound: float, peer_s: float, ours_s: float, notes: tuple[str, ...]) -> Line:
    return Line(
        job=f"encode {N_TEXTS:,} texts of skewed length, {how}", peer="sentence-transformers encode", target=f"≥ {bound} × its speed", bound=bound,
        sense="peer/ours ≥", peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS, notes=notes,
    )  # fmt: skip


def tower(options: str = "") -> Tower:
    """Return the tower of the model that both read."""
    part, spelling = registry.system(Spelling.parse(f"pip:{MODEL}{options}"))
    opened: Tower = part.open(spelling).tower("document")
    return opened


def vectors(one: Tower, texts: list[str], *, layers: bool = False) -> np.ndarray:
    """Encode into a fresh store, so that nothing is found there."""
    with tempfile.TemporaryDirectory() as folder:
        return np.array(encode(one, items(texts), Store(Path(folder)), layers=layers).all())
