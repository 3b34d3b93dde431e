"""Results as JSON: TASK_predictions.json that mteb saves with prediction_folder, or {query: {document: score}} as pytrec_eval has it."""

from evidense.rankers._run_file import RunFilePart


class MtebPredictionsPart(RunFilePart):
    """Opens results as one JSON object: those of mteb 2, by subset and split, and plain ones (mteb 1, pytrec_eval)."""

    name = "mteb_predictions"
    spellings = ("predictions/SciFact_predictions.json", "results.json", "mteb_predictions:FILE")
    kind = "json"


PART = MtebPredictionsPart()
