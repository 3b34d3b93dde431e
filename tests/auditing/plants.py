"""Swaps planted in copied sentences: (rule, what the copy says, what its source says), and copies that only look different."""

import random
import re
from collections.abc import Iterator

AIMS = (
    "We aim to determine whether {}", "The aim of this study was to investigate whether {}", "Here we asked if {}", "We test the hypothesis that {}",
    "This paper examines whether {}", "It remains unclear whether {}", "Our goal is to find out whether {}", "We sought to establish whether {}",
    "To assess whether {}", "The question that we address is whether {}", "In this work, we study whether {}", "We hypothesized that {}",
)  # fmt: skip
CONDITIONS = (
    "if the dose is high", "when the data are balanced", "in patients with diabetes", "under laboratory conditions", "unless treated early",
    "only in older adults", "in mice", "for short queries", "provided that the labels are clean", "with a small learning rate", "at high concentrations",
    "after adjustment for age", "except in one region", "compared with placebo", "in vitro", "among smokers", "during pregnancy",
)  # fmt: skip
HEDGED = (
    (r"\b(?:may|might|could) be\b", "is"), (r"\b(?:may|might|could|can) ", ""), (r"^.{0,60}\bsuggests? that (?=\w)", ""),
    (r"\b(?:appears?|seems?) to be\b", "is"),
    (r"\b(?:likely|possibly|probably|potentially|approximately|generally|usually|partly|nearly|largely) ", ""), (r"\b(?:at least|up to) ", ""),
)  # fmt: skip
DENIED = ((r"\b(?:do|does|did) not (?=\w)", ""), (r" not (?!only)", " "),
    (r"\bno (?=\w)", ""), (r"\bneither of\b", "both of"), (r"\bwithout\b", "with"), (r"\bcannot\b", "can"))  # fmt: skip
CLAUSES = (
    r", (?:but|although|whereas|however|unless|if|when|even|especially|particularly)\b[^,;.]+(?=\.$)",
    r"(?<=\w) (?:if|when|unless|only if|although|while)\b [^,;.]+(?=\.$)",
    r"^(?:In|After|During|Among|When|If|Under|Although|For|At|With) [^,;.]{4,60}, (?=\w)",
    r" (?:in|among|during|after|under|within|at) [^,;.()]{4,50}(?=\.$)",
)  # fmt: skip


def lowered(sentence: str) -> str:
    """Begin in lower case, unless the first word is a name or an abbreviation."""
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def raised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def plants(sentences: list[str], seed: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, copy, source) from sentences that end with a full stop."""
    draw = random.Random(seed)
    for sentence in sentences:
        yield "aim", sentence, draw.choice(AIMS).format(lowered(sentence))
        yield from (("hedge", c, sentence) for c in _replaced(sentence, HEDGED))
        yield from (("negation", c, sentence) for c in _replaced(sentence, DENIED))
        yield from (("number", c, sentence) for c in _changed_number(sentence, draw))
        yield from (("condition", raised(c), sentence) for c in _replaced(sentence, [(c, "") for c in CLAUSES]))
        yield "condition", sentence, f"{sentence[:-1]} {draw.choice(CONDITIONS)}."
        if len(sentence) > 60:
            yield "cut", sentence[: draw.randrange(40, len(sentence) - 12)], sentence


def _replaced(sentence: str, swaps: object) -> list[str]:
    for pattern, instead in swaps:  # type: ignore[attr-defined]
        swapped = re.sub(pattern, instead, sentence, count=1)
        if swapped != sentence and len(swapped.split()) > 4:
            return [raised(swapped)]
    return []


def _changed_number(sentence: str, draw: random.Random) -> list[str]:
    places = list(re.finditer(r"(?<![\w.,[–-])\d+(?:\.\d+)?(?![\w-])", sentence))
    if not places:
        return []
    place = draw.choice(places)
    if draw.random() < 0.3 and sentence[place.end() : place.end() + 1] == " ":
        return [sentence[: place.start()] + sentence[place.end() + 1 :]]
    digit = draw.randrange(len(place[0]))
    while place[0][digit] == ".":
        digit = draw.randrange(len(place[0]))
    other = draw.choice([d for d in "123456789" if d != place[0][digit]])
    return [sentence[: place.start() + digit] + other + sentence[place.start() + digit + 1 :]]


def disguises(sentence: str, seed: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield (what, copy, source) where the copy says the same as its source, letter by letter."""
    draw = random.Random(seed)
    spaces = [m.start() for m in re.finditer(" ", sentence)]
    yield "untouched", sentence, sentence
    yield "whitespace", re.sub(" ", lambda _: draw.choice([" ", "  ", "\n", "\u00a0", "\t"]), sentence), sentence
    yield "ligatures", sentence.replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("fl", "ﬂ"), sentence
    yield "hyphenation", _hyphenated(sentence, draw), sentence
    yield "hyphenated source", sentence, _hyphenated(sentence, draw)
    if spaces:
        place = draw.choice([*spaces, len(sentence) - 1])
        mark = draw.choice(
            ["[3]", "[3, 5–7]", "(Smith et al., 2020)", "(Lee and Cho 2019; Kim, 2021a)", "[Reichman and Heck, 2024]"]
        )
        yield "citation removed", sentence, f"{sentence[:place]} {mark}{sentence[place:]}"
    yield "quotes and dashes", sentence.replace("'", "’").replace("-", "‐").replace('"', "“"), sentence


def _hyphenated(sentence: str, draw: random.Random) -> str:
    words = sentence.split(" ")
    for i in draw.sample(range(len(words)), min(3, len(words))):
        if len(words[i]) > 6 and words[i].isalpha():
            half = len(words[i]) // 2
            words[i] = words[i][:half] + draw.choice(["-\n", "- ", "\u00ad", "\ufffe"]) + words[i][half:]
    return " ".join(words)
