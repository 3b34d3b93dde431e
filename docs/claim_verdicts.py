"""Write the verdicts on claims that ship anew, from a page of `evidense run inside`: `python docs/claim_verdicts.py PAGE`.

The claims of today are decided from the findings of the page; nothing is encoded again. A claim that changed since the page was made
is decided as it reads now.
"""

import json
import sys
from pathlib import Path

import evidense
from evidense.parts import code_order
from evidense.published.claim_verdicts import verdicts_of, written
from evidense.published.facts import read
from evidense.records import Check, Finding, Study, from_json
from evidense.study.published import decided
from evidense.verbs.decide_claims import decide_claims, literature

TARGET = Path(evidense.__file__).parent / "published" / "claim_verdicts.csv"


def decided_again(page: Path) -> list[Check]:
    """Decide the claims of the literature from the findings that a page rests on."""
    records = [from_json(data) for data in json.loads((page / "page.json").read_text(encoding="utf-8"))["records"]]
    (study,) = (record for record in records if isinstance(record, Study))
    findings = [record for record in records if isinstance(record, Finding)]
    return decide_claims(study, findings, names=tuple(literature()))


def main(page: Path) -> None:
    """Join the verdicts of a page with those from the published numbers."""
    of_page = [check.to_json()["content"] for check in decided_again(page)]
    of_numbers = [check.to_json()["content"] for check in decided(read("yao2025"))[2]]
    verdicts = [*verdicts_of(of_page, "analogue"), *verdicts_of(of_numbers, "published numbers")]
    TARGET.write_text(written(sorted(verdicts, key=lambda v: code_order(v.code))), encoding="utf-8")
    print(f"{TARGET}: {len(verdicts)} verdicts")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
