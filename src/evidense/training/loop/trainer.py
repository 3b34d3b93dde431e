"""Trainer: the training loop, for contrastive pre-training and alignment-driven fine-tuning alike."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evidense.boundary.numerals import plain
from evidense.compute.search.ready import KeepsStates
from evidense.errors import InvalidInput
from evidense.parts import SIDES, Encoder, Objective, TrainableTower
from evidense.records import Json, Recipe
from evidense.store import Store
from evidense.training.data.portions import drawn
from evidense.training.loop import dropout, gather, processes, state
from evidense.training.loop.batches import Keys, n_false_negatives, seed_torch, step_seed
from evidense.training.loop.costs import TrainingCosts
from evidense.training.loop.diagnostics import warnings_of
from evidense.values import Item, Pairs

if TYPE_CHECKING:
    from torch import nn

    from evidense.training.loop.learner import Learner

_SAVED_STEPS = 25
_SAVED_S = 30.0
_SAVING_SHARE = 0.05
"""Saving takes at most this share of the time; beyond it, the state is saved once in `_SAVED_S` seconds."""


@dataclass(frozen=True)
class Job:
    """One training: an encoder, an objective, pairs and a recipe."""

    encoder: Encoder
    objective: Objective
    pairs: Pairs
    recipe: Recipe
    folder: Path
    """Folder of the state, from which a killed training resumes."""
    held_out: Pairs | None = None
    """Held-out pairs for early stopping; none of their groups is trained on."""
    store: Store | None = None
    """Where the states of locked towers are kept; None: in memory, while this training lasts."""


@dataclass(frozen=True)
class Callbacks:
    """Functions that are called during training."""

    progress: Callable[[int, int, float], None] | None = None
    """Steps done, steps in all, seconds left."""
    diagnostics: Callable[[Mapping[str, Json]], None] | None = None
    """The diagnostics of each step."""
    states: Callable[[int, int, float], None] | None = None
    """Before the first step: items whose states are computed, items in all, seconds left."""


@dataclass(frozen=True)
class TrainingResult:
    """The trained encoder with its diagnostics and costs."""

    encoder: Encoder
    """The encoder of the job, trained in place and in evaluation mode."""
    diagnostics: list[dict[str, Json]]
    """One mapping a step."""
    n_steps: int
    n_pairs: int
    """Pairs trained on, counted once per epoch."""
    n_tokens: int
    n_pixels: int
    flops: float
    stopped: str
    """Why training stopped early; empty if all steps were taken."""
    warnings: tuple[str, ...]
    wall_s: float
    temperature: float | None
    """The final temperature; None if the objective has none."""


def run(job: Job, callbacks: Callbacks) -> TrainingResult:
    """Train the encoder in place and return it with its diagnostics; a killed run resumes from its last state.

    Under torchrun every process runs this on the same job. `batch_size` counts the pairs of all processes, which end with equal weights.

    Raises:
        InvalidInput: there are no pairs; a batch of one has no negatives; the temperature is not above 0; the state belongs to
            another recipe; a loss or gradient is not finite.
        StoreError: the disk is full; the last good state stays.
    """
    import torch

    pairs = drawn(job.pairs, job.recipe.n_pairs, job.recipe.seed)
    notes = _checked(job, pairs)
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.enter_context(_as_before(job.encoder))
        stack.enter_context(dropout.rate(_modules(job.encoder), job.recipe.dropout))
        encoder = stack.enter_context(_tuned(job.encoder, job.recipe))
        training = _Training(job, _learner(encoder, pairs, job, callbacks), callbacks)
        training.go()
        trained = training.result(notes)
    return trained  # noqa: RET504 (after the context, where adapters are merged)


def _learner(encoder: Encoder, pairs: Pairs, job: Job, callbacks: Callbacks) -> "Learner":
    from evidense.training.loop.learner import Learner

    def keep(tower: TrainableTower, items: Sequence[Item]) -> None:
        if job.store is not None and isinstance(tower, KeepsStates):
            tower.keep_states(items, job.store, callbacks.states)

    learner = Learner(encoder, job.objective, pairs, job.recipe, keep)
    if not learner.named:
        raise InvalidInput(
            f"'{encoder.name}' has no weight that is trained with tuned = '{job.recipe.tuned}'; expected at least one; write tuned = 'all'"
        )
    return learner


def _checked(job: Job, pairs: Pairs) -> tuple[str, ...]:
    """Refuse a job that cannot be trained; return notes on unused data and on hard negatives that equal a positive."""
    recipe, objective = job.recipe, job.objective
    n = min(recipe.batch_size, len(pairs))
    mistakes = []
    if not len(pairs):
        mistakes.append(f"'{pairs.name}' holds no pairs; expected at least 2; name data with training pairs")
    elif n < 2 and objective.temperature is not None and not recipe.queue and not pairs.negatives:
        mistakes.append(
            f"a batch of {n} has no negatives for '{objective.name}'; expected at least 2 pairs; raise batch_size"
        )
    if recipe.temperature is not None and not recipe.temperature > 0:
        mistakes.append(f"the temperature is {recipe.temperature}; expected more than 0, as .05; correct the recipe")
    if n < gather.world()[1]:
        mistakes.append(
            f"{gather.world()[1]} processes share batches of {n} pairs; expected a pair for each; raise batch_size"
        )
    if mistakes:
        raise InvalidInput.all_of("this cannot be trained", mistakes)
    n_false, n_all = n_false_negatives(pairs, Keys())
    if n_all and n_false == n_all:
        raise InvalidInput(
            f"all {n_all} hard negatives of '{pairs.name}' are their query's positive; expected other documents; mine them anew"
        )
    names = ", ".join(f"'{name}'" for name in pairs.unused)
    notes = (f"'{pairs.name}' holds what this training does not use: {names}",) if names else ()
    if n_false:
        return (*notes, f"{n_false} of {n_all} hard negatives are their query's positive; they were left out")
    return notes


@dataclass
class _Training:
    """The loop: steps, states, early stopping."""

    job: Job
    learner: "Learner"
    callbacks: Callbacks
    step: int = 0
    diagnostics: list[dict[str, Json]] = field(default_factory=list)
    spent_s: float = 0.0
    stopped: str = ""
    best: dict[str, Any] = field(default_factory=dict)
    best_loss: float | None = None
    best_step: int = 0

    def go(self) -> None:
        """Take the remaining steps."""
        self.resume()
        self.learner.mode(True)
        n_steps, self.began = self.job.recipe.n_steps, time.perf_counter()
        first, self.saved = self.step, (self.step, self.began, 0.0)
        while self.step < n_steps and not self.stopped:
            seed_torch(step_seed(self.job.recipe.seed, self.step))
            diagnostics = self.learner.step(self.step)
            if diagnostics["loss_nats"] is None or diagnostics["grad_norm"] is None:
                self._refuse(diagnostics)
            self.step += 1
            self._look(diagnostics)
            self.diagnostics.append(diagnostics)
            self._tell(diagnostics, first)
            if gather.world()[0] == 0 and self._is_due():
                self.save()
        self.spent_s += time.perf_counter() - self.began
        if self.best:
            self._restore_best()

    def _tell(self, diagnostics: Mapping[str, Json], first: int) -> None:
        is_last = bool(self.stopped) or self.step == self.job.recipe.n_steps
        if self.callbacks.diagnostics:
            warnings = {"warnings": list(self._warnings())} if is_last else {}
            self.callbacks.diagnostics({**diagnostics, **warnings})
        if self.callbacks.progress:
            per_step = (time.perf_counter() - self.began) / max(1, self.step - first)
            left = 0 if is_last else self.job.recipe.n_steps - self.step
            self.callbacks.progress(self.step, self.job.recipe.n_steps, per_step * left)

    def _warnings(self) -> tuple[str, ...]:
        return warnings_of(self.diagnostics, self.learner.order.size)

    def _refuse(self, diagnostics: Mapping[str, Json]) -> None:
        """Save the weights of the last good step, and raise."""
        if gather.world()[0] == 0:
            self.save()
        what = "loss" if diagnostics["loss_nats"] is None else "gradient"
        last = [entry["loss_nats"] for entry in self.diagnostics[-3:]]
        raise InvalidInput(
            f"the {what} of step {self.step + 1} of {self.job.recipe.n_steps} is no finite number (learning rate "
            f"{diagnostics['learning_rate']:.3g}, losses before it: {last}); expected a finite one; lower the learning rate, or "
            f"lengthen the warm-up. The weights of step {self.step} are kept in '{self.job.folder}'"
        )

    # --- early stopping

    def _look(self, diagnostics: dict[str, Json]) -> None:
        recipe, held_out = self.job.recipe, self.job.held_out
        every = int(recipe.early_stop.get("every", max(1, recipe.n_steps // 20))) if recipe.early_stop else 0
        if not every or held_out is None or not len(held_out) or (self.step % every and self.step != recipe.n_steps):
            return
        loss = self.learner.held_out(held_out)
        diagnostics["held_out"] = loss
        if self.best_loss is None and loss == 0:
            raise InvalidInput(
                f"the held-out loss is 0 at the first look (step {self.step}; {len(held_out)} pairs held out): nothing is left to learn "
                "there, or no pair has a negative; expected a loss above 0; add data, or leave early stopping out"
            )
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.step
            self.best = {name: tensor.detach().clone() for name, tensor in self._trained().items()}
        elif self.step - self.best_step >= every * int(recipe.early_stop.get("patience", 3)):
            self.stopped = (
                f"stopped at step {self.step} of {recipe.n_steps}, since the held-out loss had not fallen below the "
                f"{plain(self.best_loss, 4)} nats of step {self.best_step}, whose weights are kept"
            )

    def _trained(self) -> dict[str, Any]:
        return {**self.learner.named, **self.learner.temperature.trained}

    def _restore_best(self) -> None:
        for name, tensor in self._trained().items():
            tensor.data.copy_(self.best[name])

    # --- states

    def _is_due(self) -> bool:
        step, moment, cost_s = self.saved
        passed_s = time.perf_counter() - moment
        return passed_s > _SAVED_S or (self.step - step >= _SAVED_STEPS and passed_s * _SAVING_SHARE > cost_s)

    def save(self) -> None:
        """Write the state of this step."""
        now = time.perf_counter()
        learner = self.learner
        tensors = {**learner.tensors(), **{f"best/{name}": tensor for name, tensor in self.best.items()}}
        counters = {
            "diagnostics": self.diagnostics,
            "costs": asdict(learner.costs),
            "queue": learner.queue.contents if learner.queue else [],
            "best": [self.best_loss, self.best_step],
            "stopped": self.stopped,
            "spent_s": self.spent_s + now - self.began,
            "n_processes": gather.world()[1],
        }
        state.save(state.TrainingState(self.step, self.job.recipe.content(), tensors, counters), self.job.folder)
        after = time.perf_counter()
        self.saved = (self.step, after, after - now)

    def resume(self) -> None:
        """Restore the last state, if there is one."""
        last_state = state.load(self.job.folder, self.job.recipe)
        processes.wait()
        if last_state is None:
            return
        learner, counters = self.learner, last_state.counters
        learner.restore(last_state.tensors)
        learner.costs = TrainingCosts(**counters["costs"])
        if learner.queue:
            learner.queue.contents = list(counters["queue"])
        self.step, self.diagnostics, self.spent_s = last_state.step, list(counters["diagnostics"]), counters["spent_s"]
        self.stopped, (self.best_loss, self.best_step) = counters["stopped"], counters["best"]
        self.best = {
            name.removeprefix("best/"): t for name, t in last_state.tensors.items() if name.startswith("best/")
        }

    def result(self, notes: tuple[str, ...]) -> TrainingResult:
        """Return what came of it."""
        costs = self.learner.costs.of_all()
        return TrainingResult(
            encoder=self.job.encoder,
            diagnostics=self.diagnostics,
            n_steps=self.step,
            n_pairs=costs.n_pairs,
            n_tokens=costs.n_tokens,
            n_pixels=costs.n_pixels,
            flops=costs.flops,
            stopped=self.stopped,
            warnings=(*notes, *self._warnings()),
            wall_s=self.spent_s,
            temperature=self.learner.temperature.value,
        )


# --- the encoder around the training ----------------------------------------------------------------------------------


def _modules(encoder: Encoder) -> "list[nn.Module]":
    towers = [cast(TrainableTower, encoder.tower(side)) for side in SIDES]
    return list({id(module): module for tower in towers for module in tower.weights.values()}.values())


@contextmanager
def _as_before(encoder: Encoder) -> Iterator[None]:
    """Afterwards restore gradient flags, drop gradients, and leave every module in evaluation mode."""
    flags = [(weight, weight.requires_grad) for module in _modules(encoder) for weight in module.parameters()]
    try:
        yield
    finally:
        for weight, flag in flags:
            weight.grad = None
            weight.requires_grad_(flag)
        for module in _modules(encoder):
            module.eval()


def _tuned(encoder: Encoder, recipe: Recipe) -> AbstractContextManager[Encoder]:
    """Return the context in which the recipe's weights are trained."""
    from evidense.training.loop.tuned import tuned

    return cast(AbstractContextManager[Encoder], tuned(encoder, recipe))
