"""Read and check the tables [[expected]] of a study file: values that others published, beside which the page sets what is measured."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from evidense import measures
from evidense.errors import EvidenseError, InvalidInput, UnknownName
from evidense.records import Json, Study
from evidense.values.labels import labels


def expected_of(study: Study, source: str) -> tuple[Mapping[str, Json], ...]:
    """Return the tables of a study, their measures in canonical spelling.

    Raises:
        InvalidInput: a table names a system, collection or measure that the study has not, a value that cannot be, or no source. The
            message lists all mistakes.
    """
    if not study.expected:
        return ()
    if mistakes := [mistake for table in study.expected for mistake in _mistakes(study, table)]:
        raise InvalidInput.all_of(f"[[expected]] of {source}", mistakes)
    return tuple({**table, "values": {measures.canonical(m): v for m, v in table["values"].items()}} for table in study.expected)  # fmt: skip


def _mistakes(study: Study, table: Mapping[str, Any]) -> Iterator[str]:
    if not study.systems:
        yield "the study trains its systems, and nobody has published their values; leave the table out"
        return
    known = {"system": tuple(labels((*study.systems, *study.references)).values()), "collection": study.collections}
    for key, names in known.items():
        if table.get(key, "") not in names:
            yield str(UnknownName.among(f"{key} of [[expected]]", table.get(key, ""), names))
    if not str(table.get("source", "")).strip():
        yield f"the values of '{table.get('system', '')}' have no source; expected where they are published: paper and table, or file"
    if not table.get("values"):
        yield f"no value is expected of '{table.get('system', '')}'; expected values = {{ \"nDCG@10\" = 0.6 }}"
    for name, value in table.get("values", {}).items():
        yield from _value_mistakes(study, name, value)


def _value_mistakes(study: Study, name: str, value: float) -> Iterator[str]:
    try:
        measure = measures.canonical(name)
    except EvidenseError as error:
        yield str(error)
        return
    measured = [measures.canonical(m) for m in study.measures]
    if measure not in measured:
        yield f"a value of {measure} is expected, which the study does not measure; add it to measures = [{', '.join(measured)}]"
    if not isfinite(value) or (measures.is_share(measure) and not 0 <= value <= 1):
        yield f"{measure} is expected to be {value}; expected a share between 0 and 1: divide percents by 100"
