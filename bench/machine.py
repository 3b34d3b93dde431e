"""The machine and the kernels under the numbers, and the environment that every job is given."""

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS")
KERNEL = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Settings that would slow numpy's matrix product; taken out of the jobs' environment only."""
PACKAGES = (
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "sentence-transformers",
    "mteb",
    "faiss-cpu",
    "ir-measures",
    "pytrec-eval-terrier",
)

_ASK = "import json, numpy, threadpoolctl; numpy.ones((8, 8)) @ numpy.ones((8, 8)); print(json.dumps(threadpoolctl.threadpool_info()))"


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a job: one thread, no setting that slows a kernel, offline."""
    kept = {name: value for name, value in os.environ.items() if name not in KERNEL}
    quiet = {
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "TQDM_DISABLE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    return kept | dict.fromkeys(THREADS, "1") | quiet | more


def kernels(imports: str = "", **more: str) -> dict[str, str]:
    """Return file name of each BLAS library → kernel that it chose here, after these imports."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{imports}\n{_ASK}"],
        env=environment(**more),
        capture_output=True,
        text=True,
        check=True,
    )
    blas = [info for info in json.loads(answer.stdout.splitlines()[-1]) if info["user_api"] == "blas"]
    return {
        Path(info["filepath"]).name: f"{info['internal_api']} {info['version']} {info.get('architecture', '')}".strip()
        for info in blas
    }


def describe() -> dict[str, object]:
    """Return processor, kernels and versions."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    found = {name: version for name in PACKAGES if (version := _version(name))}
    unset = [name for name in KERNEL if name in os.environ]
    return {"processor": model, "system": platform.system(), "python": platform.python_version(), "versions": found,
            "blas": kernels(), "unset_for_the_jobs": unset}  # fmt: skip


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
