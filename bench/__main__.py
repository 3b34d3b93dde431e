"""Run all jobs, print the table of ratios, and write bench/results.md and bench/results.json.

Jobs that are named are run and printed only; with --again they take their place in the table of the last whole run.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from bench import machine
from bench.child import MARK

HERE = Path(__file__).parent
LIMIT_S = 2_400
"""A job that takes longer is ended; all together take about an hour."""


def main(names: list[str]) -> int:
    """Run the jobs and return 0 if every target is met, else 1."""
    again, names = "--again" in names, [name for name in names if name != "--again"]
    known = sorted(p.stem for p in (HERE / "rows").glob("[a-z]*.py"))
    if unknown := set(names) - set(known):
        print(f"unknown job {', '.join(sorted(unknown))}; expected one of {', '.join(known)}")
        return 2
    about = machine.describe()
    print(f"{about['processor']}; BLAS of numpy: {', '.join(about['blas'].values())}")  # type: ignore[attr-defined]
    lines, failures = [], []
    for name in names or known:
        started = time.perf_counter()
        found, error = run(name)
        lines += [{**line, "row": name} for line in found]
        failures += [f"{name}: {error}"] if error else []
        for line in found:
            print(f"{shown(line)}", flush=True)
        print(f"  ({name}: {time.perf_counter() - started:.0f} s{', FAILED: ' + error if error else ''})", flush=True)
    if again:
        last = json.loads((HERE / "results.json").read_text())
        write(last["machine"], *laid_over(last, about, (names or known, lines, failures)))
    elif not names:
        write(about, lines, failures)
    return 0 if not failures and all(line["is_met"] for line in lines) else 1


def laid_over(last: dict, about: dict, again: tuple[list[str], list[dict], list[str]]) -> tuple[list[dict], list[str]]:
    """Return the last table with these jobs' lines in their place, which say so where they are of another processor."""
    names, lines, failures = again
    other = {key for key in about if about[key] != last["machine"].get(key)}
    if other - {"processor"}:
        sys.exit(f"bench/results.json differs in its {', '.join(sorted(other))}; run `make bench` whole")
    if other:
        lines = [{**line, "notes": [*line["notes"], f"measured later, on {about['processor']}"]} for line in lines]
    kept = [line for line in last["lines"] if line["row"] not in names]
    still = [failure for failure in last["failures"] if failure.split(":")[0] not in names]
    return sorted([*kept, *lines], key=lambda line: line["row"]), [*still, *failures]


def write(about: dict, lines: list[dict], failures: list[str]) -> None:
    """Write the table for people and for programs."""
    text = json.dumps({"machine": about, "lines": lines, "failures": failures}, indent=1, ensure_ascii=False)
    (HERE / "results.json").write_text(text + "\n")
    (HERE / "results.md").write_text(page(about, lines, failures))
    print(f"written: {HERE / 'results.md'}")


def run(name: str) -> tuple[list[dict], str]:
    """Run one job in a process of its own; return its lines, or what went wrong."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.child", name],
            env=machine.environment(),
            cwd=HERE.parent,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return [], f"took longer than {LIMIT_S} s"
    marked = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not marked:
        return [], (done.stderr.strip().splitlines() or ["no output"])[-1]
    return json.loads(marked[-1].removeprefix(MARK)), ""


def shown(line: dict) -> str:
    """Return one line for the terminal."""
    peer = f"{line['peer_value']:.3g}" if line["peer_value"] is not None else "–"
    verdict = "met" if line["is_met"] else "MISSED"
    return f"{verdict:6}  {line['ratio']:8.3g}  ({line['target']})  {line['job']}: {line['peer']} {peer}, ours {line['ours_value']:.3g} {line['unit']}"


def page(about: dict, lines: list[dict], failures: list[str]) -> str:
    """Return the table as Markdown."""
    rows = [
        f"| {x['job']} | {x['peer']} | {'–' if x['peer_value'] is None else format(x['peer_value'], '.3g')} | {x['ours_value']:.3g} | {x['unit']} "
        f"| {x['ratio']:.3g} | {x['target']} | {'met' if x['is_met'] else '**missed**'} | {x['n_runs']} |"
        for x in lines
    ]
    notes = [f"- {x['job']}: {note}" for x in lines for note in x["notes"]]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return "\n".join([
        "# Measured ratios", "",
        "Written by `make bench`. A peer and Evidense in one process on the same input, one thread each, in turns; medians of CPU-seconds.", "",
        f"{about['processor']}, {about['system']}, Python {about['python']}; numpy's BLAS: {', '.join(about['blas'].values())}. {versions}.", "",
        "| job | peer | peer's | ours | unit | ratio | target | | runs |", "|---|---|---|---|---|---|---|---|---|", *rows, "",
        *notes, *(f"- **not measured**, {failure}" for failure in failures), "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
