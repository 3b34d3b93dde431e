"""Too long: what becomes of texts that are longer than a server should get."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.errors import InvalidInput


@dataclass(frozen=True)
class TooLong:
    """What becomes of texts of more than so many characters: they are cut, or refused; None: the server decides."""

    n_characters: int | None = None
    is_refused: bool = False

    @classmethod
    def of(cls, text: str | None) -> "TooLong":
        """Return what `@truncate` says: `server`, a number of characters, or `refuse:` and a number.

        Raises:
            InvalidInput: it is none of these.
        """
        if text in (None, "server"):
            return cls()
        number = str(text).removeprefix("refuse:")
        if not number.isascii() or not number.isdigit() or not 1 <= len(number) < 10 or not int(number):
            raise InvalidInput(
                f"@truncate={text} says nothing of long texts. Expected server (it decides), 2000 (cut after so many characters), or refuse:2000"
            )
        return cls(int(number), str(text).startswith("refuse:"))

    def applied(self, texts: Sequence[str]) -> list[str]:
        """Return the texts as they are sent.

        Raises:
            InvalidInput: some are too long, and the user wants to know.
        """
        n = self.n_characters
        if n is None:
            return list(texts)
        longer = [text for text in texts if len(text) > n]
        if longer and self.is_refused:
            raise InvalidInput(
                f"{len(longer):,} of {len(texts):,} texts have more than {n:,} characters (the longest {max(map(len, longer)):,}). Expected at most that "
                f"(@truncate=refuse:{n}); cut them with @truncate={n}, or leave them to the server (@truncate=server)"
            )
        return [text[:n] for text in texts]

    @property
    def words(self) -> str:
        """Say what becomes of long texts, for the page."""
        n = self.n_characters
        if n is None:
            return "it decides what becomes of long texts (@truncate=CHARACTERS cuts them before they are sent)"
        return f"texts of more than {n:,} characters are {'refused' if self.is_refused else 'cut'} before they are sent"
