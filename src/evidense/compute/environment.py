"""Describe the environment that a number may depend on. It is stored beside each ranking and is not part of its id."""

import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "evidense",
    "numpy",
    "scipy",
    "bm25s",
    "torch",
    "transformers",
    "tokenizers",
    "wordllama",
    "ir-measures",
    "faiss-cpu",
)
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@cache
def environment() -> dict[str, str]:
    """Return the versions, thread limits, processor and operating system."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "threads": _threads(),
        **{name: installed for name in PACKAGES if (installed := installed_version(name))},
    }


def differences(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return one sentence for each entry that has changed.

    >>> differences({"numpy": "2.0", "threads": "2"}, {"numpy": "2.1", "threads": "2"})
    ['numpy was 2.0, is 2.1']
    """
    names = dict.fromkeys([*then, *now])
    return [f"{n} was {then.get(n, 'absent')}, is {now.get(n, 'absent')}" for n in names if then.get(n) != now.get(n)]


def installed_version(name: str) -> str | None:
    """Return the version of an installed package; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def peak_bytes() -> int:
    """Return the greatest resident memory that this process has had."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _threads() -> str:
    limits = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ", ".join([f"{cores} cores", *limits])


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
