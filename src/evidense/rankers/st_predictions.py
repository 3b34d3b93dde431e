"""Predictions of sentence-transformers' InformationRetrievalEvaluator: NAME_predictions_cosine.jsonl (write_predictions=True)."""

from evidense.compute.search.imported_rankings import ImportedRanker
from evidense.rankers._run_file import is_kind, open_run
from evidense.values import Spelling


class Part:
    """Opens predictions as JSON lines."""

    name = "st_predictions"
    spellings = ("eval/Information-Retrieval_evaluation_NAME_predictions_cosine.jsonl", "st_predictions:FILE")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the name is the one that the evaluator gives, or else whether the lines are such objects."""
        return is_kind(spelling, "lines")

    def open(self, spelling: Spelling) -> ImportedRanker:
        """Read the file.

        Raises:
            InvalidInput: every mistake of the file at once; or options other than form and label.
        """
        return open_run(spelling)


PART = Part()
