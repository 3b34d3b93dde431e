"""Runs: reads the results of other systems in any usual form (columns, JSON or JSON lines, packed or not), recognised by content.

Columns: TREC's six, MS MARCO's or Tevatron's three, ColBERT's four, or those that a heading names. JSON: {query: {document: score}} as
pytrec_eval and mteb 1 write it, mteb 2's {subset: {split: …}}. JSON lines: sentence-transformers' predictions.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.encodings import as_utf8
from evidense.boundary.files import MIB, opened
from evidense.errors import InvalidInput
from evidense.reading.runs.columns import read_columns, reads_as_columns
from evidense.reading.runs.forms import FORMS
from evidense.reading.runs.json_runs import LINES_NAME, is_json_lines, read_json, read_json_lines, reads_as_results

READING = 3
"""Raised when other results, or another order of equal scores, come from the same file."""

WHAT = "a run file (columns, JSON or JSON lines)"
MOST_JSON = 256 * MIB
_PACKED = re.compile(r"\.(gz|bz2|xz|zip|zst)$", re.IGNORECASE)
_NAMES = {
    "columns": re.compile(r"\.(trec|run)$", re.I),
    "json": re.compile(r"_predictions\.json$"),
    "lines": LINES_NAME,
}
_SNIFFED = MIB // 4

Results = Mapping[str, Mapping[str, float]]
"""query_id → doc_id → score, the highest first."""


@dataclass(frozen=True)
class Run:
    """The content of a run file: one set of results, or several by name (mteb's 'subset/split')."""

    form: str
    """One line that describes how the file was read."""
    parts: Mapping[str, Results]
    notes: tuple[str, ...] = ()
    """Sentences for the page."""

    @property
    def results(self) -> Results:
        """The results of a file that holds one set."""
        (only,) = self.parts.values()
        return only


def read_run(path: Path, form: str | None = None) -> Run:
    """Read a run. `form`, if given, decides: 'ranks' (the lowest first), 'scores' (the highest first) or 'trec' (six columns).

    Raises:
        InvalidInput: every mistake of the file at once, with line numbers; or it cannot be told whether it holds ranks or scores.
    """
    if form is not None and form not in FORMS:
        raise InvalidInput(f"'@form={form}' is no form of a run. Expected {', '.join(FORMS)}; correct it.")
    start = _start(path)
    if not start.startswith((b"{", b"[")):
        return Run(*read_columns(path, form))
    if form == "trec":
        raise InvalidInput(f"'{path}' holds JSON. Expected six columns, as @form=trec says; drop the option.")
    data = _whole(path)
    description, parts = read_json_lines(path, data) if is_json_lines(data) else read_json(path, data)
    if form == "ranks":
        parts = {
            name: {q: {d: -v for d, v in ranking.items()} for q, ranking in results.items()}
            for name, results in parts.items()
        }
        description = description.replace("the score decides", "the lowest first")
    return Run(description, parts)


def kind(path: Path) -> str | None:
    """Return the format of a run, 'columns', 'json' or 'lines', by its name or the start of its content; None if it is not a run."""
    name = _PACKED.sub("", path.name)
    if form_by_name := next((kind for kind, form in _NAMES.items() if form.search(name)), None):
        return form_by_name
    try:
        if not path.is_file():
            return None
        start = _start(path)
    except (InvalidInput, OSError, ValueError):
        return None
    if start.startswith(b"{"):
        return "lines" if is_json_lines(start) else "json" if reads_as_results(start) else None
    return "columns" if reads_as_columns(start) else None


def fingerprint(path: Path, form: str | None = None) -> str:
    """Return a hash of the unpacked bytes, the form and the version of this reader."""
    digest = hashlib.sha256(f"run {READING} {form or ''}\0".encode())
    with opened(path, WHAT) as file:
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()


def _start(path: Path) -> bytes:
    with opened(path, WHAT) as file:
        return as_utf8(file, path).read(_SNIFFED).removeprefix(b"\xef\xbb\xbf").lstrip()


def _whole(path: Path) -> bytes:
    with opened(path, WHAT) as file:
        data = as_utf8(file, path).read(MOST_JSON + 1)
    if len(data) > MOST_JSON:
        raise InvalidInput(
            f"'{path}' holds more than 256 MiB of JSON. Expected less; write six columns (query Q0 document rank score tag)."
        )
    return data.removeprefix(b"\xef\xbb\xbf")
