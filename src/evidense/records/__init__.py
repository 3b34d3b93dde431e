"""Records: what a step leaves behind. They are frozen, hold JSON, are named by their own content, and are never edited."""

from evidense.records.findings import Finding
from evidense.records.form import Json, Record, canonical_json, sha256_of
from evidense.records.literature import Document, Paper, SourceCheck, Statement
from evidense.records.rankings import QueryTexts, Ranking, Score
from evidense.records.reading import KINDS, from_json
from evidense.records.searching import Screening, SearchPlan
from evidense.records.studies import Study
from evidense.records.training import Checkpoint, Recipe
from evidense.records.verdicts import Check, Outcome, Verdict

__all__ = [
    "KINDS",
    "Check",
    "Checkpoint",
    "Document",
    "Finding",
    "Json",
    "Outcome",
    "Paper",
    "QueryTexts",
    "Ranking",
    "Recipe",
    "Record",
    "Score",
    "Screening",
    "SearchPlan",
    "SourceCheck",
    "Statement",
    "Study",
    "Verdict",
    "canonical_json",
    "from_json",
    "sha256_of",
]
