"""Reading: JSON → the record that it was written from, after a check of its id. Records of older versions are read too."""

from evidense.errors import InvalidInput
from evidense.records.findings import Finding
from evidense.records.form import Json, Record
from evidense.records.literature import Document, Paper, SourceCheck, Statement
from evidense.records.rankings import QueryTexts, Ranking, Score
from evidense.records.searching import Screening, SearchPlan
from evidense.records.studies import Study
from evidense.records.training import Checkpoint, Recipe
from evidense.records.verdicts import About, Check, Verdict

KINDS: dict[str, type[Record]] = {
    cls.kind: cls
    for cls in (
        Study,
        Recipe,
        Checkpoint,
        Ranking,
        Score,
        QueryTexts,
        Finding,
        Verdict,
        Check,
        Document,
        Paper,
        Statement,
        SourceCheck,
        SearchPlan,
        Screening,
    )
}


def from_json(data: Json) -> Record:
    """Read a record back, and check that its content still hashes to the id that it was stored under.

    A record of an older kind is read as what it is called today, so that its id is the one that the same work has now.

    Raises:
        InvalidInput: an unknown kind, fields that this kind does not have, or content that does not hash to the id.
    """
    try:
        kind, stored_id, parents, content, observed = (
            data[key] for key in ("kind", "id", "parents", "content", "observed")
        )
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
        record = KINDS[kind](parents=tuple(parents), observed=observed, **values)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"this is no record of this version of Evidense ({error}); expected kind, id, parents, content and observed, "
            f"kind being one of {', '.join(KINDS)}; delete it and run again"
        ) from None
    if record.id != stored_id:
        raise InvalidInput(
            f"record {stored_id[:12]} holds content that hashes to {record.id[:12]}; it was altered; delete it and run again"
        )
    if isinstance(record, Verdict) and (about := _claim_about(record)):
        return record.as_check(about)
    return record


def _claim_about(verdict: Verdict) -> About | None:
    """Return what the claim of an old verdict is about; None if the verdict is a comparison's.

    In old records a claim of the literature had a code, and a claim about an effect named the group "factorial".
    A comparison that was UNDECIDED named the claim "helps"; an UNDECIDED claim "helps" looks the same and stays a Verdict.
    """
    if "code" in verdict.details:
        return "literature"
    if verdict.details.get("group") == "factorial":
        return "effect"
    if verdict.verdict in {"HOLDS", "FAILS"} or (verdict.verdict == "UNDECIDED" and verdict.claim != "helps"):
        return "comparison"
    return None
