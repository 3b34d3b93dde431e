"""Names: the short names that a study gives its systems, collections and measures, put into what people read.

Tables, figures and the page show short names; files for programs (CSV, JSON, runs) keep the full ones.
"""

from collections.abc import Mapping
from typing import Any

from evidense.records import Finding, Json, Outcome, QueryTexts, Ranking, Record, Score, Study
from evidense.report.contents import Contents
from evidense.report.rendering import ShortName

_SITE = {"system": "systems", "baseline": "systems", "collection": "collections", "collections": "collections"}
"""Key of a finding's site → the table of names that its value is looked up in."""
_KIN = ("family", "same_queries", "left_out")
"""Details of a finding that list collections."""
Names = Mapping[str, Mapping[str, ShortName]]
"""'systems' or 'collections' → full name → short name."""


def with_short_names(contents: Contents) -> Contents:
    """Return the same contents under the study's short names; each of them still knows the full name (`full_name`)."""
    given = contents.study.names
    names = {kind: _known(given.get(kind, {})) for kind in ("systems", "collections")}
    if not any(names.values()):
        return contents
    study = _of_study(contents.study, names)
    return Contents.of(study, [_renamed(record, names) for record in contents.records])


def measure_name(study: Study, measure: str) -> str:
    """Return what a paper calls a measure: the study's short name for it, or its spelling."""
    return study.names.get("measures", {}).get(measure, measure)


def _known(short_of: Mapping[str, str]) -> dict[str, ShortName]:
    return {full: ShortName(short, full) for full, short in short_of.items()}


def _of_study(study: Study, names: Names) -> Study:
    expected = tuple({**table, "system": _in(names, "systems", table["system"])} for table in study.expected)
    looks = {_in(names, "collections", name): facts for name, facts in study.observed.get("looks", {}).items()}
    observed = {**study.observed, **({"looks": looks} if looks else {})}
    return study.relabelled(expected=expected, observed=observed)


def _renamed(record: Record, names: Names) -> Record:
    match record:
        case Study():
            return _of_study(record, names)
        case Ranking():
            card = {**record.collection, "name": _in(names, "collections", record.collection["name"])}
            return record.relabelled(system=_in(names, "systems", record.system), collection=card)
        case Score():
            return record.relabelled(**_pair(record, names))
        case QueryTexts():
            return record.relabelled(collection=_in(names, "collections", record.collection))
        case Outcome():
            return record.relabelled(**_pair(record, names), baseline=_in(names, "systems", record.baseline))
        case Finding():
            return record.relabelled(site=_site(record, names), details=_details(record, names))
    return record


def _pair(record: Score | Outcome, names: Names) -> dict[str, Json]:
    return {"system": _in(names, "systems", record.system), "collection": _in(names, "collections", record.collection)}


def _site(finding: Finding, names: Names) -> dict[str, Json]:
    return {key: _in(names, _SITE[key], value) if key in _SITE else value for key, value in finding.site.items()}


def _details(finding: Finding, names: Names) -> dict[str, Json]:
    return {
        key: _in(names, "collections", value) if key in _KIN and value else value
        for key, value in finding.details.items()
    }


def _in(names: Names, kind: str, value: Any) -> Any:
    """Return the short name of a name, or those of a list of names."""
    if isinstance(value, list | tuple):
        return [names[kind].get(name, name) for name in value]
    return names[kind].get(value, value)
