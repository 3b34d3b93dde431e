"""Squeezed text: letters and digits alone, folded, with the way back; copies are found in it whatever their spaces, hyphens and signs."""

from functools import cached_property

from evidense.texts.letters import fold
from evidense.texts.tokens import tokens


class Squeezed:
    """A text without spaces, punctuation and citation marks."""

    def __init__(self, text: str) -> None:
        self._text = text

    def find(self, quote: str, at_least: int = 16) -> tuple[int, int] | None:
        """Return where a quotation of at least so many letters stands in the text; None where it does not.

        >>> Squeezed("The ef- ficient encoder [3] gains.").find("Efficient encoder gains")
        (4, 33)
        """
        sought = squeeze(quote)[0]
        if len(sought) < at_least:
            return None
        letters, places = self._map
        begin = letters.find(sought)
        return None if begin < 0 else (places[begin], places[begin + len(sought) - 1] + 1)

    @cached_property
    def _map(self) -> tuple[str, list[int]]:
        return squeeze(self._text)


def squeeze(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text, and the place of each."""
    letters: list[str] = []
    places: list[int] = []
    for token in tokens(text):
        if token.kind in ("word", "number"):
            for place in range(token.start, token.end):
                for letter in fold(text[place]):
                    if letter.isalnum():
                        letters.append(letter)
                        places.append(place)
    return "".join(letters), places
