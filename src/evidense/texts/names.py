"""Names: whether two spellings of a person are the same, and whether two lists of authors are."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from evidense.texts.letters import decode_latex, fold

_PARTICLES = frozenset("van von der den de del della di da dos du la le ten ter el al bin ibn zu st vander y e".split())
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md"])
_OTHERS = frozenset(["others", "et al", "and others"])
_NUMBER = re.compile(r"\s+\d{4}$")  # DBLP tells people of one name apart by four digits


@dataclass(frozen=True)
class Name:
    """A person's name, folded: words of the family name without particles, and words of the given names."""

    family: tuple[str, ...]
    given: tuple[str, ...]
    shown: str
    """As written, LaTeX decoded."""

    @property
    def words(self) -> tuple[str, ...]:
        """Return all words, family name first."""
        return (*self.family, *self.given)

    @cached_property
    def _sorted_words(self) -> list[str]:
        return sorted(self.words)

    @cached_property
    def _initials(self) -> str:
        return "".join(word[0] for word in self._sorted_words)

    @cached_property
    def _is_only_initials(self) -> bool:
        return all(len(word) == 1 for word in self.words)

    @classmethod
    @lru_cache(maxsize=1 << 14)
    def of(cls, text: str) -> "Name":
        """Take a name apart: "Family, Given", "Given Family", "Family G." or an institution.

        >>> Name.of("van den Oord, A{\\\\\\"a}ron").family
        ('oord',)
        >>> Name.of("Wei Wang 0001").given
        ('wei',)
        """
        shown = _NUMBER.sub("", decode_latex(text)).strip(" ,;")
        if "," in shown:
            family, _, given = shown.partition(",")
            given = " ".join(part for part in given.split(",") if _words(part) and _words(part)[0] not in _SUFFIXES)
        else:
            given, family = _split(shown)
        return cls(_without_particles(_words(family)), tuple(_words(given)), shown)


def same_person(cited: Name, known: Name) -> bool:
    """Say whether two names can be one person's: the family names agree, and no given name or initial contradicts.

    A middle name may be a family name elsewhere, a particle may be missing, family and given name may be swapped.

    >>> same_person(Name.of("Yu, X."), Name.of("Xiaodong Yu"))
    True
    >>> same_person(Name.of("Xi Yu"), Name.of("Xiaodong Yu"))
    False
    """
    is_one_family = _families_agree(cited.family, known.family)
    if is_one_family and _given_agree(cited.given, known.given):
        return True
    if cited._sorted_words == known._sorted_words or _only_initials(cited, known) or _lost_letters(cited, known):
        return True
    return not is_one_family and (_one_inside_other(cited, known) or _swapped(cited, known))


@dataclass(frozen=True)
class AuthorsCompared:
    """Two lists of authors side by side."""

    missing: tuple[str, ...]
    """Known authors that are not cited."""
    foreign: tuple[str, ...]
    """Cited authors that are not known."""
    share_known: float
    """Of the cited authors; 0 where none is cited."""


def compare_authors(cited: Sequence[str], known: Sequence[str]) -> AuthorsCompared:
    """Match every cited author with one known author, whatever the order."""
    left = [Name.of(author) for author in known if not _is_others(author)]
    is_cut = len(left) < len(known)
    foreign, n_matched = [], 0
    for name in (Name.of(author) for author in cited):
        place = next((i for i, other in enumerate(left) if same_person(name, other)), None)
        if place is None:
            foreign.append(name.shown)
        else:
            left.pop(place)
            n_matched += 1
    if is_cut and not left:
        foreign = []  # the known list ends in "others", and all that it names are cited
    return AuthorsCompared(tuple(name.shown for name in left), tuple(foreign), n_matched / max(len(cited), 1))


def split_authors(text: str) -> tuple[tuple[str, ...], bool]:
    r"""Split a BibTeX author field at `and` outside braces; also whether it ends in `and others` or et al.

    >>> split_authors(r"{Barnes and Noble} and P{\'e}ter, A. and others")
    (('Barnes and Noble', 'Péter, A.'), True)
    """
    depth, start, pieces = 0, 0, []
    for match in re.finditer(r"[{}]|\s+and\s+", text, re.IGNORECASE):
        token = match[0]
        if token in "{}":
            depth += 1 if token == "{" else -1
        elif depth <= 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    names = [name for name in (decode_latex(piece).strip(" ,;") for piece in [*pieces, text[start:]]) if name]
    kept = [name for name in names if not _is_others(name)]
    return tuple(kept), len(kept) < len(names)


@lru_cache(maxsize=1 << 14)
def _is_others(name: str) -> bool:
    return fold(name).strip(" ,.") in _OTHERS


def _words(text: str) -> list[str]:
    text = re.sub(r"(?<=[A-Z])\.(?=\S)", ". ", text)
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", fold(text).replace("-", " "))


def _split(shown: str) -> tuple[str, str]:
    """Split "Given Family": particles belong to the family; a last word of capitals only may be initials ("Yu XJ")."""
    pieces = shown.split()
    while len(pieces) > 2 and fold(pieces[-1]).rstrip(".") in _SUFFIXES:
        pieces.pop()
    if (
        len(pieces) > 1
        and re.fullmatch(r"(?:[A-Z]\.?-?){1,3}", pieces[-1])
        and not re.fullmatch(r"[A-Z]\.?", pieces[0])
    ):
        return " ".join(pieces[-1].replace(".", "")), " ".join(pieces[:-1])
    first = next((i for i, word in enumerate(pieces[1:-1], 1) if fold(word) in _PARTICLES), len(pieces) - 1)
    return " ".join(pieces[:first]), " ".join(pieces[first:])


def _without_particles(family: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in family if word not in _PARTICLES) or tuple(family)


def _families_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Equal, or one is the end or the beginning of the other (double family names); joined or hyphenated alike."""
    if not one or not other:
        return False
    short, long = sorted((one, other), key=len)
    return "".join(one) == "".join(other) or long[-len(short) :] == short or long[: len(short)] == short


def _given_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """No contradiction between the first given names: equal, an initial, a beginning of four letters, or joined alike."""
    if not one or not other or "".join(one) == "".join(other):
        return True
    if _word_agrees(one[0], other[0]):
        return True
    initials = ["".join(word[0] for word in given) for given in (one, other)]
    joined = ["".join(given) for given in (one, other)]
    if joined[0] == initials[1] or joined[1] == initials[0]:
        return True
    return any(_word_agrees(first, word) for first, rest in ((one[0], other[1:]), (other[0], one[1:])) for word in rest)


def _word_agrees(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (len(short) == 1 or len(short) >= 3)


def _only_initials(cited: Name, known: Name) -> bool:
    """One name is nothing but initials, and they are the other's."""
    is_either = cited._is_only_initials or known._is_only_initials
    return is_either and len(cited._initials) > 1 and cited._initials == known._initials


def _lost_letters(cited: Name, known: Name) -> bool:
    """Equal once the letters that ASCII lacks are left out: some indexes drop them ("Nießner" is "Niener" there)."""
    plain = _ascii_letters(cited.shown)
    return len(plain) > 3 and plain == _ascii_letters(known.shown)


@lru_cache(maxsize=1 << 14)
def _ascii_letters(shown: str) -> str:
    decomposed = shown if shown.isascii() else unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
    return "".join(filter(str.isalpha, decomposed))


def _one_inside_other(cited: Name, known: Name) -> bool:
    """A middle name that is a family name elsewhere: all words of the shorter name are in the longer, at least two of them whole."""
    short, long = sorted(((*cited.given, *cited.family), (*known.given, *known.family)), key=len)
    whole = [word for word in short if word in long and len(word) > 1]
    rest = [word for word in short if word not in long]
    return len(whole) >= 2 and all(any(_word_agrees(word, other) for other in long) for word in rest)


def _swapped(cited: Name, known: Name) -> bool:
    """Family and given name in the other order, as for many Chinese, Korean and Hungarian names."""
    return bool(cited.given and known.given) and cited.family == known.given and _given_agree(cited.given, known.family)
