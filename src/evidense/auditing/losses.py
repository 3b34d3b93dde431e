"""Losses: by which rule the words that a statement lost, or gained, change what it says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.auditing.alignment import Alignment

Rule = Literal["aim", "hedge", "negation", "number", "condition", "cut"]
"""A question or an aim told as a finding; a hedge, a negation, a number or a condition dropped, added or changed; the end cut off."""

_AIM = re.compile(
    r"\bwhether\b|\b(?:we|this (?:paper|work|study)|the (?:paper|study)|our (?:goal|aim|objective)s?|the (?:goal|aim|objective)s?|it)\b[^.]{0,40}?"
    r"\b(?:aims?|seeks?|ask|investigate|examine|explore|test|study|want|wish|hypothesi[sz]e|hope|plan|intend|is to|are to|try|attempt)\b"
    r"|\b(?:research question|hypothesis|remains? (?:open|unclear|unknown))\b|\b(?:aims?|seeks?|intends?) to\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|can|would|should|possibly|perhaps|probably|likely|unlikely|potentially|presumably|apparently|seemingly|suggest(?:s|ed|ing)?|"
    r"appear(?:s|ed)?|seem(?:s|ed)?|indicate(?:s|d)?|tend(?:s|ed)? to|in part|partly|partially|some(?:times|what)?|often|generally|mostly|largely|"
    r"usually|typically|roughly|about|approximately|around|nearly|almost|up to|at least|at most|preliminary|hint(?:s|ed)?|arguably|in principle|"
    r"we (?:believe|think|speculate|conjecture|suspect))\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|fail(?:s|ed|ing)? to|lack(?:s|ed|ing)?|hardly|barely|rarely|nothing|nobody|absence of|"
    r"unable|insufficient|contrary)\b|n['’]t\b|\bnon-?(?=\w)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million|billion|half|twice|double[sd]?|percent|%)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|where|only|unless|except|provided|assuming|given|under|while|although|though|however|but|despite|in case|as long as|"
    r"until|after|before|during|with(?:in)?|among|for|on|in|such as|compared (?:to|with)|relative to|at|this is different|limited to|especially|i\.e)\b",
    re.IGNORECASE,
)
_STRONG_CONDITION = re.compile(
    r"\b(?:if|when|whenever|only|unless|except|provided|assuming|as long as|under|although|though|however|but|despite|different from|limited to)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Loss:
    """One change of meaning."""

    rule: Rule
    words: str
    """What was lost, or "− lost + added" where it was changed."""
    is_added: bool = False


def losses(alignment: Alignment) -> tuple[Loss, ...]:
    """Name every change of meaning between a passage and the statement that was taken from it; each rule at most once.

    Lost words are looked at before added ones. A run of lost words is a condition where it is a clause or a phrase that
    says under which circumstances, and no other rule names it.
    """
    if alignment.kind in ("NOT LOCATED", "NO TEXT"):
        return ()
    named: dict[Rule, Loss] = {}
    lost = alignment.lost[:-1] if alignment.is_cut else alignment.lost
    for words in lost:
        for rule in _rules(words, alignment.added):
            named.setdefault(rule, Loss(rule, words))
    for words in alignment.added:
        for rule in _rules_of_added(words, lost):
            named.setdefault(rule, Loss(rule, words, is_added=True))
    if alignment.is_cut:
        named.setdefault("cut", Loss("cut", alignment.lost[-1] if alignment.lost else ""))
    return tuple(named.values())


def _rules(words: str, added: Sequence[str]) -> list[Rule]:
    """The rules that name lost words; what the statement says elsewhere in other words is not lost."""
    rules: list[Rule] = []
    rest = " ".join(added)
    if _AIM.search(words) and not _AIM.search(rest):
        rules.append("aim")
    if _NEGATION.search(words) and not _NEGATION.search(rest):
        rules.append("negation")
    if _HEDGE.search(words) and not _HEDGE.search(rest) and "aim" not in rules:
        rules.append("hedge")
    if _NUMBER.search(words):
        rules.append("number")
    is_condition = _STRONG_CONDITION.search(words) or (_CONDITION.match(words) and len(words.split()) > 1)
    if is_condition and not rules:
        rules.append("condition")
    return rules


def _rules_of_added(words: str, lost: Sequence[str]) -> list[Rule]:
    rest = " ".join(lost)
    rules: list[Rule] = []
    if _NEGATION.search(words) and not _NEGATION.search(rest):
        rules.append("negation")
    if _NUMBER.search(words) and _NUMBER.search(rest) is None and re.search(r"\d", words):
        rules.append("number")
    return rules
