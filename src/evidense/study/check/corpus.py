"""Corpus: claims and documents from JSON lines, as SciFact and its relatives write them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from evidense.auditing.passages import Part, SourceText
from evidense.boundary.documents import Form, read_as
from evidense.boundary.files import plain_name
from evidense.checking.calibration import TextKind
from evidense.checking.labelled import LabelledClaim
from evidense.checking.library import LibraryWork
from evidense.errors import InvalidInput
from evidense.reading.lines import text_lines
from evidense.study.check.statements import AskedStatement
from evidense.values import Work
from evidense.values.checking import Stance

_MARK = re.compile(r"\s*[\[(]?\s*(?:<\|\w*cit\|>[\s,;]*)+[\])]?")
"""Where Citation-Integrity took a citation out."""
_Id = int | str


class _Claim(Form):
    """One line of claims."""

    id: _Id
    claim: Annotated[str, Field(min_length=1)]
    cited_doc_ids: list[_Id] = Field(default_factory=list)


class _Label(Form):
    label: Literal["SUPPORT", "SUPPORTS", "REFUTE", "REFUTES", "CONTRADICT", "CONTRADICTS"]


class _LabelledClaim(_Claim):
    """One line of claims with labels: `evidence` names the cited documents that support or refute; the others do neither."""

    evidence: dict[str, list[_Label]]


class _Document(Form):
    """One line of a corpus."""

    doc_id: _Id
    title: str = ""
    abstract: list[str] | str


AnyLine = TypeVar("AnyLine", _Claim, _LabelledClaim, _Document)
AnyRow = TypeVar("AnyRow", AskedStatement, LabelledClaim, LibraryWork)


def is_lines(path: Path) -> bool:
    """Say whether a file is named as JSON lines, packed or not."""
    return plain_name(path).suffix.lower() in (".jsonl", ".ndjson")


def read_claims(path: Path) -> tuple[AskedStatement, ...]:
    """Read one claim a line: `id`, `claim`, and the `cited_doc_ids` of its own sources, if it has any.

    Raises:
        InvalidInput: every broken line at once; an id twice; no claim at all.
    """
    return tuple(_rows(path, _Claim, _statement, "claims: one JSON object a line with id and claim"))


def read_labelled(path: Path) -> tuple[LabelledClaim, ...]:
    """Read one claim a line with `evidence`: document → labels SUPPORT, REFUTE or CONTRADICT, of which the first counts; {} for neither.

    Raises:
        InvalidInput: every broken line at once, a line without `evidence` among them; an id twice; no claim at all.
    """
    what = 'claims with labels: one JSON object a line with id, claim, cited_doc_ids and evidence ({} or {"ID": [{"label": "SUPPORT"}]})'
    return tuple(_rows(path, _LabelledClaim, _labelled, what))


def read_corpus(path: Path) -> tuple[LibraryWork, ...]:
    """Read one document a line: `doc_id`, `title`, and the sentences of its `abstract`.

    The text of a document is its sentences with one space between them; places count its characters.

    Raises:
        InvalidInput: every broken line at once; a doc_id twice; no document at all.
    """
    return tuple(_rows(path, _Document, _work, "documents: one JSON object a line with doc_id and abstract"))


def _rows(path: Path, form: type[AnyLine], made: Callable[[Any], AnyRow], what: str) -> Iterator[AnyRow]:
    mistakes: list[str] = []
    rows: list[AnyRow] = []
    lines: dict[str, int] = {}
    for number, line in text_lines(path, mistakes, f"a file of {what}"):
        if not line.strip():
            continue
        try:
            row = made(read_as(form, line, f"line {number}"))
        except InvalidInput as error:
            mistakes.append(_one_line(number, str(error)))
            continue
        if (before := lines.setdefault(row.key, number)) != number:
            mistakes.append(f"line {number}: '{row.key}' stands on line {before} too")
        rows.append(row)
    if mistakes:
        raise InvalidInput.all_of(f"{path}: expected {what}", mistakes)
    if not rows:
        raise InvalidInput(f"'{path}' is empty. Expected {what}; check the file.")
    return iter(rows)


def _one_line(number: int, message: str) -> str:
    words = " ".join(message.split())
    words = re.sub(rf"^'?line {number}'?:?\s*(?:\d+ mistakes?)?\s*", "", words)
    return f"line {number}: {words}"


def _statement(line: _Claim) -> AskedStatement:
    text = " ".join(_MARK.sub("", line.claim).split())
    kind: TextKind = "citing sentence" if _MARK.search(line.claim) else "claim"
    return AskedStatement(text, str(line.id), tuple(dict.fromkeys(map(str, line.cited_doc_ids))), kind)


def _labelled(line: _LabelledClaim) -> LabelledClaim:
    asked = _statement(line)
    stance_of = {key: _stance(line.evidence.get(key, [])) for key in asked.cites}
    return LabelledClaim(asked.id, asked.text, asked.kind, stance_of)


def _stance(labels: list[_Label]) -> Stance:
    if not labels:
        return "neither"
    return "supports" if labels[0].label.startswith("SUPPORT") else "refutes"


def _work(line: _Document) -> LibraryWork:
    given = [line.abstract] if isinstance(line.abstract, str) else line.abstract
    pieces = [piece for piece in (" ".join(sentence.split()) for sentence in given) if piece]
    parts, start = [], 0
    for piece in pieces:
        parts.append(Part("", start, start + len(piece)))
        start += len(piece) + 1
    key, text = str(line.doc_id), " ".join(pieces)
    return LibraryWork(key, Work("corpus", title=line.title, abstract=text), SourceText(key, text, tuple(parts)))
