"""`make fuzz MINUTES=10`: run new seeds of every format until the time is over; keep the folder of every case that failed.

python tests/hostile/fuzz.py --minutes 10            new seeds, other ones each day
python tests/hostile/fuzz.py --seed csv:4711         one case again
python tests/hostile/fuzz.py --fixed --only parquet  cases of the default suite whose names hold a word
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hostile.case import Case
from hostile.families import fixed, formats
from hostile.runner import Servers, run, serving


def main() -> int:
    """Run what was asked for; return 1 where a case failed."""
    asked = _asked()
    n_cases: Counter[str] = Counter()
    failed: list[str] = []
    kept = Path(tempfile.mkdtemp(prefix="evidense-fuzz-"))
    until = time.monotonic() + 60 * asked.minutes
    with serving() as servers:
        for form, case in _chosen(asked):
            if time.monotonic() > until and not (asked.seed or asked.fixed):
                break
            n_cases[form] += 1
            failed += _tried(case, kept, servers)
    print("\n".join(f"{form:<16} {n:>6,} cases" for form, n in sorted(n_cases.items())))
    print(
        f"{sum(n_cases.values()):,} cases, {len(failed)} failed" + (f"; their folders are in {kept}" if failed else "")
    )
    if not failed:
        shutil.rmtree(kept)
    return 1 if failed else 0


def _asked() -> argparse.Namespace:
    words = argparse.ArgumentParser(description="Fuzz every format that evidense reads.")
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--seed", help="FORMAT:NUMBER of one case")
    words.add_argument(
        "--start", type=int, default=int(time.time()) // 86_400 * 1_000_000, help="first seed; default: the day's"
    )
    words.add_argument("--only", default="", help="formats, or with --fixed cases, whose names hold this")
    words.add_argument("--fixed", action="store_true", help="the cases of the default suite")
    return words.parse_args()


def _chosen(asked: argparse.Namespace) -> Iterator[tuple[str, Case]]:
    """Yield (format, case): one, the fixed set, or each format in turn for ever."""
    makers = formats()
    if asked.seed:
        form, _, seed = asked.seed.rpartition(":")
        yield form, makers[form](int(seed))
        return
    if asked.fixed:
        yield from (
            (case.name.partition("_")[0].partition(":")[0], case) for case in fixed() if asked.only in case.name
        )
        return
    for seed in count(asked.start):
        yield from ((form, make(seed)) for form, make in makers.items() if asked.only in form)


def _tried(case: Case, kept: Path, servers: Servers) -> list[str]:
    place = kept / ascii(case.name)[1:-1].replace("/", "_").replace(":", "-")[:80]
    _, wrong = run(case, place, servers)
    if not wrong:
        shutil.rmtree(place)
        return []
    again = f"make fuzz SEED={case.name}" if ":" in case.name else f"--fixed --only {case.name!a}"
    print(
        f"✖ {ascii(case.name)[1:-1]}   again: {again}   folder: {place}",
        *(f"    {text!a}" for text in wrong),
        sep="\n",
        flush=True,
    )
    return [case.name]


if __name__ == "__main__":
    sys.exit(main())
