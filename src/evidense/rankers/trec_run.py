"""An existing run file: TREC (six columns), MS MARCO ranks or Tevatron scores (three), ColBERT (four), or columns that a heading names."""

from evidense.rankers._run_file import RunFilePart


class TrecRunPart(RunFilePart):
    """Opens run files in columns, packed or not. `@form=ranks`, `scores` or `trec` says what a file holds where that cannot be told."""

    name = "trec_run"
    spellings = ("old.trec", "old.run", "top1000.tsv@form=ranks", "trec_run:FILE")
    kind = "columns"


PART = TrecRunPart()
