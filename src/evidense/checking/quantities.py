"""Quantities: the numbers of a text with unit, comparator and precision, and whether two of them can be the same."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Comparator = Literal["=", "<", ">", "~"]
"""Is; less than or at most; more than or at least; about."""
QuantityKind = Literal["value", "p", "interval"]
"""A value; a p-value, which is no effect; a range, an interval of confidence, or a value with its ±."""


@dataclass(frozen=True)
class StatedQuantity:
    """A number, or a range of numbers, as a text states it."""

    low: float
    high: float
    """Equal to `low` where it is one number."""
    unit: str
    """"%", "times", "mg", "year" …; "" where none follows."""
    comparator: Comparator
    step: float
    """The unit of its last digit: .01 of .45, 1 of 45."""
    kind: QuantityKind
    start: int
    end: int
    quote: str


_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NAMED: dict[str, float] = {word: float(value) for value, word in enumerate(_SMALL)}
_NAMED |= {word: 10.0 * value for value, word in enumerate(_TENS, 2)}
_PARTS = {
    "half": 0.5, "one half": 0.5, "one-half": 0.5, "one third": 1 / 3, "one-third": 1 / 3, "a third": 1 / 3, "two thirds": 2 / 3, "two-thirds": 2 / 3,
    "a quarter": 0.25, "one quarter": 0.25, "one-quarter": 0.25, "one-fourth": 0.25, "three quarters": 0.75, "three-quarters": 0.75,
    "one fifth": 0.2, "one-fifth": 0.2, "a fifth": 0.2,
}  # fmt: skip
_ROUGH = 0.012
"""How exact a share in words is taken to be: a third is 33%, and no 34%."""
_TIMES = {
    "twice": 2.0, "thrice": 3.0, "doubled": 2.0, "doubling": 2.0, "doubles": 2.0, "double": 2.0, "tripled": 3.0, "tripling": 3.0, "triple": 3.0,
    "triples": 3.0, "quadrupled": 4.0, "halved": 0.5, "halving": 0.5, "halves": 0.5,
}  # fmt: skip
_MOST_POWER = 300
"""The greatest power of ten that a number is read with, either way."""
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0}
_LETTERS = {"K": 1e3, "M": 1e6, "B": 1e9}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_WORD = "|".join(sorted(_NAMED, key=len, reverse=True))
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?: \d{3})+(?![\d.])|\d+)?(?:[.·]\d+)|\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?: \d{3})+(?![\d.])|\d+"
_NUMBER = (
    rf"(?:(?P<sign@>(?<![\w)\]%/.-])[-−–])?(?P<digits@>{_DIGITS})(?:\s?[×x]\s?10\s?\^?\{{?(?P<power@>[-−–]?\d+|[⁻⁰¹²³⁴-⁹]+)\}}?)?"
    rf"|\b(?P<word@>(?:{_WORD})(?:[- ](?:{'|'.join(_SMALL[1:10])}))?)(?:\b|(?=fold\b)))"
    rf"(?:[ -]?(?P<scale@>{'|'.join(_SCALES)})s?\b|(?<=\d)(?P<letter@>(?-i:[KMB]))\b)?"
)
_UNITS = (
    r"%|percent(?:age)?(?: points?)?|per ?cent|pp\b|fold\b|times\b|×|[µμ]g|[µμ]mol|[µμ]m\b|[µμ]M\b|[µμ]l\b|mg|kg|ng|pg|g\b|"
    r"mmol|nmol|mol\b|nM\b|mM\b|ml\b|mL\b|dl\b|"
    r"dL\b|L\b|mm\b|cm\b|nm\b|km\b|mmHg|mm Hg|kDa|kb\b|bp\b|Hz\b|kHz|MHz|GHz|GB|MB|°C|ms\b|s\b|h(?:rs?)?\b|mins?\b|"
    r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|points?\b|patients?|participants?|subjects?|children|adults|women|men|mice|rats|people|persons?|individuals?|cases|controls|"
    r"deaths|studies|trials|queries|documents|passages|layers|dimensions|tokens|parameters|epochs|steps|pairs|languages|datasets|models"
)
_LONG_FORMS = {
    "percent": "%", "per cent": "%", "percentage": "%", "percentage points": "%", "percentage point": "%", "percent points": "%", "pp": "%",
    "fold": "times", "×": "times", "mm hg": "mmhg", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute",
    "s": "second", "person": "people", "individual": "people", "μg": "µg",
}  # fmt: skip
_LESS = (
    r"(?:less|fewer|lower|smaller|younger|shorter|earlier) than(?: or equal to)?|no more than|not more than|at most|up to|"
    r"under|below|maximum of|<|≤|<=|⩽|within"
)
_MORE = (
    r"(?:more|greater|higher|larger|older|longer|later) than(?: or equal to)?|no (?:less|fewer) than|at least|over|above|"
    r"exceed(?:s|ing|ed)?|minimum of|>|≥|>=|⩾"
)
_ABOUT = r"about|approximately|around|roughly|nearly|almost|some|circa|ca\.?|~|≈|∼|close to|an estimated"
_BEFORE = rf"(?:\b(?P<p>p)(?:[- ]?values?)?\s?(?:of |was |were |is )?)?(?:(?P<less>{_LESS})|(?P<more>{_MORE})|(?P<about>{_ABOUT})|=|:)?\s?"
_PATTERN = re.compile(
    _BEFORE + _NUMBER.replace("@", "1") + rf"(?:\s?%?\s?(?P<joint>±|\+/[-−]|[–−-]|to\b)\s?{_NUMBER.replace('@', '2')})?"
    rf"(?P<after>\s?-?\s?(?P<unit>{_UNITS}))?(?:\s(?P<trailing>or (?:more|less|fewer|higher|lower|older|younger|greater)))?",
    re.IGNORECASE,
)  # fmt: skip
_PART = re.compile(rf"\b(?:{'|'.join(sorted(_PARTS, key=len, reverse=True))})\b(?!-life)", re.IGNORECASE)
_TIME = re.compile(rf"\b(?:{'|'.join(sorted(_TIMES, key=len, reverse=True))})\b(?![ -](?:blind|strand|bond|mutant|knockout|dissoc|label|"
    rf"helix))", re.IGNORECASE)  # fmt: skip
_IN_NAME = re.compile(r"[^\W\d_]['’]?[-‐‑–/@]?$|@$")
_NOT_ONE = re.compile(r"^\s?(?:of (?:the|these|those|them|us)|another|or more)\b", re.IGNORECASE)


def quantities(text: str) -> tuple[StatedQuantity, ...]:
    """Return the quantities of a text in order; digits within names ("IL-6", "p53", "BM25") are none.

    >>> [(q.low, q.unit, q.comparator) for q in quantities("At least 45 percent of 1,200 patients gained ·5 kg (p < 0.01).")]
    [(45.0, '%', '>'), (1200.0, 'patient', '='), (0.5, 'kg', '='), (0.01, '', '<')]
    """
    found = sorted([*_numbers(text), *_shares(text)], key=lambda quantity: (quantity.start, -quantity.end))
    return tuple(q for i, q in enumerate(found) if not i or q.start >= found[i - 1].end)


def agree(one: StatedQuantity, other: StatedQuantity) -> bool:
    """Say whether two quantities can be the same: one may be the other rounded, or written in another way.

    >>> a, b, c = quantities("45 %, 0.451 and 0.46")
    >>> agree(a, b), agree(b, c)
    (True, False)
    """
    if (one.kind == "p") != (other.kind == "p") or not _units_agree(one, other):
        return False
    if {one.comparator, other.comparator} == {"<", ">"}:
        return False
    if any(_same_number(one, other, scale) for scale in _scales(one, other)) or _is_middle(one, other):
        return True
    return _implied(one, other)


def is_bound_dropped(claim: StatedQuantity, evidence: StatedQuantity) -> bool:
    """Say whether a claim states as the value what its evidence states as a bound.

    >>> is_bound_dropped(*quantities("45 % and up to 45 %"))
    True
    """
    return agree(claim, evidence) and claim.comparator == "=" and evidence.comparator in "<>" and claim.kind != "p"


def _numbers(text: str) -> Iterator[StatedQuantity]:
    place = 0
    while match := _PATTERN.search(text, place):
        if match["joint"] and not _is_range(match):
            match = _PATTERN.search(text[: match.start("joint")], match.start()) or match
        place = max(match.end(), place + 1)
        start = match.start("digits1") if match["digits1"] else match.start("word1")
        if _IN_NAME.search(text[max(0, start - 3) : start]) or _continues(text, match):
            continue
        if match["word1"] and match["word1"].lower() in ("one", "zero") and not (match["unit"] or match["scale1"]):
            continue
        quantity = _quantity(match)
        if math.isfinite(quantity.low) and math.isfinite(quantity.high):
            yield quantity


def _is_range(match: re.Match[str]) -> bool:
    """Say whether two numbers are a range or a value with its ±; "19 to 23" is one, "1990 to 17.6" is none."""
    return match["joint"][0] in "±+" or _value(match, "2")[0] > _value(match, "1")[0]


def _continues(text: str, match: re.Match[str]) -> bool:
    """Say whether letters follow the digits directly, as in "3D" or "5th", and are no unit."""
    end = match.end("power1") if match["power1"] else match.end("digits1")
    is_counted = any(match[group] for group in ("unit", "joint", "scale1", "letter1"))
    return bool(match["digits1"] and not is_counted and re.match(r"[^\W\d_]", text[end : end + 1]))


def _quantity(match: re.Match[str]) -> StatedQuantity:
    low, step = _value(match, "1")
    kind: QuantityKind = "p" if match["p"] else "value"
    high = low
    if match["joint"]:
        second, second_step = _value(match, "2")
        is_spread = match["joint"][0] in "±+"
        kind, step = "interval", max(step, second_step)
        low, high = (low - abs(second), low + abs(second)) if is_spread else (low, second)
    start = match.start()
    while match.string[start] in " \u00a0\t\n=:":
        start += 1
    return StatedQuantity(
        low, high, _unit(match), _comparator(match), step, kind, start, match.end(), match.string[start : match.end()]
    )


def _value(match: re.Match[str], which: str) -> tuple[float, float]:
    """Return the number and the unit of its last digit."""
    if match["digits" + which]:
        digits = re.sub(r"[, ]", "", match["digits" + which].replace("·", "."))
        value, step = float(digits), 10.0 ** -len(digits.partition(".")[2])
        if match["power" + which]:
            power = int(match["power" + which].translate(_RAISED).replace("−", "-").replace("–", "-")[:5])
            scale = 10.0 ** max(-_MOST_POWER, min(power, _MOST_POWER))
            value, step = value * scale, step * scale
    else:
        value, step = sum(_NAMED[word] for word in re.split(r"[- ]", match["word" + which].lower())), 1.0
    factor = _SCALES.get((match["scale" + which] or "").lower(), _LETTERS.get(match["letter" + which] or "", 1.0))
    return (-value if match["sign" + which] else value) * factor, step * factor


def _unit(match: re.Match[str]) -> str:
    unit = (match["unit"] or "").lower()
    unit = _LONG_FORMS.get(unit, unit)
    if not unit and re.search(rf"{re.escape(match['digits1'] or '0')}\s?%", match[0]):
        return "%"
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") and unit != "times" else unit


def _comparator(match: re.Match[str]) -> Comparator:
    trailing = match["trailing"] or ""
    if match["less"] or trailing.endswith(("less", "fewer", "lower", "younger")):
        return "<"
    if match["more"] or trailing:
        return ">"
    return "~" if match["about"] else "="


def _shares(text: str) -> Iterator[StatedQuantity]:
    for pattern, values, unit in ((_PART, _PARTS, "part"), (_TIME, _TIMES, "times")):
        for match in pattern.finditer(text):
            value = values[match[0].lower()]
            yield StatedQuantity(value, value, unit, "=", _ROUGH, "value", match.start(), match.end(), match[0])


def _units_agree(one: StatedQuantity, other: StatedQuantity) -> bool:
    if one.unit == other.unit or not (one.unit and other.unit):
        return True
    shares = {"%", "part"}
    people = {
        "patient",
        "participant",
        "subject",
        "people",
        "children",
        "adult",
        "women",
        "men",
        "case",
        "control",
        "trial",
        "studie",
    }
    return {one.unit, other.unit} <= shares or {one.unit, other.unit} <= people


def _scales(one: StatedQuantity, other: StatedQuantity) -> list[tuple[float, float]]:
    """By which factors both are compared: a share may be written in hundredths."""
    scales = [(1.0, 1.0)]
    if one.unit == "%" and other.unit != "%" and other.high <= 1:
        scales.append((0.01, 1.0))
    if other.unit == "%" and one.unit != "%" and one.high <= 1:
        scales.append((1.0, 0.01))
    return scales


def _same_number(one: StatedQuantity, other: StatedQuantity, scale: tuple[float, float]) -> bool:
    """Compare at the precision of the coarser one; a half may be rounded either way."""
    step = max(one.step * scale[0], other.step * scale[1])
    if step >= 1 and scale == (1.0, 1.0) and one.step == other.step:
        return one.low == other.low and one.high == other.high
    slack = step * 0.5 * (1 + 1e-6) if one.step * scale[0] != other.step * scale[1] else step * 1e-6
    return (
        abs(one.low * scale[0] - other.low * scale[1]) <= slack
        and abs(one.high * scale[0] - other.high * scale[1]) <= slack
    )


def _is_middle(one: StatedQuantity, other: StatedQuantity) -> bool:
    """Say whether one is the value and the other the same value with its ±."""
    spread, value = (one, other) if one.kind == "interval" else (other, one)
    is_spread = spread.kind == "interval" and re.search("[±+]", spread.quote) and value.kind == "value"
    return bool(is_spread) and abs((spread.low + spread.high) / 2 - value.low) <= value.step * 0.5001


def _implied(claim: StatedQuantity, evidence: StatedQuantity) -> bool:
    """Say whether the value lies where the claim's bound, or its about, allows: "more than 40" of 45; "about 45" of 44.6."""
    if claim.comparator == evidence.comparator:
        return False
    if claim.comparator == ">" and evidence.comparator != "<":
        return evidence.low >= claim.low and evidence.unit == claim.unit and claim.kind != "p"
    if claim.comparator == "<" and evidence.comparator != ">":
        return evidence.high <= claim.high and evidence.unit == claim.unit
    return "~" in (claim.comparator, evidence.comparator) and abs(claim.low - evidence.low) <= 0.03 * abs(evidence.low)
