"""Results as JSON: TASK_predictions.json that mteb saves with prediction_folder, or {query: {document: score}} as pytrec_eval has it."""

from evidense.compute.search.imported_rankings import ImportedRanker
from evidense.rankers._run_file import is_kind, open_run
from evidense.values import Spelling


class Part:
    """Opens results as one JSON object: those of mteb 2, by subset and split, and plain ones (mteb 1, pytrec_eval)."""

    name = "mteb_predictions"
    spellings = ("predictions/SciFact_predictions.json", "results.json", "mteb_predictions:FILE")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the name is the one that mteb gives, or else whether the file begins as such results do."""
        return is_kind(spelling, "json")

    def open(self, spelling: Spelling) -> ImportedRanker:
        """Read the file.

        Raises:
            InvalidInput: every mistake of the file at once; or options other than form and label.
        """
        return open_run(spelling)


PART = Part()
