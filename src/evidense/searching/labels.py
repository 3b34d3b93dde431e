"""Labels: what people decided about works, from a table that they fill in: columns work, label, and, as they like, reason and sample."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.files import Budget, read_text
from evidense.errors import InvalidInput

COLUMNS = ("work", "label", "reason", "sample", "title", "year", "abstract")
_YES = frozenset("include included yes y 1 relevant".split())
_NO = frozenset("exclude excluded no n 0 irrelevant".split())


@dataclass(frozen=True)
class HumanLabel:
    """One decision of a person."""

    work: str
    is_included: bool
    reason: str = ""
    sample: int = 0
    line: int = 0


def read_labels(path: Path) -> tuple[HumanLabel, ...]:
    """Read a table of labels in the order in which the works were screened; rows without a label are left out.

    Raises:
        InvalidInput: a column is missing, a label is another word, or a work has two different labels; all mistakes at once.
    """
    rows = csv.DictReader(io.StringIO(read_text(path, "a table of labels (CSV)", Budget()), newline=""))
    found, mistakes = [], []
    try:
        columns = [str(name).strip("\ufeff ").lower() for name in rows.fieldnames or ()]
        rows.fieldnames = columns
        if not {"work", "label"} <= set(columns):
            raise InvalidInput(
                f"'{path}' has the columns {', '.join(columns) or 'none'}; expected work and label; fill in to_screen.csv"
            )
        for row in rows:
            label = _label(row, rows.line_num)
            if isinstance(label, str):
                mistakes.append(label)
            elif label is not None:
                found.append(label)
    except csv.Error as error:
        raise InvalidInput(
            f"'{path}' cannot be read ({error}); expected CSV with the columns work and label; correct it"
        ) from None
    mistakes += _two_labels(found)
    if mistakes:
        raise InvalidInput.all_of(
            f"'{path}' has labels that cannot be used; expected include or exclude, once a work; correct these lines",
            mistakes,
        )
    first: dict[str, HumanLabel] = {}
    for label in found:
        first.setdefault(label.work, label)
    return tuple(first.values())


def _label(row: Mapping[str, str | None], line: int) -> HumanLabel | str | None:
    work, word = (row.get("work") or "").strip(), (row.get("label") or "").strip().lower()
    if not word:
        return None
    if not work or word not in _YES | _NO:
        return f"line {line}: '{word[:40]}' of '{work[:60]}'" if work else f"line {line}: a label without a work"
    sample = (row.get("sample") or "").strip()
    if sample and not (sample.isascii() and sample.isdigit() and len(sample) < 4):
        return f"line {line}: the sample '{sample[:20]}' is no number"
    return HumanLabel(work, word in _YES, " ".join((row.get("reason") or "").split()), int(sample or 0), line)


def _two_labels(labels: Sequence[HumanLabel]) -> list[str]:
    said: dict[str, HumanLabel] = {}
    mistakes = []
    for label in labels:
        before = said.setdefault(label.work, label)
        if before.is_included != label.is_included:
            mistakes.append(f"lines {before.line} and {label.line} label '{label.work}' differently")
    return mistakes
