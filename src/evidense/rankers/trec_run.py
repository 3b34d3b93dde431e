"""A run file that somebody has: TREC (six columns), MS MARCO ranks or Tevatron scores (three), ColBERT (four), or columns that a heading names."""

from evidense.compute.search.imported_rankings import ImportedRanker
from evidense.rankers._run_file import is_kind, open_run
from evidense.values import Spelling


class Part:
    """Opens run files in columns, packed or not. `@form=ranks`, `scores` or `trec` says what a file holds where that cannot be told."""

    name = "trec_run"
    spellings = ("old.trec", "old.run", "top1000.tsv@form=ranks", "trec_run:FILE")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the name ends as runs do, or else whether the first line reads as one."""
        return is_kind(spelling, "columns")

    def open(self, spelling: Spelling) -> ImportedRanker:
        """Read the file.

        Raises:
            InvalidInput: every mistake of the file at once; or options other than form and label.
        """
        return open_run(spelling)


PART = Part()
