"""Expected: what a study measures, set beside the values that others published for the same systems and collections."""

from dataclasses import dataclass

from evidense.boundary.numerals import interval, plain, signed
from evidense.report.contents import Contents
from evidense.report.rendering import full_name


@dataclass(frozen=True)
class ExpectedLine:
    """One published value and the measured one."""

    system: str
    collection: str
    measure: str
    published: str
    measured: str
    interval: str
    difference: str
    verdict: str
    """inside | outside | "" where nothing was measured."""
    note: str
    source: str


def expected_lines(contents: Contents) -> list[ExpectedLine]:
    """Return a line for each published value that the study names, in its order."""
    return [
        _line(contents, str(table["system"]), str(table["collection"]), (measure, float(value)), str(table["source"]))
        for table in contents.study.expected
        for measure, value in table["values"].items()
    ]


def _line(contents: Contents, system: str, spelling: str, published: tuple[str, float], source: str) -> ExpectedLine:
    measure, value = published
    names = [name for name in contents.collections if _is_named(full_name(name).partition("~")[0], spelling)]
    name = names[0] if len(names) == 1 else ""
    finding = contents.means.get((system, name, measure))
    is_sample = "~" in full_name(name)
    if finding is None or finding.low is None or finding.high is None or is_sample:
        note = "only a sample of it was searched: not comparable" if is_sample else "not measured"
        return ExpectedLine(system, spelling, measure, plain(value), "—", "", "—", "", note, source)
    is_inside = finding.low <= value <= finding.high
    note = (
        "the difference can come from the queries alone" if is_inside
        else "more differs than the queries: preprocessing, split, judgements, version of the weights"
    )  # fmt: skip
    return ExpectedLine(
        system, name, measure, plain(value), plain(finding.value), interval(finding.low, finding.high, sign=False),
        signed(finding.value - value), "inside" if is_inside else "outside", note, source,
    )  # fmt: skip


def _is_named(name: str, spelling: str) -> bool:
    """Say whether a collection has the name that a spelling leads to: itself, without the part's name, or the last part of a path."""
    tail = spelling.partition(":")[2]
    return name in (spelling, tail, spelling.rstrip("/").rpartition("/")[2], tail.rstrip("/").rpartition("/")[2])
