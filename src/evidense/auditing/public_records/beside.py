"""Beside: report.json and its records, counted and compared again, so that a change shows whatever the hashes say."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidense.auditing.audited import Said
from evidense.auditing.public_records.forms import FILE_OF
from evidense.auditing.public_records.levels import GROUNDED
from evidense.boundary.shown import shown_line
from evidense.errors import EvidenseError
from evidense.records import sha256_of
from evidense.texts.loose_json import at, rows, text
from evidense.values import StatedRecords

REPORT, RECORDS = "../report.json", "../records.json"
"""Names in `StatedRecords.raw` of the files that lie above the folder of records."""
_LEVELS, _QUALITY = FILE_OF["verification-levels-v1"], FILE_OF["quality-dimensions-v1"]
_AGAINST = frozenset({"REFUTED", "MIXED"})
_PLACE = ("source", "quote", "start", "end")
_MOST = 60
View = Mapping[str, Any]
"""What a statement comes to, field by field, in the order in which a change is named."""


def report_rows(stated: StatedRecords) -> Iterator[Said]:
    """Yield what report.json says otherwise than its own statements, the claim records, the votes and the records beside it; one row where all agree."""
    report = stated.raw.get(REPORT)
    if not isinstance(report, Mapping):
        return
    statements, claims = (
        rows(report, "statements"),
        rows(stated.raw.get(_LEVELS), "claim_summary", "per_claim_public_records"),
    )
    wrong = [*_own_counts(report, statements), *_answer(report, statements), *_votes(report, stated.raw.get(_QUALITY))]
    if _LEVELS in stated.raw:
        wrong += _beside(statements, {text(claim, "id"): _of_claim(claim) for claim in claims}, _LEVELS)
    if isinstance(records := stated.raw.get(RECORDS), list):
        wrong += [*_altered(records), *_against_records(statements, claims, records)]
    yield from dict.fromkeys(wrong)
    if not wrong:
        yield Said("report.json", f"{len(statements)} statements", "counted again; the records beside it say the same", True)  # fmt: skip


def _own_counts(report: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    borne, against = [s for s in statements if _is_verified(s)], [s for s in statements if _is_against(s)]
    again: dict[str, Any] = {
        "statements": len(statements), "borne_out": len(borne), "contradicted": len(against),
        "words": dict(Counter(text(statement, "verdict") for statement in statements)),
        "used": sum(text(work, "outcome") == "included" for work in rows(report, "works")),
    }  # fmt: skip
    for name, found in again.items():
        if (says := at(report, "counts", name)) is not None and says != found:
            yield Said(
                f"report.json, {name.replace('_', ' ')}", _shown(says), f"{_shown(found)} in its statements", False
            )
    for facet in _facets(report):
        says, found = at(report, "per_facet", facet), [text(s, "id") for s in borne if facet in _texts(s, "facets")]
        if says is not None and says != found:
            yield Said(f"report.json, borne out on {_shown(facet)}", _shown(says), f"{_shown(found)} in its statements", False)  # fmt: skip


def _answer(report: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    """Yield an answer that is not the one of its rule."""
    facets, says = _facets(report), text(report, "answer", "word")
    borne = [set(_texts(statement, "facets")) for statement in statements if _is_verified(statement)]
    is_whole = bool(facets) and all(any(facet in on for on in borne) for facet in facets)
    again = "ANSWERED" if is_whole and not any(map(_is_against, statements)) else "PARTLY ANSWERED"
    again = again if statements else "NOT ANSWERED"
    sentence = text(report, "answer", "sentence")
    for said in dict.fromkeys(filter(None, (says, sentence.partition(":")[0]))):
        if said != again:
            yield Said("report.json, answer", _shown(said), f"{again} by its rule", False)


def _votes(report: Mapping[str, Any], quality: Any) -> Iterator[Said]:
    """Yield a score of the review that quality.json has otherwise."""
    if not isinstance(quality, Mapping):
        return
    one, other = (
        {_vote(v): at(v, "score") for v in rows(r, *path)}
        for r, path in ((report, ("review", "votes")), (quality, ("votes",)))
    )
    pairs = [(f"vote of {name}", one.get(name, "none"), other.get(name, "none")) for name in (*one, *other)]
    pairs.append(("score", at(report, "review", "score"), at(quality, "review_score")))
    for what, says, found in pairs:
        if says != found:
            yield Said(f"report.json, {_shown(what)}", _shown(says), f"{_shown(found)} in {_QUALITY}", False)


def _beside(statements: Sequence[Mapping[str, Any]], others: Mapping[str, View], where: str) -> Iterator[Said]:
    """Yield statements that are in one of two files alone, then each field of a statement that differs."""
    views = {text(statement, "id"): _of_statement(statement) for statement in statements}
    for name, other in others.items():
        if name not in views:
            yield Said("report.json", f"no statement {_shown(name)}", f"“{_shown(other['text'])}” in {where}", False)
    for name, view in views.items():
        if name not in others:
            yield Said(f"report.json, statement {_shown(name)}", _shown(view["text"]), f"not in {where}", False)
        else:
            yield from _unlike(f"report.json, statement {_shown(name)}", view, others[name], where)


def _unlike(name: str, view: View, other: View, where: str) -> Iterator[Said]:
    for field, says in view.items():
        if field in other and says != other[field]:
            said, found = (says, other[field]) if field != "quotations" else _first_unlike(says, other[field])
            yield Said(f"{name}, {field}", _shown(said), f"{_shown(found)} in {where}", False)


def _first_unlike(ones: Sequence[Any], others: Sequence[Any]) -> tuple[Any, Any]:
    """Return the first quotation of each that the other lacks."""
    return (
        next((_printed(one) for one in ones if one not in others), "none more"),
        next((_printed(other) for other in others if other not in ones), "none more"),
    )


def _printed(quote: Sequence[Any]) -> str:
    source, said, start, end, stance = quote
    return f"{stance}: “{said}”, {source} {start} to {end}"


def _altered(records: Sequence[Any]) -> Iterator[Said]:
    """Yield the records whose content has another id."""
    for record in rows(list(records)):
        name = text(record, "id")
        try:
            again = sha256_of([at(record, "kind"), at(record, "content"), at(record, "parents")])
        except EvidenseError:
            again = ""
        if again != name:
            yield Said("records.json", f"record {_shown(name[:12])}", f"its content has the id {again[:12] or 'of none'}: it was changed", False)  # fmt: skip


def _against_records(
    statements: Sequence[Mapping[str, Any]], claims: Sequence[Mapping[str, Any]], records: Sequence[Any]
) -> Iterator[Said]:
    """Yield what statements and claim records say otherwise than the record that they name, and checks that no statement names."""
    checks = {text(r, "id"): r for r in rows(list(records)) if at(r, "content", "about") == "statement"}
    named = set()
    for file, one in (*(("report.json", s) for s in statements), *((_LEVELS, c) for c in claims)):
        name, record = f"{file}, statement {_shown(text(one, 'id'))}", checks.get(text(one, "record"))
        named |= {text(one, "record")} if file == "report.json" else set()
        if record is None:
            yield Said(name, f"record {_shown(text(one, 'record')[:12])}", "not in records.json", False)
        else:
            view = _of_statement(one) if file == "report.json" else _of_claim(one)
            own = [quote for quote in view["quotations"] if quote[-1] not in ("place", "says the same")]
            yield from _unlike(name, {**view, "quotations": own}, _of_record(record), "records.json")
    for name, record in checks.items():
        if name not in named:
            said = _shown(text(record, "content", "subject"))
            yield Said("report.json", "no such statement", f"records.json has a check of “{said}”", False)


def _of_statement(row: Mapping[str, Any]) -> View:
    quotes = [
        _quote(at(row, "place"), "place"),
        *(_quote(same, "says the same") for same in rows(row, "says_the_same")),
    ]
    words = {"its source": at(row, "grounded"), "other works": at(row, "corroborated"), "experiment": at(row, "tested")}
    return _view(row, words, [*quotes, *_evidence(row, "evidence")])


def _of_claim(row: Mapping[str, Any]) -> View:
    columns = (at(row, "columns", name) for name in ("grounded", "corroborated", "tested"))
    return _view(
        row, dict(zip(("its source", "other works", "experiment"), columns, strict=True)), _evidence(row, "quotes")
    )


def _of_record(record: Mapping[str, Any]) -> View:
    said, details = at(record, "content"), at(record, "content", "details")
    words = {
        "its source": at(details, "grounded"),
        "other works": at(details, "corroborated"),
        "experiment": at(details, "tested"),
    }
    known = {"text": at(said, "subject"), "verdict": at(said, "verdict")}
    return {**_view(details, words, _evidence(details, "evidence")), **known}


def _view(row: Any, words: Mapping[str, Any], quotes: Sequence[Any]) -> View:
    known = {name: at(row, name) for name in ("text", "verdict", "confidence")}
    return {
        **known,
        **words,
        "entailer": at(row, "entailer"),
        "facets": at(row, "facets"),
        "reasons": at(row, "reasons"),
        "quotations": list(quotes),
    }


def _evidence(row: Any, name: str) -> list[tuple[Any, ...]]:
    return [_quote(quote, at(quote, "stance")) for quote in rows(row, name)]


def _quote(row: Any, stance: Any) -> tuple[Any, ...]:
    return (*(at(row, name) for name in _PLACE), stance)


def _vote(vote: Mapping[str, Any]) -> str:
    return text(vote, "reviewer") or text(vote, "dimension")


def _is_verified(statement: Mapping[str, Any]) -> bool:
    return text(statement, "grounded") in GROUNDED and text(statement, "corroborated") in GROUNDED


def _is_against(statement: Mapping[str, Any]) -> bool:
    return text(statement, "corroborated") in _AGAINST


def _facets(report: Mapping[str, Any]) -> list[str]:
    return _texts(report, "facets")


def _texts(row: Any, name: str) -> list[str]:
    found = at(row, name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name} {n}" for name, n in sorted(value.items())]
    said = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)
    line = shown_line(" ".join(said.split()))
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"
