"""Contrast pairs: a statement that is near a sentence of real papers, untouched or with one thing swapped in it or in the sentence.

What is swapped in comes from other sentences of the papers, or from the antonyms of WordNet: never from the lexicons of the rules.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evidense.texts.sentences import sentences

KINDS = ("number", "direction", "negation", "entity", "dataset")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Contrast:
    """A statement beside the sentence that it was made of."""

    kind: str
    claim: str
    evidence: str


@cache
def corpus(data: Path) -> tuple[str, ...]:
    """Return sentences of 8 to 40 words of the articles and abstracts."""
    from evidense.readers.jats import PART

    texts = [PART.read(path).text for path in sorted((data / "jats").glob("*.nxml"))]
    found = [s.quote for text in texts for s in sentences(text) if "\n" not in s.quote]
    with (data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        found += [s for line in lines for s in json.loads(line)["abstract"]]
    return tuple(
        dict.fromkeys(s.strip() for s in found if 8 <= len(s.split()) <= 40 and re.match(r"[A-Z].*[.]$", s.strip()))
    )


@cache
def claims_on_tables(data: Path) -> tuple[str, ...]:
    """Return sentences of computer science that name a data set."""
    rows = json.loads((data / "scitab.json").read_text())
    return tuple(dict.fromkeys(r["claim"] for r in rows if 8 <= len(r["claim"].split()) <= 40))


@cache
def _all_sentences(data: Path) -> tuple[str, ...]:
    return (*corpus(data), *claims_on_tables(data))


# What is swapped in.

Swap = Callable[[str, random.Random, Path], str | None]
_NUMERAL = re.compile(r"(?<![\w.,/@-])(?:[<>=] ?)?\d+(?:[.,]\d+)?(?:%| %)?(?![\w-])(?!\.\d)")


def swap_number(sentence: str, draw: random.Random, data: Path) -> str | None:
    """Put a number of another sentence in place of one."""
    places = [
        m
        for m in _NUMERAL.finditer(sentence)
        if not sentence[: m.start()].endswith(("Fig. ", "Figure ", "Table ", "[", "ref. "))
    ]
    if not places:
        return None
    place = draw.choice(places)
    for _ in range(200):
        other = _NUMERAL.search(draw.choice(corpus(data)))
        if (
            other
            and _digits(other[0]) != _digits(place[0])
            and ("%" in other[0]) == ("%" in place[0])
            and ("." in other[0]) == ("." in place[0])
        ):
            return (
                sentence[: place.start()]
                + re.sub(r"\d+(?:[.,]\d+)?", _digits(other[0]), place[0])
                + sentence[place.end() :]
            )
    return None


def _digits(text: str) -> str:
    found = re.search(r"\d+(?:[.,]\d+)?", text)
    assert found
    return found[0]


@cache
def _antonyms() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (HERE / "antonyms.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        one, other, part = line.split("\t")
        for a, b in ((one, other), (other, one)):
            for form in _forms if part == "v" else [str]:
                found.setdefault(form(a), []).append(form(b))
    return found


def _past(verb: str) -> str:
    return verb + "d" if verb.endswith("e") else verb + "ed"


def _third(verb: str) -> str:
    return verb + "s"


def _ing(verb: str) -> str:
    return verb.removesuffix("e") + "ing"


_forms = [str, _past, _third, _ing]


def swap_direction(sentence: str, draw: random.Random, data: Path) -> str | None:
    """Put an antonym in place of a word."""
    places = [m for m in re.finditer(r"\b[A-Za-z]+\b", sentence) if m[0].lower() in _antonyms()]
    if not places:
        return None
    place = draw.choice(places)
    other = draw.choice(_antonyms()[place[0].lower()])
    return (
        sentence[: place.start()] + (other.capitalize() if place[0][0].isupper() else other) + sentence[place.end() :]
    )


def swap_negation(sentence: str, draw: random.Random, data: Path) -> str | None:
    """Deny the verb, or take a denial away."""
    if re.search(r"\b(?:not|no|cannot|without)\b", sentence) and draw.random() < 0.7:
        for denied, said in (
            (r"\b(was|were|is|are|did|does|do|can|could|may|has|have) not\b", r"\1"),
            (r"\bcannot\b", "can"),
            (r"\bno\b", "a"),
            (r"\bwithout\b", "with"),
            (r"\bnot ", ""),
        ):
            if re.search(denied, sentence):
                return re.sub(denied, said, sentence, count=1)
    places = list(
        re.finditer(r"\b(?:was|were|is|are|can|may|could|has been|have been|will|should|did|does)\b(?! not)", sentence)
    )
    if places:
        place = draw.choice(places)
        return sentence[: place.end()] + " not" + sentence[place.end() :]
    verb = re.search(
        r"(?<=[a-z]) ((?:show|increas|reduc|improv|inhibit|induc|caus|decreas|affect|predict|requir|contribut|promot|reveal|"
        r"regulat|suggest)(?:e?s|ed))\b",
        sentence,
    )
    if verb is None:
        return None
    lemma = re.sub(r"(?:ed|s)$", "", verb[1])
    lemma = (
        lemma
        if lemma.endswith("e") or re.search(r"(?:show|inhibit|affect|predict|reveal|suggest)$", lemma)
        else lemma + "e"
    )
    helper = "did not" if verb[1].endswith("ed") else "does not"
    return sentence[: verb.start(1)] + f"{helper} {lemma}" + sentence[verb.end() :]


_ENTITY = re.compile(
    r"(?<=[a-z,] )(?:[A-Z][a-z]*[A-Z0-9][\w-]*|[A-Z]{2,}[\w-]*|[a-z]+-?[A-Z0-9]+\w*|[A-Z][a-z]{3,}(?: [A-Z][a-z]{2,})*)(?![\w/])"
)


@cache
def _rare(data: Path) -> dict[str, int]:
    counts = Counter(w for s in corpus(data) for w in set(re.findall(r"\b[a-z]{6,}\b", s)))
    return {
        word: n
        for word, n in counts.items()
        if 2 <= n <= 40
        and re.search(r"(?:in|ol|ine|ase|itis|oma|osis|gen|cytes?|ide|ate|emia|virus|pathy|one|an|um|us)$", word)
    }


def swap_entity(sentence: str, draw: random.Random, data: Path) -> str | None:
    """Put a name of another sentence in place of one: with capitals, or a term that is rare (a drug, a protein, an illness)."""
    if draw.random() < 0.65:
        return _swapped(sentence, _ENTITY, draw, corpus(data))
    places = [m for m in re.finditer(r"\b[a-z]{6,}\b", sentence) if m[0] in _rare(data)]
    if not places:
        return None
    place = draw.choice(places)
    other = draw.choice([w for w in _rare(data) if w[-2:] == place[0][-2:] and w[:4] != place[0][:4]] or [""])
    return sentence[: place.start()] + other + sentence[place.end() :] if other else None


_STUDY = re.compile(
    r"(?<= )(?:[A-Z][\w-]+ )*[A-Z][\w-]*[a-zA-Z0-9](?= (?:[Dd]ata ?sets?|[Cc]ohort|[Dd]atabase|[Rr]egistry|[Ss]tudy|"
    r"[Tt]rial|[Ss]urvey|[Bb]iobank|corpus|test set|benchmark))"
)
_NO_NAME = re.compile(
    r"^(?:This|The|Our|To|In|Further|Health|One|No|II|III|We|A|An|These|Each|[A-Z]{4,} .*|[A-Z]{6,}|.*\b(?:The|This|Our|"
    r"Cohort|Prospective|Retrospective|Observational)\b.*)$"
)
SETS = (
    "BoolQ, DROP, NarrativeQA, QuAC, CoQA, RACE, HellaSwag, MedMCQA, CORD-19, AmazonReviews, Yelp-2018, DuReader, CMedQA, TOT-2023, ELI5, "
    "PubMedQA, WikiTables, Spider, LitSearch, CSFCube, Gutenberg-19, DORIS-MAE, ToolBench, Multi-CPR, KILT, Adressa, Tip-of-Tongue, FinQA, LegalBench, CUAD"
).split(", ")


def swap_dataset(sentence: str, draw: random.Random, data: Path) -> str | None:
    """Put the data of another study in place of those that a sentence names."""
    return _swapped(sentence, _STUDY, draw, _all_sentences(data))


def _swapped(sentence: str, pattern: re.Pattern[str], draw: random.Random, pool: Sequence[str]) -> str | None:
    places = [m for m in pattern.finditer(sentence) if not _NO_NAME.match(m[0])]
    if not places:
        return None
    place = draw.choice(places)
    for _ in range(2000):
        other = pattern.search(draw.choice(pool))
        if (
            other
            and other[0].lower() not in sentence.lower()
            and not _NO_NAME.match(other[0])
            and not set(other[0].lower().split()) & set(sentence.lower().split())
        ):
            return sentence[: place.start()] + other[0] + sentence[place.end() :]
    return None


SWAPS: dict[str, Swap] = {
    "number": swap_number, "direction": swap_direction, "negation": swap_negation, "entity": swap_entity, "dataset": swap_dataset,
}  # fmt: skip


# What says the same.

_LEADS = re.compile(
    r"^(?:(?:Here|In this study|In addition|Moreover|Furthermore|However|Thus|Therefore|In conclusion|Finally|Interestingly|"
    r"CONCLUSIONS?|RESULTS?|FINDINGS),? )?(?:we|our results|our data|these data|these results|results) (?:also )?(?:found|"
    r"find|show|showed|demonstrate|demonstrated|report|observed|conclude) that ",
    re.IGNORECASE,
)
_BRITISH = {
    "tumor": "tumour",
    "randomized": "randomised",
    "analyzed": "analysed",
    "behavior": "behaviour",
    "center": "centre",
    "hemoglobin": "haemoglobin",
    "pediatric": "paediatric",
    "signaling": "signalling",
    "characterized": "characterised",
    "estrogen": "oestrogen",
    "fiber": "fibre",
    "leukemia": "leukaemia",
    "color": "colour",
    "labeled": "labelled",
    "anemia": "anaemia",
    "hospitalized": "hospitalised",
}
_SYNONYMS = {
    "showed": "demonstrated",
    "use": "utilise",
    "used": "employed",
    "examined": "investigated",
    "performed": "conducted",
    "study": "investigation",
    "however": "nevertheless",
    "obtained": "acquired",
    "whereas": "while",
    "important": "crucial",
    "several": "various",
    "approximately": "roughly",
    "participants": "subjects",
    "identified": "detected",
}


def _without_lead(text: str, draw: random.Random) -> str:
    shorter = _LEADS.sub("", text)
    if shorter != text:
        return shorter[:1].upper() + shorter[1:]
    begins_with_name = re.match(r"[A-Z][A-Z\d]|[A-Z][\w-]*[A-Z\d]", text)
    return text if begins_with_name else "We found that " + text[0].lower() + text[1:]


def _spelled(text: str, draw: random.Random) -> str:
    for one, other in _BRITISH.items():
        text = (
            re.sub(rf"\b{one}(s?)\b", rf"{other}\1", text)
            if one in text
            else re.sub(rf"\b{other}(s?)\b", rf"{one}\1", text)
        )
    return text


def _formatted(text: str, draw: random.Random) -> str:
    text = re.sub(r"(\d)%", draw.choice([r"\1 %", r"\1 percent"]), text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return re.sub(r"(?<![\d.])0\.(?=\d)", ".", text)


def _synonymous(text: str, draw: random.Random) -> str:
    for one, other in _SYNONYMS.items():
        text = re.sub(rf"\b{one}\b", other, text)
    return text


def _spaced(text: str, draw: random.Random) -> str:
    return text.replace(" ", "  ").replace("-", "–")


def _passive(text: str, draw: random.Random) -> str:
    match = re.match(
        r"^(?P<who>[\w -]{3,40}?) (?P<verb>inhibited|induced|reduced|increased|improved|activated|caused|suppressed|promoted|"
        r"decreased|affected|altered|enhanced|regulated) (?P<what>[\w -]{3,60})\.$",
        text,
    )
    if not match:
        return text
    plural = match["what"].split()[-1].endswith("s")
    return f"{match['what'].capitalize()} {'were' if plural else 'was'} {match['verb']} by {match['who'][0].lower() + match['who'][1:]}."


def _aside(text: str, draw: random.Random) -> str:
    return re.sub(r" \((?:Fig|Table|P ?[<=]|p ?[<=]|n ?=)[^()]*\)", "", text)


PARAPHRASES: tuple[Callable[[str, random.Random], str], ...] = (
    _without_lead,
    _spelled,
    _formatted,
    _synonymous,
    _spaced,
    _passive,
    _aside,
)


def lightly(text: str, draw: random.Random, ways: Sequence[Callable[[str, random.Random], str]] = PARAPHRASES) -> str:
    """Say a sentence in another way that says the same; three in ten stay as they are."""
    if draw.random() < 0.3:
        return text
    for paraphrase in draw.sample(ways, 3):
        text = paraphrase(text, draw)
    return text


# The sets.


def pool_of(kind: str, data: Path, draw: random.Random, without: frozenset[str] = frozenset()) -> list[str]:
    """Return sentences in which a kind can be swapped, shuffled; those of data sets say on which one, half of them in words of ours."""
    pool = [sentence for sentence in corpus(data) if sentence not in without]
    if kind == "dataset":
        named = [
            s for s in (*pool, *claims_on_tables(data)) if any(not _NO_NAME.match(m[0]) for m in _STUDY.finditer(s))
        ]
        told = [
            f"{s.removesuffix('.')} on the {draw.choice(SETS)} {draw.choice(['dataset', 'benchmark', 'corpus'])}."
            for s in draw.sample(claims_on_tables(data), 60)
        ]
        told += [f"On {draw.choice(SETS)}, {s[0].lower()}{s[1:]}" for s in draw.sample(claims_on_tables(data), 60)]
        pool = [*named, *told]
    draw.shuffle(pool)
    return pool


def swapped(
    kind: str, data: Path, n: int = 200, seed: int = 0, without: frozenset[str] = frozenset()
) -> list[Contrast]:
    """Return pairs with one thing swapped: half in the statement, half in the sentence; none is made of a sentence of `without`."""
    draw = random.Random(f"{kind}-{seed}")
    made: list[Contrast] = []
    for sentence in pool_of(kind, data, draw, without):
        other = (
            _swap_set(sentence, draw)
            if kind == "dataset" and any(name in sentence for name in SETS)
            else SWAPS[kind](sentence, draw, data)
        )
        if other is None or other == sentence:
            continue
        claim, evidence = (other, sentence) if len(made) % 2 else (sentence, other)
        made.append(Contrast(kind, lightly(claim, draw, PARAPHRASES[:-1]), evidence))
        if len(made) == n:
            break
    return made


def _swap_set(sentence: str, draw: random.Random) -> str:
    name = max((name for name in SETS if name in sentence), key=len)
    return sentence.replace(name, draw.choice([other for other in SETS if other != name]))


def untouched(
    kind: str, data: Path, n: int = 200, seed: int = 0, without: frozenset[str] = frozenset()
) -> list[Contrast]:
    """Return pairs of a sentence and what says the same, from the sentences in which a kind could be swapped."""
    draw = random.Random(f"untouched-{kind}-{seed}")
    pool = pool_of(kind, data, draw, without)[: 10 * n]
    chosen = [s for s in pool if kind == "dataset" or SWAPS[kind](s, draw, data)][:n]
    return [Contrast(kind, lightly(s, draw), s) for s in chosen]
