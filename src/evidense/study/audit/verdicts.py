"""Verdicts: what each traced statement comes to beside the texts that it cites, by rules, and by the entailer where its risk is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evidense import registry
from evidense.auditing.passages import SourceText
from evidense.auditing.statements import TracedStatement
from evidense.checking.decide import Judges, decide
from evidense.checking.library import LibraryWork, WorkLibrary
from evidense.values import Work

ENTAILER = "features"


def with_verdicts(
    statements: Sequence[TracedStatement], texts: Mapping[str, SourceText], is_citing: bool
) -> tuple[TracedStatement, ...]:
    """Return the statements with their verdicts. A citing sentence is checked beside what it cites, a claim beside the source that is closest."""
    works = tuple(LibraryWork(text.name, Work("audit"), text, names=(key,)) for key, text in texts.items())
    judges = Judges(WorkLibrary(works), registry.part("entailers", ENTAILER).open(ENTAILER), n_others=0)
    return tuple(_with_verdict(statement, judges, is_citing) for statement in statements)


def _with_verdict(statement: TracedStatement, judges: Judges, is_citing: bool) -> TracedStatement:
    named = statement.cites if is_citing else (statement.source,)
    cites = [key for key in named if judges.library.get(key) is not None]
    if not cites:
        return statement
    checked = decide(statement.text, cites, "citing sentence" if is_citing else "claim", judges)
    return replace(
        statement,
        verdict=checked.grounded,
        confidence=checked.confidence,
        entailer=checked.entailer,
        calibrator=checked.calibrator,
    )
