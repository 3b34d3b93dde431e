"""Verdicts: what each traced statement comes to beside the texts that it cites, by rules, and by the entailer where its risk is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evidense import registry
from evidense.auditing.losses import COPY
from evidense.auditing.statements import TracedStatement
from evidense.checking.decide import Judges, decide
from evidense.checking.library import LibraryWork, WorkLibrary
from evidense.study.audit.library import ReadText
from evidense.values import CheckWord, Work

ENTAILER = "features"


def with_verdicts(
    statements: Sequence[TracedStatement], read: Mapping[str, ReadText], is_citing: bool
) -> tuple[TracedStatement, ...]:
    """Return the statements with their verdicts. A citing sentence is checked beside what it cites, a claim beside the source that is closest.

    Sentences of a text are evidence, and cells of its tables.
    """
    works = tuple(
        LibraryWork(
            one.text.name, Work("audit"), one.text, names=(key,), tables=one.document.tables if one.document else ()
        )
        for key, one in read.items()
    )
    judges = Judges(WorkLibrary(works), registry.part("entailers", ENTAILER).open(ENTAILER), n_others=0)
    return tuple(_with_verdict(statement, judges, is_citing) for statement in statements)


def _with_verdict(statement: TracedStatement, judges: Judges, is_citing: bool) -> TracedStatement:
    named = statement.cites if is_citing else (statement.source,)
    cites = [key for key in named if judges.library.get(key) is not None]
    if not cites:
        return statement
    checked = decide(statement.text, cites, "citing sentence" if is_citing else "claim", judges)
    cell = next((e.passage for e in checked.evidence if e.passage.says and e.stance != "not sure"), None)
    if cell is not None:
        statement = replace(statement, notes=(*statement.notes, f"a table of its source says: {cell.says}"))
    verdict = (
        checked.grounded if cell is not None and not _has_lost(statement) else _agreed(checked.grounded, statement)
    )
    if verdict != checked.grounded:
        return replace(statement, verdict=verdict)
    return replace(
        statement,
        verdict=verdict,
        reasons=checked.reasons if verdict == "REFUTED" else (),
        confidence=checked.confidence,
        entailer=checked.entailer,
        calibrator=checked.calibrator,
    )


def _agreed(verdict: CheckWord, statement: TracedStatement) -> CheckWord:
    """Return the weaker of a verdict and of what its passage says: nothing is SUPPORTED beside a loss or without a passage, and no copy has NOT ENOUGH."""
    aligned = statement.alignment
    is_shown = aligned.kind not in ("NO TEXT", "NOT LOCATED")
    if verdict == "SUPPORTED" and (_has_lost(statement) or not is_shown):
        return "NOT SURE"
    return "NOT SURE" if verdict == "NOT ENOUGH" and is_shown and aligned.located >= COPY else verdict


def _has_lost(statement: TracedStatement) -> bool:
    return any(loss.rule != "cut" for loss in statement.losses)
