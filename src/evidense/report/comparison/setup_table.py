"""Set-up: how each system was run, side by side, with what differs from the baseline marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidense.boundary.numerals import count, size
from evidense.records import Json
from evidense.report.comparison.notes import quoted, recall_words
from evidense.report.comparison.sections import ValueCell, cell, role_of
from evidense.report.contents import Contents

__all__ = ["SetupCell", "SetupRow", "ValuesRow", "role_of", "rows", "values_row"]


@dataclass(frozen=True)
class ValuesRow:
    """Absolute values of everybody on one collection, by the primary measure."""

    collection: str
    anchor: str
    n: str
    cells: list[ValueCell]


def values_row(contents: Contents, collection: str) -> ValuesRow:
    """Return one row of the table of absolute values."""
    found = [contents.means.get((s, collection, contents.study.primary)) for s in contents.everyone]
    n = next((count(f.n) for f in found if f), "—")
    return ValuesRow(collection, f"c{contents.collections.index(collection) + 1}", n, [cell(f) for f in found])


@dataclass(frozen=True)
class SetupCell:
    """One system's value; `differs` from the baseline's."""

    text: str
    differs: bool


@dataclass(frozen=True)
class SetupRow:
    """One property of all systems."""

    name: str
    cells: list[SetupCell]


_ROWS: tuple[tuple[str, str], ...] = (
    ("query prompt", "query_prompt"), ("document prompt", "document_prompt"), ("pooling", "pooling"), ("longest text (tokens)", "max_length"),
    ("normalised", "normalised"), ("similarity", "similarity"), ("number type", "dtype"), ("dimensions", "n_dims"), ("parameters", "n_parameters"),
    ("size of 1M documents", "bytes_per_vector"), ("licence", "licence"), ("weights (sha256)", "weights_sha256"), ("weights not used", "unused_weights"),
)  # fmt: skip


def rows(contents: Contents) -> list[SetupRow]:
    """Return the table, without properties that no system has."""
    rankings = [contents.ranking_of(s) for s in contents.everyone]
    setups: list[Mapping[str, Json]] = [r.setup if r else {} for r in rankings]
    table = [_row("named as", [r.spelling if r else "—" for r in rankings])]
    table += [
        _row(name, [_text(key, s.get(key)) for s in setups])
        for name, key in _ROWS
        if any(s.get(key) not in (None, [], ()) for s in setups)
    ]
    if contents.recalls:
        table.append(_row("its index finds, where it finds least", [_recall(contents, s) for s in contents.everyone]))
    return table


def _recall(contents: Contents, system: str) -> str:
    findings = [finding for (name, _), finding in contents.recalls.items() if name == system]
    if not findings:
        return "— (exact search)"
    worst = min(findings, key=lambda finding: finding.value or 0.0)
    return f"{recall_words(worst)} (n {count(worst.n)} queries)"


def _row(name: str, texts: list[str]) -> SetupRow:
    compare = name != "named as"
    return SetupRow(name, [SetupCell(t, compare and t != texts[0]) for t in texts])


def _text(key: str, value: Any) -> str:
    match key, value:
        case (("query_prompt" | "document_prompt"), _):
            return quoted(value or "")
        case _, None:
            return "—"
        case "bytes_per_vector", _:
            return size(value * 1e6)
        case "weights_sha256", _:
            return str(value)[:12]
        case "unused_weights", _:
            return ", ".join(value) or "—"
        case _, bool():
            return "yes" if value else "no"
        case _, int():
            return count(value)
    return str(value)
