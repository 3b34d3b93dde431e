"""Intervals, tests, equivalence and pooling of paired per-query differences."""

from evidense.stats.clusters import cluster_queries
from evidense.stats.differences import Differences
from evidense.stats.estimates import Estimate, mean_over, simultaneous
from evidense.stats.groups import group_letters
from evidense.stats.means import mean_interval, mean_intervals
from evidense.stats.planted import planted, planted_estimate
from evidense.stats.pooling import Pooled, random_effects
from evidense.stats.resampling import Draws, resample, sign_flips
from evidense.stats.rule import Label, label, queries_to_decide

__all__ = [
    "Differences",
    "Draws",
    "Estimate",
    "Label",
    "Pooled",
    "cluster_queries",
    "group_letters",
    "label",
    "mean_interval",
    "mean_intervals",
    "mean_over",
    "planted",
    "planted_estimate",
    "queries_to_decide",
    "random_effects",
    "resample",
    "sign_flips",
    "simultaneous",
]
