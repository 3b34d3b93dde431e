"""Letters: text folded for comparison, without accents, case, LaTeX or punctuation."""

import html
import re
import unicodedata

_LIGATURES = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d",
        "þ": "th", "Þ": "th", "ı": "i", "ħ": "h", "Ħ": "h", "ŋ": "n", "’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'",
    }
)  # fmt: skip
_COMMANDS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "i": "ı", "j": "ȷ", "dj": "đ", "DJ": "Đ",
    "aa": "å", "AA": "Å", "dh": "ð", "th": "þ", "TH": "Þ", "ng": "ŋ",
}  # fmt: skip
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", ".": "\u0307", "u": "\u0306", "v": "\u030c",
    "H": "\u030b", "r": "\u030a", "c": "\u0327", "k": "\u0328", "d": "\u0323", "b": "\u0331", "t": "\u0361",
}  # fmt: skip
_ACCENT = re.compile(r"\\([`'^~\"=.])\s*\{?\s*(\\?[A-Za-z])\s*\}?|\\([uvHrckdbt])(?:\s+|\s*\{\s*)(\\?[A-Za-z])\s*\}?")
_COMMAND = re.compile(r"\\(ss|ae|AE|oe|OE|o|O|l|L|i|j|dj|DJ|aa|AA|dh|th|TH|ng)(?![A-Za-z])\s*(?:\{\})?")
_STYLE = re.compile(
    r"\\(?:emph|text(?:it|bf|sc|tt|rm|sf|sl|up|md|normal|superscript|subscript)|math(?:rm|bf|cal|bb|sf|it|tt)|mbox|text|url|href)\s*(?=\{)"
    r"|\\(?:it|bf|em|sl|tt|rm|sc|sf|(?:it|sl|up|sc)shape|(?:rm|sf|tt)family|(?:bf|md)series|relax)(?![A-Za-z])\s*"
)
_OTHER = re.compile(r"\\[A-Za-z]+\s*(?=\{[^}])")
"""A command of the author's own, as \\pkg{Rcpp}: what it is applied to is text."""
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,6}|#[xX][0-9A-Fa-f]{1,5});")
_ESCAPED = re.compile(r"\\([&%$#_{} ])")


def decode_latex(text: str) -> str:
    r"""Return LaTeX as plain text: accents and letters decoded, braces and styles dropped; of others what they are applied to stays.

    >>> decode_latex(r"P{\'e}ter {Heged{\H u}s}")
    'Péter Hegedűs'
    >>> decode_latex(r"{\o}stergaard {\&} {BERT}")
    'østergaard & BERT'
    >>> decode_latex(r"{\pkg{Rcpp}} and \LaTeX{}")
    'Rcpp and LaTeX'

    Entities of HTML, which exports of indexes leave in BibTeX, are letters too:

    >>> decode_latex("Francesco d&apos;Amore, Q{\\&}amp;A")
    "Francesco d'Amore, Q&A"
    """
    if "\\" not in text and "{" not in text and "$" not in text and "~" not in text:
        return " ".join(_without_entities(text).split())
    text = _ACCENT.sub(_with_accent, text)
    text = _COMMAND.sub(lambda match: _COMMANDS[match[1]], text)
    text = _OTHER.sub("", _STYLE.sub("", text)).replace("---", "—").replace("--", "–").replace("~", " ")
    text = _ESCAPED.sub(r"\1", text).replace("{", "").replace("}", "").replace("$", "").replace("\\", "")
    return " ".join(unicodedata.normalize("NFC", _without_entities(text)).split())


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def _with_accent(match: re.Match[str]) -> str:
    accent, letter = match[1] or match[3], (match[2] or match[4]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _ACCENTS[accent])


def fold(text: str) -> str:
    """Return text in lower case without accents; letters that have no accent to lose become their usual spelling.

    >>> fold("Łukasz Kaiser"), fold("Müller-Straße")
    ('lukasz kaiser', 'muller-strasse')
    """
    if text.isascii():
        return text.replace("`", "'").lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words(text: str) -> list[str]:
    """Return the folded words of a text; whatever is neither letter nor digit divides them, apostrophes do not.

    >>> words("Don't Stop: scene-aware 3D Motion")
    ['dont', 'stop', 'scene', 'aware', '3d', 'motion']
    """
    return re.findall(r"[^\W_]+", fold(text).replace("'", ""))
