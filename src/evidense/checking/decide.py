"""Decide: one statement beside the works of a library: its own sources, and others that are independent of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from evidense.checking.aggregate import DECIDED, CheckedStatement, StancedPassage, WorkCheck, combined, stance_of
from evidense.checking.calibration import BringsCalibrations, Calibration, TextKind, calibration_for, verdict_of
from evidense.checking.celled import celled
from evidense.checking.checkable import objection
from evidense.checking.independence import independent, not_citing
from evidense.checking.library import LibraryWork, WorkLibrary, closest_sentences, evidence_pair
from evidense.checking.rarity import shipped_rarity
from evidense.checking.rule_outcomes import RulesOn, rule_risk
from evidense.checking.ruled import ruled
from evidense.parts import Entailer
from evidense.stats.forecasts.abstaining import Threshold
from evidense.texts.stems import stems
from evidense.values import CheckWord, Passage

N_OTHERS = 5
"""Other works that a statement is laid beside, the best first."""
MOST_OWN = 20
"""Sources of its own that a statement is laid beside."""
WITHHELD: Mapping[RulesOn, str] = {
    "sentence": "it copies a sentence, but verdicts of rules may be wrong more often than the target risk",
    "cell": "a cell of a table has its value, but verdicts of rules on tables may be wrong more often than the target risk",
}
"""Why a statement that rules could judge has no verdict."""
ENOUGH_SHARED = 0.18
"""The least share of a statement's words, weighed by rarity, that the passages of a work have, so that they are shown to be read. Of the 564 abstracts that
bear on SciFact's training claims 4 have less, of 2,427 drawn at random 2,330."""
_AS_A_COIN = 0.5
"""No verdict is printed that is more likely wrong than right, whatever the risk of all verdicts together."""
_WORTH_ALIGNING = 0.5
"""The least share of a statement's rare words that the closest sentences of a work have, so that one of them may be its copy."""


@dataclass(frozen=True)
class Judges:
    """Everything that statements are judged by."""

    library: WorkLibrary
    entailer: Entailer
    risk: float = 0.10
    experiments: Mapping[str, str] = field(default_factory=dict)
    """What experiments of ours say, by the text of a statement."""
    n_others: int = N_OTHERS
    measured: tuple[Calibration, ...] = ()
    """Calibrations of the entailer that come before those that ship."""

    def calibration(self, kind: TextKind) -> Calibration | None:
        """Return how often the entailer's verdicts are right on a kind of text; None where that was never measured."""
        brought = self.entailer.calibrations if isinstance(self.entailer, BringsCalibrations) else ()
        known = (*self.measured, *brought)
        own = (one for one in known if one.kind == kind and one.entailer == self.entailer.identity)
        return next(own, None) or calibration_for(self.entailer.identity, kind)

    def threshold(self, kind: TextKind) -> Threshold | None:
        """Return from which probability on the entailer's verdicts may be printed; None where they may not."""
        calibration = self.calibration(kind)
        return calibration.threshold(self.risk) if calibration else None


def decide(statement: str, cites: Sequence[str], kind: TextKind, judges: Judges) -> CheckedStatement:
    """Return what a statement comes to beside its own sources and beside others.

    Where a library has one work alone and the statement cites nothing, that work is its source.
    """
    tested = judges.experiments.get(statement, "")
    if reason := objection(statement):
        return CheckedStatement(statement, "NOT CHECKED", tested=tested, reasons=(reason,), cites=tuple(cites))
    own = _own(cites, judges.library)
    others = _others(statement, own, judges)
    passages = {work.key: closest_sentences(work, statement) for work in own}
    passages |= {work.key: not_citing(own, work, closest_sentences(work, statement)) for work in others}
    own_words, other_words = _beside(
        statement, kind, judges, ([*own], [w for w in others if passages[w.key]]), passages
    )
    grounded, corroborated = combined([one.word for one in own_words]), combined([one.word for one in other_words])
    checked = _joined(statement, [*own_words, *other_words], grounded, corroborated)
    missing = tuple(f"no text of '{key}' is at hand" for key in cites if judges.library.get(key) is None)
    return replace(
        checked, tested=tested, cites=tuple(cites), reasons=(*checked.reasons, *missing), entailer=checked.entailer or judges.entailer.name
    )  # fmt: skip


def _own(cites: Sequence[str], library: WorkLibrary) -> list[LibraryWork]:
    if not cites and len(library.works) == 1:
        return [library.works[0]]
    found = [work for key in cites if (work := library.get(key)) is not None]
    return list({work.key: work for work in found}.values())[:MOST_OWN]


def _others(statement: str, own: Sequence[LibraryWork], judges: Judges) -> list[LibraryWork]:
    """Return the best works that are independent of the statement's own sources."""
    if not judges.n_others:
        return []
    ranked = judges.library.ranked(statement, 2 * (judges.n_others + len(own)))
    return [found.work for found in ranked if independent(own, found.work)][: judges.n_others]


def _beside(
    statement: str,
    kind: TextKind,
    judges: Judges,
    works: tuple[list[LibraryWork], list[LibraryWork]],
    passages: dict[str, tuple[Passage, ...]],
) -> tuple[list[WorkCheck], list[WorkCheck]]:
    """Judge every work once, own sources and others; the entailer is asked for all together."""
    own, others = works
    pairs = [evidence_pair(statement, work.work.title, passages[work.key]) for work in (*own, *others)]
    rows = judges.entailer.entail(pairs) if pairs else np.empty((0, 3))
    judged = [
        _one_work(statement, work, passages[work.key], _entailed(row, kind, judges), judges.risk)
        for work, row in zip((*own, *others), rows, strict=True)
    ]
    return judged[: len(own)], judged[len(own) :]


@dataclass(frozen=True)
class _Entailed:
    """What an entailer says of a work, as far as it may be printed."""

    word: CheckWord = "NOT SURE"
    confidence: float | None = None
    by: str = ""
    calibrator: str = ""


def _entailed(row: Float64[np.ndarray, " stances"], kind: TextKind, judges: Judges) -> _Entailed:
    calibration, threshold = judges.calibration(kind), judges.threshold(kind)
    word, stated = verdict_of(row)
    if calibration is None or threshold is None or stated < threshold.at:
        return _Entailed(calibrator=calibration.id if calibration else "")
    share = calibration.share_right(stated)
    if share < _AS_A_COIN:
        return _Entailed(calibrator=calibration.id)
    return _Entailed(word, share, judges.entailer.name, calibration.id)


def _one_work(
    statement: str, work: LibraryWork, passages: Sequence[Passage], entailed: _Entailed, risk: float
) -> WorkCheck:
    """Return the word of rules where they have one; else the entailer's where its risk is known; else the passages to read, where they speak of it at all."""
    by_cells = _within(celled(statement, work), risk, "cell")
    if not passages and by_cells is None:
        return WorkCheck("NOT ENOUGH")
    by_rules = _within(ruled(statement, work), risk) if _may_be_copied(statement, passages) else None
    decided = next((one for one in (by_rules, by_cells) if one is not None and one.word in DECIDED), None)
    if decided is not None:
        return decided
    if by_rules is None and by_cells is None and entailed.confidence is not None:
        evidence = tuple(StancedPassage(passage, stance_of(entailed.word), entailed.by) for passage in passages[:1])
        return WorkCheck(entailed.word, evidence, entailed.confidence, entailed.by, entailed.calibrator)
    if by_rules is None and by_cells is None and _shared(statement, passages) < ENOUGH_SHARED:
        return WorkCheck("NOT ENOUGH", calibrator=entailed.calibrator)
    first = tuple(evidence for one in (by_rules, by_cells) if one for evidence in one.evidence)
    rest = tuple(StancedPassage(passage, "not sure") for passage in passages if not _overlap(passage, first))
    reasons = tuple(reason for one in (by_rules, by_cells) if one for reason in one.reasons)
    most = max(len(passages), len(first))
    return WorkCheck("NOT SURE", (*first, *rest)[:most], calibrator=entailed.calibrator, reasons=reasons)


def _within(by_rules: WorkCheck | None, risk: float, on: RulesOn = "sentence") -> WorkCheck | None:
    """Return a verdict of rules; NOT SURE, with the passage alone, where verdicts with its word may be wrong more often than the target."""
    if by_rules is None or by_rules.word not in DECIDED or rule_risk(by_rules.word, on).is_within(risk):
        return by_rules
    evidence = tuple(replace(one, stance="not sure", by="") for one in by_rules.evidence)
    return replace(by_rules, word="NOT SURE", evidence=evidence, reasons=(*by_rules.reasons, WITHHELD[on]))


def _overlap(passage: Passage, among: Sequence[StancedPassage]) -> bool:
    spans = [evidence.passage.span for evidence in among]
    return any(passage.span.start < span.end and passage.span.end > span.start for span in spans)


def _may_be_copied(statement: str, passages: Sequence[Passage]) -> bool:
    return _shared(statement, passages) >= _WORTH_ALIGNING


def _shared(statement: str, passages: Sequence[Passage]) -> float:
    """Return the share of a statement's words that passages have, weighed by rarity."""
    wanted, rarity = set(stems(statement)), shipped_rarity()
    known = {stem for passage in passages for stem in stems(passage.span.quote)}
    return rarity.total(wanted & known) / (rarity.total(wanted) or 1.0)


def _joined(
    statement: str, works: Sequence[WorkCheck], grounded: CheckWord, corroborated: CheckWord
) -> CheckedStatement:
    """Put the words of all works together: those that decide first, each with its passages."""
    decided = [one for one in works if one.word in DECIDED]
    word = combined([one.word for one in works])
    word = word if word != "NOT CHECKED" else "NOT ENOUGH"
    resting = decided or works
    confidences = [one.confidence for one in decided if one.confidence is not None]
    return CheckedStatement(
        statement, word, min(confidences) if len(confidences) == len(decided) and decided else None,
        ", ".join(dict.fromkeys(one.by for one in decided)), next((one.calibrator for one in resting if one.calibrator), ""),
        tuple(evidence for one in [*decided, *(w for w in works if w not in decided)] for evidence in one.evidence),
        grounded, corroborated, reasons=tuple(dict.fromkeys(reason for one in resting for reason in one.reasons)),
    )  # fmt: skip
