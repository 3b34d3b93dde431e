"""Predictions of sentence-transformers' InformationRetrievalEvaluator: NAME_predictions_cosine.jsonl (write_predictions=True)."""

from evidense.rankers._run_file import RunFilePart


class StPredictionsPart(RunFilePart):
    """Opens predictions as JSON lines."""

    name = "st_predictions"
    spellings = ("eval/Information-Retrieval_evaluation_NAME_predictions_cosine.jsonl", "st_predictions:FILE")
    kind = "lines"


PART = StPredictionsPart()
