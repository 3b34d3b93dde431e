"""Checkable: whether a text is one statement that passages can bear out, and if not, why."""

import re

from evidense.texts.languages import SMALL_WORDS

MOST_WORDS = 400
"""Words of a statement at most; of 3,563 claims and citing sentences that experts labelled all but one have fewer."""
MOST_CHARACTERS = 10_000
_ENGLISH = frozenset(
    "the a an of in on at to for by with and or is are was were be been that this these those it its from as not no than which who has have had do does".split()
)
_AUXILIARY = frozenset(
    "is are was were be been being am has have had do does did can could may might must shall should will would cannot isn't aren't don't doesn't".split()
)
_VERBS = frozenset(
    (
        "accompany account act affect aid allow alter appear arise ask associate attract avoid beat became began bind block bore break bring came "
        "carry cause change come comprise confer confirm consist contain contribute control correlate cost create cut decrease delay demonstrate "
        "depend deplete derive determine develop differ display double drink drive drop drove eat elicit employ enable encode enhance enter exceed "
        "exhibit exist explain express extend fail fall favor favour fell felt find follow form found function gain gave generate give go grew grow "
        "halve harm held help hit hold improve include increase indicate induce influence inhibit interact involve keep kept kill knew know lack laid "
        "lead learn leave led left let lie limit live look lose lost lower made maintain make match meant mediate met migrate modulate move need "
        "occur originate outperform outweigh paid participate perform permit play point possess predict present prevent produce promote protect prove "
        "provide put raise ran range reach read receive recruit reduce refer regulate relate rely remain remove replace repress require resist "
        "respond result retain reveal rise rose run said save saw say see seem sense sent serve set share shift show showed slow speed spend spread "
        "stabilize stand start stay stimulate stood stop store suggest support suppress survive sustain switch take target tell tend thought told "
        "took transfer transform transmit treat trigger undergo underlie understood use vary went win won work wrote yield"
    ).split()
)  # fmt: skip
_SHAPED = re.compile(r"[a-z]{2,}(?:ed|i[sz]e[sd]?|ify|ifies|ates?)$")
"""Words that are verbs by their ending; participles pass too, so that only what surely lacks a verb is refused."""
_SHORT = 3
"""Words of a sentence that must have a verb that is known: "Ice floats.", not "Barn owls."; of so few no ending tells a verb from a plural."""
_INTRANSITIVE = frozenset(
    (
        "bark bite bleed bloom breathe burn chase cheat climb converge cook crash crawl crystallize dance decay die dissolve diverge erode evolve "
        "explode fade fight flash float flow fly forget freeze germinate glow hallucinate hatch heal help hibernate hunt jump kick kiss laugh love hate "
        "matter melt mutate overfit rain recur remember ripen rot rust save scale scream shine shrink sing sink sleep smell smile "
        "spin succeed suffer sweat swim think tire transfer travel vanish vote wait walk warm wilt worsen learn generalise generalize"
    ).split()
)
"""Verbs of short sentences."""
_NAMES_FOLLOW = frozenset(
    "a an the of in on at to for by with from and or between among under over as its their our his her this these that those no any some all many most".split()
)
"""What follows these is a noun: "of models"."""
_PASTS = frozenset(
    (
        "became began bore broke brought came cost cut drew drove fell felt found gave grew held hit kept knew laid led left let lost made meant met paid "
        "put ran read rose said saw sent set spent spread stood thought told took understood underwent went won wrote"
    ).split()
)
"""Verbs that stand after a singular too, without -s."""
_NOUNS = frozenset(
    (
        "account act aid block bore break cause change control cost cut decrease delay display double drink drive drop exhibit extract fall favor favour "
        "find form function harm increase influence lack lead limit live look match need play point present range reach read result rise run sense "
        "set share shift show speed spread stand start stay stop store support switch target treat trigger use win work yield bite burn climb crash crawl "
        "dance decay fight flash float flow fly hunt jump kick kiss laugh love matter rain rot rust save scale scream sink sleep smell smile swim "
        "transfer travel vote wait walk warm"
    ).split()
)
"""Verbs that are nouns as often."""
_JOINING = frozenset("and or of nor versus vs".split())
"""A word in -s before these is a plural: "night shifts and sleep"."""
_PLACING = _JOINING | frozenset(
    (
        "in on at to for by with from under over among amongst between within without during throughout across after before since until through against "
        "toward towards as than about via per around along beyond near into onto upon following"
    ).split()
)
"""Words that stand after a noun as they stand after a verb."""
_PLURAL = re.compile(
    r".*[^s'i]s|.*(?:ia|ae|ata|ora|i)|data|people|children|women|men|mice|cattle|sheep|police|they|we|you|i|and|both|few|many|most|all|who|which|that|to"
)
"""Words that a verb without -s asks for somewhere before it: "shift work" has no verb."""
_ACCENTED = re.compile("[à-öø-ÿāăąćčďđēęěğīłńňōőřśšťūůűźżž]")
_LEAST_WORDS = 5
"""Words of a text without an English word or verb from which on one small word of another language tells it."""
_QUESTION = re.compile(
    r"^(?:what|who|whom|whose|which|when|where|why|how|is|are|was|were|do|does|did|can|could|should|will|would|has|have)\b[^.]*\?\s*$"
    r"|^(?:does|do|did)\b",
    re.IGNORECASE,
)  # fmt: skip


def objection(text: str) -> str:
    """Say why a text cannot be checked; "" where it can.

    >>> objection("Does fine-tuning help?")
    'it is a question; write the statement that would answer it'
    >>> objection("Fine-tuning helps."), objection("Die Feinabstimmung ist nicht besser.")[:17]
    ('', 'it is not English')
    """
    if (n_words := len(text.split())) > MOST_WORDS:
        return f"it has {n_words:,} words, and a statement has at most {MOST_WORDS}; put each sentence on a line of its own"
    if len(text) > MOST_CHARACTERS:
        return f"it has {len(text):,} characters in {n_words} word{'s' if n_words != 1 else ''}; write a sentence"
    lower = _lower_words(text)
    if not lower:
        return "it has no words; write a sentence that says something"
    if text.rstrip().endswith("?") or _QUESTION.match(text.strip()):
        return "it is a question; write the statement that would answer it"
    if language := _language(text, lower):
        return f"it is not English but {language}; only English is read here, so translate it"
    if not _has_verb(lower):
        return "it has no verb, so that it says nothing; write a sentence"
    return ""


def _lower_words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]*[^\W\d_][^\W_]*(?:['’][^\W\d_]+)?", text)
    return [word.lower().replace("’", "'") for word in words]


def has_known_verb(text: str) -> bool:
    """Say whether a word of a text is known to be a verb, or ends as one.

    >>> has_known_verb("Barn owls hunt at night."), has_known_verb("Barn owls at night.")
    (True, False)
    """
    return any(map(_is_known, _lower_words(text)))


def begins_with_verb(text: str) -> bool:
    """Say whether the first word of a text is a verb that is known by itself, not by its ending.

    >>> begins_with_verb("hunt mice"), begins_with_verb("used in winter")
    (True, False)
    """
    first = _lower_words(text)[:1]
    return bool(first) and (first[0] in _AUXILIARY or bool(_stems(first[0]) & (_VERBS | _INTRANSITIVE)))


def may_be_title(text: str) -> bool:
    """Say whether a text that ends without a full stop has no word that is surely a verb: "Women in night shifts".

    >>> may_be_title("Women in night shifts"), may_be_title("Naps help women in night shifts"), may_be_title("Women sleep.")
    (True, False, False)
    """
    if re.search(r"[.!?][\"'”’)\]]*\s*$", text):
        return False
    marks = [mark for part in re.findall(r"[\w'’-]+|[,;:()–—]", text) for mark in _lower_words(part) or [","]]
    return not any(_is_surely_verb(marks, place) for place in range(1, len(marks)))


def _is_surely_verb(marks: list[str], place: int) -> bool:
    """Say whether a word cannot well be a noun: an auxiliary, a past, or the form of a verb, or a plural before one, that goes on without a preposition."""
    word, before, after = marks[place], marks[place - 1], marks[place + 1] if place + 1 < len(marks) else ""
    if word in _AUXILIARY:
        return True
    if before in _NAMES_FOLLOW or before == ",":
        return False
    if word in _PASTS:
        return True
    if after in _PLACING or after in ("", ","):
        stems = _stems(word) & (_VERBS | _INTRANSITIVE)
        return bool(_PLURAL.fullmatch(before)) if word in stems else bool(stems - _NOUNS)
    return _is_known(word) or bool(re.search(r"[^su'i]s$", word))


def _language(text: str, words: list[str]) -> str:
    letters = [c for c in text if c.isalpha()]
    foreign = sum(ord(c) > 0x24F and not 0x370 <= ord(c) < 0x400 and not 0x1E00 <= ord(c) < 0x2000 for c in letters)
    if 2 * foreign > len(letters):
        return "in another script"
    english = sum(word in _ENGLISH for word in words)
    known = {name: sum(word in marks for word in words) for name, marks in SMALL_WORDS.items()}
    name = max(known, key=lambda key: known[key])
    if known[name] >= 2 and known[name] > 2 * english:
        return name
    if english or any(map(_is_known, words)):
        return ""
    n_accented = sum(bool(_ACCENTED.search(word)) for word in words)
    return name if known[name] and len(words) >= _LEAST_WORDS else "in another language" if n_accented >= 2 else ""


def _has_verb(words: list[str]) -> bool:
    """Say whether words have a verb; of a few words only a known one counts, and a word alone says nothing."""
    if len(words) <= _SHORT and len(words) > 1 and words[-2] in _JOINING:
        return False
    if len(words) <= _SHORT:
        is_s_form = bool(re.search(r"[^su'i]s$", " ".join(words[1:-1])))
        return any(map(_is_known, words[1:])) or is_s_form or (len(words) == _SHORT and _follows_plural(words, 0))
    return any(_is_verb(words, place) for place in range(len(words)))


def _is_known(word: str) -> bool:
    return word in _AUXILIARY or bool(_stems(word) & (_VERBS | _INTRANSITIVE)) or bool(_SHAPED.search(word))


def _stems(word: str) -> set[str]:
    return {word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word)}


def _is_verb(words: list[str], place: int) -> bool:
    """Say whether a word may be a verb: an auxiliary anywhere, a known verb or the ending of one where no noun must stand."""
    word, before = words[place], words[place - 1] if place else ""
    if word in _AUXILIARY:
        return True
    if before in _NAMES_FOLLOW and before != "to":
        return _follows_plural(words, place)
    after = words[place + 1] if place + 1 < len(words) else ""
    is_s_form = bool(re.search(r"[^su'i]s$", word))
    is_plural = is_s_form and after in _JOINING and not _stems(word) & (_VERBS - _NOUNS)
    if is_plural or (place == 0 and after in _PLACING):
        return False
    if word in _NOUNS and word not in _PASTS:
        return any(map(_PLURAL.fullmatch, words[:place] if word in _VERBS else [before]))
    if word in _VERBS or word.removesuffix("s") in _VERBS or word.removesuffix("es") in _VERBS or _SHAPED.search(word):
        return True
    return is_s_form and after != "" and (place > 0 or after not in _NAMES_FOLLOW)


def _follows_plural(words: list[str], place: int) -> bool:
    """Say whether a plural is followed by what may be its verb: "the isoforms mirror"."""
    after = words[place + 1] if place + 1 < len(words) else ""
    return words[place].endswith("s") and after != "" and after not in _NAMES_FOLLOW
