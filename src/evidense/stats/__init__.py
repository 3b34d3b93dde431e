"""Intervals, tests, equivalence and pooling of paired per-query differences."""

from evidense.stats.advice import Advice, advice
from evidense.stats.agreement.alpha import Agreement, Scale, krippendorff_alpha
from evidense.stats.agreement.kappa import above_chance, discriminability, wilson
from evidense.stats.agreement.raters import EffectiveRaters, effective_raters
from evidense.stats.all_pairs import AllPairs, all_pairs, pair_rows
from evidense.stats.bounded import bounded_mean_interval
from evidense.stats.bounds import Bounds
from evidense.stats.crossed import Seeded, Variances, variances
from evidense.stats.dependence.clusters import cluster_queries
from evidense.stats.dependence.overlap import Grouping, Overlap, effective, labels_of, overlap_of, part_of
from evidense.stats.differences import MIN_CLUSTERS, Differences
from evidense.stats.equivalence import (
    EquivalenceCurve,
    Joined,
    Sited,
    equivalence_curve,
    join,
    smallest_margin,
    three_way,
)
from evidense.stats.estimates import Estimate, mean_over, simultaneous
from evidense.stats.forecasts.abstaining import RiskCoverage, Threshold, risk_coverage, safe_threshold
from evidense.stats.forecasts.calibration_error import Brier, brier, expected_calibration_error
from evidense.stats.forecasts.calibrators import (
    IsotonicRegression,
    LogisticScaling,
    TemperatureScaling,
    fit_isotonic,
    fit_logistic,
    fit_temperature,
)
from evidense.stats.forecasts.folds import cross_fitted, fold_rows
from evidense.stats.inference import check_number
from evidense.stats.many_looks.looks import chance_of_an_error, level, over_looks
from evidense.stats.many_looks.winner import Winner, winner
from evidense.stats.means import mean_interval, mean_intervals
from evidense.stats.planted import planted, planted_estimate
from evidense.stats.populations.budgets import (
    BudgetCurve,
    CellTables,
    Inversion,
    change_of_gain,
    crossing,
    equivalent_budget,
    exchange_rate,
    gain_a_doubling,
)
from evidense.stats.populations.factorial import CELLS, EFFECTS, FACTORIAL, contrasts, logit_contrasts, logit_means
from evidense.stats.populations.families import NewCollection, new_collection
from evidense.stats.populations.moderators import MetaRegression, meta_regression
from evidense.stats.populations.pooling import MIN_COLLECTIONS, Pooled, random_effects
from evidense.stats.populations.seeded import few_seeds, mean_and_error, seeded, seeded_mean_over
from evidense.stats.populations.seeded_systems import mean_over_seeds, seed_differences, simultaneous_over_seeds
from evidense.stats.resampling import Draws, MeanDraws, resample, sign_flips
from evidense.stats.rule import (
    Label,
    doubt,
    groups_of,
    groups_to_see,
    label,
    reservation,
    sees_all,
    too_few,
    unseen,
    unseen_sentence,
)
from evidense.stats.sharing import LinkedCollections, Pool, Sharing

__all__ = [
    "CELLS",
    "EFFECTS",
    "FACTORIAL",
    "MIN_CLUSTERS",
    "MIN_COLLECTIONS",
    "Advice",
    "Agreement",
    "AllPairs",
    "Bounds",
    "Brier",
    "BudgetCurve",
    "CellTables",
    "Differences",
    "Draws",
    "EffectiveRaters",
    "EquivalenceCurve",
    "Estimate",
    "Grouping",
    "Inversion",
    "IsotonicRegression",
    "Joined",
    "Label",
    "LinkedCollections",
    "LogisticScaling",
    "MeanDraws",
    "MetaRegression",
    "NewCollection",
    "Overlap",
    "Pool",
    "Pooled",
    "RiskCoverage",
    "Scale",
    "Seeded",
    "Sharing",
    "Sited",
    "TemperatureScaling",
    "Threshold",
    "Variances",
    "Winner",
    "above_chance",
    "advice",
    "all_pairs",
    "bounded_mean_interval",
    "brier",
    "chance_of_an_error",
    "change_of_gain",
    "check_number",
    "cluster_queries",
    "contrasts",
    "cross_fitted",
    "crossing",
    "discriminability",
    "doubt",
    "effective",
    "effective_raters",
    "equivalence_curve",
    "equivalent_budget",
    "exchange_rate",
    "expected_calibration_error",
    "few_seeds",
    "fit_isotonic",
    "fit_logistic",
    "fit_temperature",
    "fold_rows",
    "gain_a_doubling",
    "groups_of",
    "groups_to_see",
    "join",
    "krippendorff_alpha",
    "label",
    "labels_of",
    "level",
    "logit_contrasts",
    "logit_means",
    "mean_and_error",
    "mean_interval",
    "mean_intervals",
    "mean_over",
    "mean_over_seeds",
    "meta_regression",
    "new_collection",
    "over_looks",
    "overlap_of",
    "pair_rows",
    "part_of",
    "planted",
    "planted_estimate",
    "random_effects",
    "resample",
    "reservation",
    "risk_coverage",
    "safe_threshold",
    "seed_differences",
    "seeded",
    "seeded_mean_over",
    "sees_all",
    "sign_flips",
    "simultaneous",
    "simultaneous_over_seeds",
    "smallest_margin",
    "three_way",
    "too_few",
    "unseen",
    "unseen_sentence",
    "variances",
    "wilson",
    "winner",
]
