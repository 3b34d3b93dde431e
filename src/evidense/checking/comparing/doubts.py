"""Doubts: whether a sentence asks, doubts, supposes or reports of others what its copy tells, or says it of few, or less than of another."""

import re
from collections.abc import Sequence

from evidense.checking.comparing.changes import Change
from evidense.checking.comparing.quantifiers import dropped_quantifier
from evidense.checking.comparing.wordings import is_general

_OPINION = (
    r"(?:claim|argu|believ|thinks?\b|thought|says?\b|said|alleg|contend|suppos|assum|suspect|speculat|expect|hypothesi|maintain|assert|doubt|den(?:y|ie)|"
    r"question|wonder|hop(?:e|ing)|fear|guess|imagin|presum|conjectur|postulat|disput|reject|predict|felt|feels?\b|hold|held)\w*"
)
_REPORT = r"(?:report|show|find|found|demonstrat|conclud|observ|suggest|stat|not(?:e|ing)|describ|reveal|indicat|confirm|prov|establish|propos)\w*"
_OTHERS = (
    r"\b(?:et al|others?|some|many|critics|proponents|opponents|people|prior|previous|previously|earlier|existing|researchers|scientists|experts|scholars|"
    r"literature|they|he|she)\b"
)
_REPORTED = re.compile(
    rf"\baccording to\b|\bcontrary to\b|\b(?:allegedly|supposedly|purportedly|reportedly|myth|misconception|so-called)\b|\b{_OPINION} (?:\w+ly )?that\W*$"
    rf"|{_OTHERS}[^;]*\b{_REPORT}(?: \w+ly)?(?: that)?\W*$|\b(?:we|it|they|he|she|some|many|one|as|et al\.?)\b[^;]{{0,40}}\b{_OPINION}\W*$",
    re.IGNORECASE,
)  # fmt: skip
_NAMED = re.compile(
    rf"^\W*([A-Z][a-z]+)(?: (?:and|&) [A-Z][a-z]+)?(?: \(?\d{{4}}\w?\)?)? (?:\w+ly )?(?:{_REPORT}|{_OPINION})(?: that)?\W*$"
)
"""A name that tells: "Smith and Jones (2010) showed that"."""
_WORK = frozenset(
    "Experiments Experiment Simulations Simulation Ablations Tests Findings Evaluations Here Statistics Interviews Measurements We It".split()
)
"""Words before "show that" that are no names, though no word of every science either."""
_SUPPOSED = re.compile(
    r"\W*(?:even |only )?(?:if|whether|unless|suppos(?:e|ing)|imagine|assuming|lest)(?: that)?\W*", re.IGNORECASE
)
_FEW = re.compile(
    r"\W*(?:only |very |a |but )*(?:few|fewer|hardly(?: any| ever)?|rarely|seldom|scarcely|barely|little)(?: of(?: the)?)?\W*", re.IGNORECASE
)  # fmt: skip
_LESS_THAN = re.compile(
    r"^\W*(?!(?:as|so) (?:long|far|soon) as\b)"
    r"(?:(?:much|far|slightly|even) )?(?:more|less|fewer|worse|better|\w{3,}er|(?:not )?(?:as|so) \w+)\b[^,;.]*\b(?:than|as)\b", re.IGNORECASE
)  # fmt: skip


def is_doubted(statement: str, sentence: str, made: Sequence[Change]) -> bool:
    """Say whether a sentence does not hold what its copy tells; `made` is where they differ."""
    if sentence.rstrip(" \"'”’)").endswith("?") and not statement.rstrip().endswith("?"):
        return True
    lost = [c for c in made if c.lost_words and not any(w.tells for w in c.added_words)]
    runs = [" ".join(c.lost.quote.split()) for c in lost if not dropped_quantifier(c, sentence)]
    return any(
        _reports(run) or _SUPPOSED.fullmatch(run) or _FEW.fullmatch(run) or _LESS_THAN.match(run) for run in runs
    )


def _reports(run: str) -> bool:
    named = _NAMED.match(run)
    return bool(_REPORTED.search(run)) or bool(named and not is_general(named[1].lower()) and named[1] not in _WORK)
