"""Run files: three rankers share this reader of finished results; each opens one kind of file."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from evidense.compute.search.imported_rankings import ImportedRanker, Results, ties_sentence
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.reading.runs.files import fingerprint, kind, read_run
from evidense.values import Collection, Spelling

BASELINE = ".baseline.json.gz"
"""Ending of a saved baseline; such a file is JSON too, but the part `baseline` opens it."""


class RunFilePart:
    """Opens run files of one kind."""

    name: ClassVar[str]
    spellings: ClassVar[tuple[str, ...]]
    kind: ClassVar[Literal["columns", "json", "lines"]]

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the file's name has the ending of this kind, or else whether its first lines do."""
        return not spelling.head.endswith(BASELINE) and kind(Path(spelling.head).expanduser()) == self.kind

    def open(self, spelling: Spelling) -> ImportedRanker:
        """Read the file.

        Raises:
            InvalidInput: every mistake of the file at once; or options other than form and label.
        """
        return open_run(spelling)


def open_run(spelling: Spelling) -> ImportedRanker:
    """Read a run file of any kind; its content tells which.

    Raises:
        InvalidInput: every mistake of the file at once; or options other than form and label.
    """
    if extra := set(spelling.options) - {"label", "form"}:
        raise InvalidInput(
            f"'{spelling}' gives {', '.join(sorted(extra))} to a run file; expected form or label, because its ranking is final; leave the others out"
        )
    path, form = Path(spelling.head).expanduser(), spelling.options.get("form")
    run = read_run(path, form)
    warnings = dict.fromkeys([*run.notes, *(text for results in run.parts.values() for text in ties_sentence(results))])
    setup = Setup(similarity=run.form, warnings=tuple(warnings))
    return ImportedRanker(path.name, setup, fingerprint(path, form), lambda c: _choose(path.name, run.parts, c))


def _choose(source: str, parts: Mapping[str, Results], collection: Collection) -> Results:
    """Return the part (a subset and split of mteb) that answers the most queries of the collection.

    Raises:
        InvalidInput: two parts answer equally many queries.
    """
    known = set(collection.query_ids)
    counts = {part: len(known & set(results)) for part, results in parts.items()}
    best = max(counts.values())
    names = [part for part, count in counts.items() if count == best]
    if len(names) > 1 and best > 0:
        raise InvalidInput(
            f"{source}: {', '.join(names)} each answer {best} queries of '{collection.name}'; expected one; leave one of them in the file"
        )
    return parts[names[0]]
