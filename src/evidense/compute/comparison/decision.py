"""What is said beside an estimate: the numbers that go with it, and the reason of its word."""

from collections.abc import Sequence

from evidense import stats
from evidense.records import Json

RANDOM_EFFECTS = "random effects over independent families of collections: plain mean, Paule-Mandel τ², limits that know it is uncertain"


def details_of(e: stats.Estimate, margin: float) -> dict[str, Json]:
    """Return what a finding keeps beside value and interval."""
    coarse = stats.too_few(e.n_clusters) and e.n_clusters < e.n  # more queries may only join the groups that are there
    said = None if coarse else stats.advice(e, margin)
    needed: dict[str, Json] = {"queries_to_decide": said and said.about}
    if said:
        needed["queries_to_decide_between"] = [said.low, said.high]
    if e.n_groups != e.n_clusters:
        needed["n_groups"] = e.n_groups
    if e.is_overlapping:
        needed["effective_queries"] = e.n_clusters
    if e.n_deciding:
        needed["n_deciding"] = e.n_deciding
    if held_back := stats.reservation(e, margin):
        needed["reservation"] = held_back
    return {
        "win": e.win, "tie": e.tie, "loss": e.loss, "probability_of_improvement": e.probability_of_improvement, "d_z": e.d_z,
        "standard_error": e.standard_error, "rules_out_loss_above": e.rules_out_loss_above,
        "rules_out_gain_above": e.rules_out_gain_above, **needed,
    }  # fmt: skip


def details_of_new(found: stats.NewCollection, names: Sequence[str]) -> dict[str, Json]:
    """Return what is kept beside the estimate for a new collection; `names` are those of the collections."""
    pooled, left_out = found.pooled, [names[at] for at in found.left_out]
    return {
        "tau2": pooled.tau2, "i2": pooled.i2, "prediction_low": pooled.predict_low, "prediction_high": pooled.predict_high,
        "n_collections": len(names) - len(left_out), "n_families": found.n_families, **({"left_out": left_out} if left_out else {}),
    }  # fmt: skip


def reason_of(e: stats.Estimate, word: stats.Label, margin: float) -> str:
    """Say why the word is what it is; for UNDECIDED, what it would take."""
    match word:
        case "IDENTICAL":
            return "every query has the same value"
        case "SAME":
            return f"the interval lies within ±{margin:g}"
        case "HELPS":
            return "the interval lies above 0"
        case "HARMS":
            return "the interval lies below 0"
    if doubt := stats.doubt(e, margin) or stats.reservation(e, margin):
        return doubt
    hidden = f"could hide a loss of {e.rules_out_loss_above:.3f}"
    if e.low > -margin:
        missing = stats.unseen_sentence(e.n_groups or e.n_clusters, margin)
        hidden = missing or f"no loss beyond {margin:g}; a gain of {e.rules_out_gain_above:.3f} is possible"
    said = stats.advice(e, margin)
    between = f" ({said.low:,} to {said.high:,})" if said and said.low < said.high else ""
    return f"{hidden}; about {said.about:,} queries would decide{between}" if said else hidden
