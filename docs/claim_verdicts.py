"""Write the verdicts on claims that ship anew, from pages of built-in studies: `python docs/claim_verdicts.py PAGE [PAGE …]`.

A page is that of `evidense run inside`, `pictures_inside` or `pictures`. The claims of today are decided from the findings of the page; nothing is
encoded again. A claim that changed since the page was made is decided as it reads now. Verdicts of studies without a page here are
kept while their claim is as it was registered.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import evidense
from evidense.parts import code_order
from evidense.published.claim_verdicts import ClaimVerdict, shipped, verdicts_of, written
from evidense.published.facts import read
from evidense.records import Check, Finding, Study, from_json
from evidense.study.published import decided
from evidense.verbs.decide_claims import decide_claims, literature, registered

TARGET = Path(evidense.__file__).parent / "published" / "claim_verdicts.csv"
PUBLISHED = "yao2025"


def decided_again(page: Path) -> tuple[str, list[Check]]:
    """Return the name of a page's study, and the claims of the literature decided from the findings that the page rests on."""
    records = [from_json(data) for data in json.loads((page / "page.json").read_text(encoding="utf-8"))["records"]]
    (study,) = (record for record in records if isinstance(record, Study))
    findings = [record for record in records if isinstance(record, Finding)]
    return study.name, decide_claims(study, findings, names=tuple(literature()))


def renewed(pages: Sequence[Path]) -> list[ClaimVerdict]:
    """Return the verdicts of these pages and of the published numbers, and of other studies those that stand; by claim, level and study."""
    decisions = [*map(decided_again, pages), (PUBLISHED, decided(read(PUBLISHED))[2])]
    verdicts = [
        verdict
        for study, checks in decisions
        for verdict in verdicts_of(
            [check.to_json()["content"] for check in checks],
            "published numbers" if study == PUBLISHED else "analogue",
            study,
        )
    ]
    place = {hash_: number for number, hash_ in enumerate(registered(tuple(literature())).values())}
    new = {study for study, _ in decisions}
    kept = [verdict for verdict in shipped() if verdict.study not in new and verdict.registration in place]
    studies = list(dict.fromkeys([*(verdict.study for verdict in shipped()), *new]))
    return sorted([*kept, *verdicts], key=lambda v: (code_order(v.code), place[v.registration], studies.index(v.study)))


def main(pages: Sequence[Path]) -> None:
    """Write the table."""
    verdicts = renewed(pages)
    TARGET.write_text(written(verdicts), encoding="utf-8")
    print(f"{TARGET}: {len(verdicts)} verdicts")


if __name__ == "__main__":
    main([Path(page) for page in sys.argv[1:]])
