"""Exports: every finding of the analyses in one line of a CSV."""

from evidense.records import Finding, Json
from evidense.report.contents import Contents
from evidense.report.labels import table

SITE = ("dissection", "analysis", "collection", "subject", "against", "role", "side", "pooling", "layer", "probe", "control", "n_candidates", "negatives",
        "module")  # fmt: skip
COLUMNS = (*SITE, "elsewhere", "estimand", "unit", "value", "low", "high", "together_low", "together_high", "p", "p_adjusted", "n", "n_clusters", "test",
           "id", "reason")  # fmt: skip


def findings_csv(contents: Contents) -> bytes:
    """Return one line a finding; site keys without a column of their own stand in `elsewhere`, as key=value."""
    return table([COLUMNS, *(_row(f) for f in contents.inside)])


def _row(f: Finding) -> tuple[Json, ...]:
    joint = f.details.get("together") or (None, None)
    elsewhere = "; ".join(f"{k}={v}" for k, v in f.site.items() if k not in SITE)
    return (
        *(f.site.get(k) for k in SITE), elsewhere, f.estimand, f.unit, f.value, f.low, f.high, joint[0], joint[1], f.p, f.p_adjusted, f.n, f.n_clusters,
        f.test, f.id, f.details.get("reason"),
    )  # fmt: skip
