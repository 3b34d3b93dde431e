"""Checkpoints: the record of a trained encoder."""

from functools import cache
from typing import TYPE_CHECKING, Any

from evidense.compute.environment import environment
from evidense.compute.models.checkpoint import weights_sha256_of
from evidense.parts import Encoder, fingerprints
from evidense.records import Checkpoint, Recipe
from evidense.store import Store
from evidense.training.loop import budget
from evidense.training.loop.processes import n_processes

if TYPE_CHECKING:
    from evidense.training.loop.trainer import TrainingResult

_peak_flops_per_second = cache(budget.peak_flops_per_second)
"""It is the machine's, not the training's: one measurement a process."""


def checkpoint_of(recipe: Recipe, encoder: Encoder, trained: "TrainingResult | None", store: Store) -> Checkpoint:
    """Return the record of an encoder as it was saved; `trained` is None for an architecture as initialised."""
    return Checkpoint(
        parents=(recipe.id,),
        weights_sha256=weights_sha256_of(encoder),
        fingerprints=fingerprints(encoder),
        n_steps=trained.n_steps if trained else 0,
        n_pairs=trained.n_pairs if trained else 0,
        n_tokens=trained.n_tokens if trained else 0,
        n_pixels=trained.n_pixels if trained else 0,
        flops=float(trained.flops) if trained else 0.0,
        stopped=trained.stopped if trained else "",
        warnings=trained.warnings if trained else (),
        diagnostics=store.put_json(trained.diagnostics if trained else []),
        observed=_observed(recipe, trained),
    )


def _observed(recipe: Recipe, trained: "TrainingResult | None") -> dict[str, Any]:
    """Return wall time, and how near to the machine's own speed in matrix products the steps came."""
    if trained is None:
        return {"environment": environment()}
    peak = _peak_flops_per_second(recipe.dtype)
    achieved = trained.flops / trained.wall_s if trained.wall_s else 0.0
    return {
        "wall_s": round(trained.wall_s, 3),
        "flops_per_s": float(f"{achieved:.4g}"),
        "peak_flops_per_s": float(f"{peak:.4g}"),
        "achieved_to_peak": round(achieved / peak, 4),
        "n_processes": n_processes(),
        "environment": environment(),
    }
