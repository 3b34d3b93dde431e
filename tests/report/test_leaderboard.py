"""The leaderboard: every system once, best mean first, with the ranks of the records; none for two systems."""

import re
from pathlib import Path

from evidense.boundary.numerals import interval, plain
from evidense.records import Finding
from evidense.report.comparison.leaderboard import leaderboard
from evidense.report.contents import Contents
from report.sample import Sample


def test_every_system_stands_once_with_mean_and_ranks_of_its_record(sample: Sample, folder: Path) -> None:
    standings = {f.site["system"]: f for f in sample.records if isinstance(f, Finding) and f.estimand == "standing"}
    places = leaderboard(Contents.of(sample.study, sample.records))
    assert {p.system for p in places} == set(standings)
    assert [p.value for p in places] == [plain(x) for x in sorted((f.value for f in standings.values()), reverse=True)]
    for place in places:
        finding = standings[place.system]
        best, worst = finding.details["ranks"]
        assert place.ranks == (str(best) if best == worst else f"{best}–{worst}")
        assert place.interval == interval(finding.low, finding.high, sign=False)
        assert finding.low < finding.value < finding.high
    rows = re.findall(r"<tr><td data-v=\"\d+\">([\d–]+)</td>", (folder / "report.html").read_text())
    assert rows == [p.ranks for p in places]


def test_the_mean_over_collections_weighs_them_equally(sample: Sample) -> None:
    contents = Contents.of(sample.study, sample.records)
    for system, finding in contents.standings.items():
        means = [contents.means[system, c, sample.study.primary].value for c in contents.collections]
        assert abs(finding.value - sum(means) / len(means)) < 1e-12


def test_two_systems_have_no_leaderboard(single: Sample) -> None:
    assert leaderboard(Contents.of(single.study, single.records)) == []
