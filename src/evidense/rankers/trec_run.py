"""A run file that somebody has: TREC (six columns), MS MARCO ranks or Tevatron scores (three); FILE.trec or FILE.run."""

from pathlib import Path

from evidense.compute.given import GivenRanker, fingerprint, read_bytes, ties_sentence
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.trec import ENDINGS, read_run
from evidense.values import Spelling


class Part:
    """Opens run files."""

    name = "trec_run"
    spellings = ("old.trec", "old.run", "trec_run:FILE")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the file name ends as runs do."""
        return spelling.head.lower().removesuffix(".gz").endswith(ENDINGS)

    def open(self, spelling: Spelling) -> GivenRanker:
        """Read the file.

        Raises:
            InvalidInput: every mistake of the file at once; or options other than a label.
        """
        if extra := set(spelling.options) - {"label"}:
            raise InvalidInput(
                f"'{spelling}' gives {', '.join(sorted(extra))} to a run file; expected no such option; its ranking is already made"
            )
        path = Path(spelling.head)
        data = read_bytes(path, "a run file")
        run = read_run(path)
        setup = Setup(similarity=run.form, warnings=tuple(ties_sentence(run.results)))
        return GivenRanker(path.name, setup, fingerprint("trec_run", data), lambda _collection: run.results)


PART = Part()
