"""Beside: the cells of a factorial whose lists a reader sees side by side, query by query."""

from evidense.boundary.numerals import count
from evidense.records import QueryTexts, Ranking, Score
from evidense.report.comparison.queries import SideBySide
from evidense.report.contents import Contents
from evidense.report.factorial.effects import Effects


def sides_of_cells(contents: Contents, record: QueryTexts) -> SideBySide:
    """Return the cells whose rankings the record holds, in its order; a cell is the mean over its seeds."""
    labels_of = _labels(contents)
    cell_of = {labels[0]: cell for cell, labels in labels_of.items()}
    system_of = {r.id: r.system for r in contents.records if isinstance(r, Ranking)}
    cells = [cell_of[label] for parent in record.parents if (label := system_of[parent]) in cell_of]
    return SideBySide({cell: labels_of[cell] for cell in cells}, len(cells))


def lists_note(contents: Contents) -> str:
    """Say what the values and lists of the table are, and which cells it leaves out; an empty text where there is no table."""
    if not contents.texts:
        return ""
    labels_of = _labels(contents)
    shown = sides_of_cells(contents, next(iter(contents.texts.values()))).labels
    several = [labels for cell, labels in labels_of.items() if cell in shown and len(labels) > 1]
    n_left = len(labels_of) - len(shown)
    sentences = [f"Differences are from the cell “{next(iter(shown))}”"] if shown else []
    if several:
        sentences += [
            f"Values are means over {max(map(len, several))} seeds; lists are those of the first seed ({several[0][0]})"
        ]
    if n_left:
        cells = "cell is" if n_left == 1 else "cells are"
        sentences += [f"{count(n_left)} more {cells} left out: scores.csv and runs/ beside this page hold them"]
    return ". ".join(sentences)


def _labels(contents: Contents) -> dict[str, tuple[str, ...]]:
    """Return cell → the labels of its seeds, the first seed first."""
    system_of = {r.id: r.system for r in contents.records if isinstance(r, Score)}
    effects = Effects.of(contents.study, contents.records)
    return {
        cell: tuple(dict.fromkeys(system_of[parent] for parent in finding.parents))
        for (cell, _, _), finding in effects.cells.items()
    }
