"""Write the verdicts on claims that ship anew, from a page of `evidense run inside`: `python docs/claim_verdicts.py PAGE`."""

import json
import sys
from pathlib import Path

import evidense
from evidense.parts import code_order
from evidense.published.claim_verdicts import verdicts_of, written
from evidense.published.facts import read
from evidense.study.published import decided

TARGET = Path(evidense.__file__).parent / "published" / "claim_verdicts.csv"


def main(page: Path) -> None:
    """Join the verdicts of a page with those from the published numbers."""
    of_page = json.loads((page / "verdicts.json").read_text(encoding="utf-8"))
    of_numbers = [check.to_json()["content"] for check in decided(read("yao2025"))[2]]
    verdicts = [*verdicts_of(of_page, "analogue"), *verdicts_of(of_numbers, "published numbers")]
    TARGET.write_text(written(sorted(verdicts, key=lambda v: code_order(v.code))), encoding="utf-8")
    print(f"{TARGET}: {len(verdicts)} verdicts")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
