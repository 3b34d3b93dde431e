"""People: the names in a printed list of authors, whatever its style; none where the text does not look like one."""

import re

_OTHERS = re.compile(r",?\s*(?:and |& )?(?:et\s+al\.?|and others|…|\.\.\.)\s*$", re.IGNORECASE)
_EDITORS = re.compile(r",?\s*\(?\b(?:[Ee]ds?|[Ee]ditors?)\b\.?\)?[.,]?\s*$")
_IS_INITIALS = re.compile(r"^[A-Z]{2,3}\.?$")
_INITIALS = re.compile(r"^(?:[A-Z](?:[a-z]?\.)?[\s-]*){1,4}$")
_CAPITALS = re.compile(r"^[^\W\d_]+(?:[ '’-][^\W\d_]+){0,3} (?:[A-Z]{1,3}|[A-Z](?:-[A-Z]))$")
_WORD = re.compile(r"^(?:[^\W\d_]\.?(?:-?[^\W\d_]\.)*|[^\W\d_][^\W\d_'’`´.-]*(?:[-'’`´][^\W\d_'’`´]+)*\.?)$")
_SMALL = frozenset("van von der den de del della di da dos du la le ten ter el al bin ibn zu y e und st".split())
_NO_NAMES = frozenset("the of for in on with to from an see using by at is how what why towards toward".split())
_SUFFIX = re.compile(r"^(?:Jr|Sr|II|III|IV|V|PhD|MD)\.?$")
_NEVER = frozenset(
    "patent report no. proc proceedings eds ed vol volume journal press trans manual version available".split()
)
_INITIALS_FIRST = re.compile(
    r"^(?:[^\W\d_]\.[ -]?)+ ?(?:(?:van|von|der|den|de|del|di|da|dos|du|la|le|ten|ter|el|al) ?)*"
    r"(?:[^\W\d_a-z][^\W\d_'’`´-]*(?:[-'’`´ ][^\W\d_'’`´-]+){0,3})(?:,? (?:Jr|Sr|II|III)\.?)?$"
)
_GIVEN_FIRST = re.compile(r"^(?:[^\W\d_]{2,} )?(?:[^\W\d_]\.[ -]?)+ ?[^\W\d_][\w'’`-]+")
"""A name that begins with given names and initials: the second of "Manning, W. D., P. C. Giordano"."""
_INSTITUTION = re.compile(r"^[A-Z][\w.&-]{2,}(?: (?:[A-Z][\w.&-]*|of|for|the|and|on)){0,7}$")
_MOST_WORDS = 6


def people(text: str, is_strict: bool = False) -> tuple[tuple[str, ...], bool]:
    """Return (names, whether more are meant) of a printed list of authors. `is_strict`: each must have initials or several words.

    >>> people("Gibson, Tom A. and Tucker, Matthew A."), people("Allaire JJ, François R, et al.")
    ((('Gibson, Tom A.', 'Tucker, Matthew A.'), False), (('Allaire JJ', 'François R'), True))
    """
    text = _EDITORS.sub("", text.strip().rstrip(",;:")).strip()
    has_more = _OTHERS.search(text) is not None
    text = _OTHERS.sub("", text).strip(" ,;")
    pieces = [piece.strip() for piece in re.split(r"\s*;\s*|,?\s+(?:and|&)\s+|\s*,\s*", text) if piece.strip()]
    names = _paired(text, pieces)
    if not names or not all(_is_name(name, is_strict) for name in names):
        return (), has_more
    return tuple(name if re.search(r"\b[A-Z]\.$", name) else name.rstrip(".") for name in names), has_more


def _paired(text: str, pieces: list[str]) -> list[str]:
    """Join what a comma parts within one name: "Gibson, Tom A.", "Lienhard, John H., V"."""
    if _is_surname_first(text, pieces):
        names: list[str] = []
        for piece in pieces:
            is_open = bool(names) and "," not in names[-1] and not _GIVEN_FIRST.match(names[-1])
            if (_SUFFIX.match(piece) and names) or is_open:
                names[-1] += f", {piece}"
            else:
                names.append(piece)
        return names
    names = []
    for piece in pieces:
        if _SUFFIX.match(piece) and names:
            names[-1] += f", {piece}"
        else:
            names.append(piece)
    return names


def _is_surname_first(text: str, pieces: list[str]) -> bool:
    """The first comma stands within a name: the piece after it is initials, or given names while the first one is a lone surname."""
    if len(pieces) < 2 or "," not in text:
        return False
    begins_with_comma = re.match(rf"{re.escape(pieces[0])}\s*,\s*{re.escape(pieces[1])}", text) is not None
    if not begins_with_comma or _CAPITALS.match(pieces[0]):
        return False
    if _INITIALS.match(pieces[1]):
        return not _INITIALS.match(pieces[0].split()[0])
    words = [word for word in pieces[0].split() if word.lower() not in _SMALL]
    return len(words) == 1


def _is_name(name: str, is_strict: bool) -> bool:
    words = name.replace(",", " ").split()
    folded = [word.lower().strip(".") for word in words]
    if (
        not 0 < len(words) <= _MOST_WORDS + 2
        or words[0].lower() in ("the", "a", "an")
        or _NEVER
        & {form for word in words if not _IS_INITIALS.match(word) for form in (word.lower(), word.lower().strip("."))}
    ):
        return False
    if is_strict:
        return bool(_INITIALS_FIRST.match(name) or _CAPITALS.match(name))
    if _NO_NAMES & set(folded[:-1]) or len(words) > _MOST_WORDS or not all(_WORD.match(word) for word in words):
        return bool(_INSTITUTION.match(name))
    n_capital = sum(word[0].isupper() or low in _SMALL for word, low in zip(words, folded, strict=True))
    return n_capital >= len(words) - 1 and name[0].isalpha()
