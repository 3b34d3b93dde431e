"""Resident memory while a static encoder makes 200,000 × 384 numbers, against sentence-transformers' StaticEmbedding."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from bench import machine
from bench.lines import Line
from bench.texts import MODEL, items, skewed

N_TEXTS, N_DIMS, N_RUNS = 200_000, 384, 3


def measure() -> list[Line]:
    """Run each side in processes of its own; what counts is the peak above what was resident before the first text."""
    with tempfile.TemporaryDirectory() as folder:
        _inside("make", folder)
        theirs, ours = [_inside("theirs", folder)], [_inside("ours", folder) for _ in range(N_RUNS)]
    matrix = N_TEXTS * N_DIMS * 4
    above = [median(run["peak"] - run["base"] for run in runs) / matrix for runs in (theirs, ours)]
    bases = [median(run["base"] for run in runs) / 2**20 for runs in (theirs, ours)]
    resident = f"base (libraries, table, texts): theirs {bases[0]:.0f} MiB, ours {bases[1]:.0f} MiB; theirs ran once"
    return [Line(
        job="resident memory above the base, 200,000 texts to 384 d, static", peer="sentence-transformers StaticEmbedding",
        target="≤ base + 1.2 × the matrix", bound=1.2, sense="ours ≤", peer_value=above[0], ours_value=above[1], unit="× the matrix",
        n_runs=N_RUNS, notes=(f"the matrix is {matrix / 2**20:.0f} MiB; {resident}",),
    )]  # fmt: skip


def _inside(side: str, folder: str) -> dict[str, int]:
    command = [sys.executable, "-m", "bench.rows.memory", side, folder]
    done = subprocess.run(command, env=machine.environment(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _make(folder: Path) -> None:
    """Save a static model of random vectors with MiniLM's tokeniser."""
    from importlib import resources

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    package, _, inside = MODEL.partition("/")
    tokenizer = Tokenizer.from_file(str(resources.files(package) / inside / "tokenizer.json"))
    table = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), N_DIMS), dtype=np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=table)], device="cpu").save(
        str(folder / "static")
    )


def _theirs(folder: Path) -> Callable[[], object]:
    from sentence_transformers import SentenceTransformer

    model, texts = SentenceTransformer(str(folder / "static"), device="cpu"), _texts()
    return lambda: model.encode(texts)


def _ours(folder: Path) -> Callable[[], object]:
    from evidense import registry
    from evidense.compute.search.encode import encode
    from evidense.store import Store
    from evidense.values import Spelling

    part, spelling = registry.system(Spelling(str(folder / "static")))
    tower, given = part.open(spelling).tower("document"), items(_texts())
    store = Store(Path(tempfile.mkdtemp(dir=folder)))
    return lambda: encode(tower, given, store).vectors.sum()  # every page of the result is read


def _texts() -> list[str]:
    return skewed(N_TEXTS, mean_words=12, longest=40)


def _status(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "make":
        _make(where)
        print("{}")
    else:
        work = {"theirs": _theirs, "ours": _ours}[sys.argv[1]](where)
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        base = _status("VmRSS")
        work()
        print(json.dumps({"base": base, "peak": _status("VmHWM")}))
