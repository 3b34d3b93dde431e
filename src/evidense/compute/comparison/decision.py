"""What a decision says besides its word: the fields and details of its Finding, and the reason for the word."""

from collections.abc import Sequence

from evidense import stats
from evidense.boundary.numerals import plain, short
from evidense.records import Json, Study

RANDOM_EFFECTS = "random effects over independent families of collections: plain mean, Paule-Mandel τ², limits that know it is uncertain"


def estimate_fields(estimate: stats.Estimate) -> dict[str, Json]:
    """Return the fields of a Finding that its estimate determines."""
    return {
        "value": estimate.effect, "low": estimate.low, "high": estimate.high, "n": estimate.n, "n_clusters": estimate.n_clusters,
        "p": estimate.p, "p_adjusted": estimate.p_adjusted, "test": estimate.test,
    }  # fmt: skip


def new_collection_fields(new: stats.NewCollection, names: Sequence[str]) -> dict[str, Json]:
    """Return the fields of a Finding on a new collection; `names` are the names of the collections at hand."""
    pooled, left_out = new.pooled, [names[index] for index in new.left_out]
    details: dict[str, Json] = {
        "tau2": pooled.tau2, "i2": pooled.i2, "prediction_low": pooled.predict_low, "prediction_high": pooled.predict_high,
        "n_collections": len(names) - len(left_out), "n_families": new.n_families, **({"left_out": left_out} if left_out else {}),
    }  # fmt: skip
    return {
        "value": pooled.effect, "low": pooled.low, "high": pooled.high, "n": new.n, "n_clusters": new.n_clusters,
        "test": RANDOM_EFFECTS, "details": details,
    }  # fmt: skip


def details_of(estimate: stats.Estimate, margin: float) -> dict[str, Json]:
    """Return the details of a Finding on one comparison: counts of queries, standard error, and what would decide it."""
    e = estimate
    more_cannot_help = (
        stats.too_few(e.n_clusters) and e.n_clusters < e.n
    )  # new queries may fall into the groups at hand
    needed = None if more_cannot_help or e.n_seeds > 1 else stats.advice(e, margin)
    optional: dict[str, Json] = {
        "queries_to_decide_between": [needed.low, needed.high] if needed else None,
        "n_groups": e.n_groups if e.n_groups != e.n_clusters else None,
        "effective_queries": e.n_clusters if e.is_overlapping else None,
        "n_deciding": e.n_deciding or None if e.n_seeds == 1 else None,
        "n_seeds": e.n_seeds if e.n_seeds > 1 else None,
        "reservation": stats.reservation(e, margin) or None,
    }
    return {
        "win": e.win, "tie": e.tie, "loss": e.loss, "probability_of_improvement": e.probability_of_improvement, "d_z": e.d_z,
        "standard_error": e.standard_error, "rules_out_loss_above": e.rules_out_loss_above,
        "rules_out_gain_above": e.rules_out_gain_above, "queries_to_decide": needed and needed.about,
        **{key: value for key, value in optional.items() if value is not None},
    }  # fmt: skip


def errors_of(differences: stats.Differences, j: int) -> dict[str, Json]:
    """Return the standard errors of a difference that come from its seeds and from the queries; nothing where it has no seeds."""
    if differences.n_seeds(j) == 1:
        return {}
    (variances,) = stats.variances(stats.Seeded(differences.by_seed[j][None], differences.clusters))
    return {"seed_se": variances.seed_se, "query_se": variances.query_se}


def reason_of(estimate: stats.Estimate, word: stats.Label, margin: float) -> str:
    """Return the reason for a word; for UNDECIDED, what is still possible and how many queries would decide.

    Over several seeds how many queries would decide is not said, since seeds count too.
    """
    if word == "IDENTICAL":
        return "every query has the same value" + (" in every seed" if estimate.n_seeds > 1 else "")
    if word != "UNDECIDED":
        return _where_it_lies(word, margin)
    if reason := stats.doubt(estimate, margin) or stats.reservation(estimate, margin):
        return reason
    possible = _still_possible(estimate, margin)
    if estimate.n_seeds > 1:
        return "; ".join(filter(None, (possible, stats.few_seeds(estimate.n_seeds))))
    needed = stats.advice(estimate, margin)
    if needed is None:
        return possible
    between = f" ({needed.low:,} to {needed.high:,})" if needed.low < needed.high else ""
    return f"{possible}; about {needed.about:,} queries would {_shown_by(estimate, needed, margin)}{between}"


def _shown_by(estimate: stats.Estimate, needed: stats.Advice, margin: float) -> str:
    """Say what so many queries would do: fewer than it takes to see all kinds of queries can only show a difference."""
    sees_all = stats.sees_all(stats.groups_of(estimate), margin) or needed.about >= stats.groups_to_see(margin)
    if estimate.low <= -margin or sees_all:
        return "settle it"
    return "show a gain" if estimate.effect > 0 else "show a loss"


def reason_over_seeds(estimate: stats.Estimate, word: stats.Label, margin: float) -> str:
    """Return the reason for a word on trained cells; how many queries would decide is not said, since seeds count too."""
    if few := stats.too_few(estimate.n_clusters):
        return few
    if word == "IDENTICAL":
        return "every query has the same value in every seed"
    if word != "UNDECIDED":
        return _where_it_lies(word, margin)
    loss, gain = estimate.rules_out_loss_above, estimate.rules_out_gain_above
    return f"a loss of up to {plain(loss)} and a gain of up to {plain(gain)} are still possible"


def _where_it_lies(word: stats.Label, margin: float) -> str:
    sides = {"SAME": f"within ±{short(margin)}", "HELPS": "above 0", "HARMS": "below 0"}
    return f"the interval lies {sides[word]}"


def _still_possible(estimate: stats.Estimate, margin: float) -> str:
    if estimate.low <= -margin:
        return f"a loss of up to {plain(estimate.rules_out_loss_above)} is still possible"
    missing = stats.unseen_sentence(stats.groups_of(estimate), margin, estimate.n)
    return (
        missing
        or f"no loss beyond {short(margin)}; a gain of up to {plain(estimate.rules_out_gain_above)} is still possible"
    )


def family_words(study: Study, n_collections: int) -> str:
    """Say which comparisons hold together."""
    n_systems = len(study.systems) - 1
    size = f"{counted(n_systems, 'system')} × {counted(n_collections, 'collection')}"
    return f"{counted(n_systems * n_collections, 'comparison')}: {size}, on {study.primary}{planned_words(study)}"


def planned_words(study: Study) -> str:
    """Say at how many looks a family holds together; nothing for one."""
    return f", at each of {study.looks} planned looks" if study.looks > 1 else ""


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "system"), counted(2, "system")
    ('1 system', '2 systems')
    """
    return f"{n} {noun}{'' if n == 1 else 's'}"
