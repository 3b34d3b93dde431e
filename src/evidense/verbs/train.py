"""Train: a Recipe → Checkpoint. Fine-tuning is training with a start. A killed run continues where it stopped."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evidense import registry
from evidense.boundary.disk import remove
from evidense.boundary.manifest import damaged, reseal, seal
from evidense.compute.models.stored_checkpoint import PREFIX, checkpoint_folder, checkpoint_id
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput
from evidense.parts import Encoder, Objective, TrainableEncoder, fingerprints
from evidense.reading.training_pairs import joined
from evidense.records import Checkpoint, Recipe, sha256_of
from evidense.store import Store
from evidense.training.checkpoints import checkpoint_of
from evidense.training.data.portions import drawn, held_out, texts_of
from evidense.training.loop import budget
from evidense.training.loop.processes import n_processes, of_first, rank, step_folder, wait
from evidense.training.readiness import check
from evidense.training.starts import architecture_of, check_architecture, check_backbone
from evidense.values import Pairs, Spelling

if TYPE_CHECKING:
    from evidense.training.loop.trainer import Callbacks, TrainingResult

ALGORITHM = 2
"""Version of the algorithm. It is raised if a change gives other weights for the same recipe."""

CARD = "README.md"
"""The model card. It is the only file of a checkpoint that is rewritten: verdicts on the checkpoint are added to it."""

OpenPairs = dict[str, Pairs]
"""Spelling → opened pairs."""


def train(
    recipe: Recipe, store: Store, callbacks: "Callbacks | None" = None, pairs_by_spelling: OpenPairs | None = None
) -> Checkpoint:
    """Train a recipe and return its checkpoint. An equal training that is done is not repeated.

    Pairs in `pairs_by_spelling` are used from there; other pairs are opened and added to it.

    Raises:
        InvalidInput: a recipe, data and encoder that do not go together, found before the first step; a loss that is no number.
        UnknownName, AmbiguousName: no start, data or objective of this name, or several.
        StoreError: the disk is full; the next run continues.
    """
    pairs_by_spelling = {} if pairs_by_spelling is None else pairs_by_spelling
    recipe = resolved(recipe, store, pairs_by_spelling)
    key = step_key(recipe)
    if done := recalled(recipe, store):
        return done
    _check_processes(recipe)
    with quiet(), step_folder(store, key) as folder:
        if done := recalled(recipe, store):  # another process was first
            return done
        checkpoint = _trained(recipe, store, folder, pairs_by_spelling, callbacks)
    return checkpoint if checkpoint is not None else _of_first_process(recipe, store)


def step_key(recipe: Recipe) -> str:
    """Return the step key of a resolved recipe."""
    return sha256_of(["train", ALGORITHM, recipe.id])


def recalled(recipe: Recipe, store: Store) -> Checkpoint | None:
    """Return the checkpoint of a resolved recipe if the store holds it and its undamaged folder; else None."""
    done = store.recall(step_key(recipe))
    if not done:
        return None
    checkpoint = cast(Checkpoint, store.get(done[0]))
    if (bad := store.damaged_in_folder(checkpoint.id)) and bad != [CARD]:
        return None
    store.put(recipe)  # where its record is damaged, it is written anew
    if bad:
        _write_card(store.folder(checkpoint.id), recipe, checkpoint, store.json(checkpoint.diagnostics))
        reseal(store.folder(checkpoint.id), CARD)
    return checkpoint


def resolved(recipe: Recipe, store: Store, pairs_by_spelling: OpenPairs | None = None) -> Recipe:
    """Return the recipe with the checksums of its data, the fingerprint and parents of its start, and its number of steps.

    A budget in seconds or FLOPs is measured once a store: the same recipe, resolved again, has the same steps.

    Raises:
        InvalidInput, UnknownName, AmbiguousName: as `train`.
    """
    pairs_by_spelling = {} if pairs_by_spelling is None else pairs_by_spelling
    recipe = _with_parents(recipe, store, pairs_by_spelling)
    if not recipe.objective:
        check_backbone(recipe)
        return recipe
    if budget.needs_measuring(recipe):
        return _measured(recipe, store, pairs_by_spelling)
    return budget.fixed(recipe, lambda: budget.Speed(0, 0))


def trained_already(recipe: Recipe, store: Store, pairs_by_spelling: OpenPairs) -> Checkpoint | None:
    """Return the checkpoint of a recipe if the store holds it, else None. No budget is measured for this.

    Raises:
        InvalidInput, UnknownName, AmbiguousName: as `train`.
    """
    named = _with_parents(recipe, store, pairs_by_spelling)
    if named.objective and budget.needs_measuring(named) and not store.recall(_measuring_key(named)):
        return None
    return recalled(resolved(named, store, pairs_by_spelling), store)


# --- what a recipe names ---------------------------------------------------------------------------------------------


def open_pairs(spelling: str, pairs_by_spelling: OpenPairs) -> Pairs:
    """Return the pairs of a spelling. Open and add them if they are not in `pairs_by_spelling`."""
    if spelling not in pairs_by_spelling:
        pairs_by_spelling[spelling] = registry.pairs(spelling)
    return pairs_by_spelling[spelling]


def _with_parents(recipe: Recipe, store: Store, pairs_by_spelling: OpenPairs) -> Recipe:
    """Return the recipe with the checksums of its data and the fingerprint and parents of its start."""
    opened = [open_pairs(spelling, pairs_by_spelling) for spelling in recipe.data]
    return _with_start(replace(recipe, data_sha256=tuple(pairs.checksum for pairs in opened)), store)


def _with_start(recipe: Recipe, store: Store) -> Recipe:
    if not recipe.start and not recipe.architecture:
        raise InvalidInput(
            "the recipe names neither a start nor an architecture; expected a start (a model, a folder, checkpoint:ID) or the "
            "architecture of a new encoder"
        )
    if not recipe.start:
        return replace(recipe, start_sha256="", parents=())
    spelling, parents = Spelling.parse(recipe.start), tuple[str, ...]()
    if spelling.head.startswith(PREFIX):
        start_id = checkpoint_id(spelling.head, store)
        spelling, parents = Spelling(f"{PREFIX}{start_id}", spelling.options), (start_id,)
    check_architecture(recipe, architecture_of(parents[0], store) if parents else {})
    recipe = replace(recipe, start=str(spelling), architecture={}, parents=parents)
    return replace(recipe, start_sha256=sha256_of(_start_fingerprints(recipe, spelling, store)))


def _start_fingerprints(recipe: Recipe, spelling: Spelling, store: Store) -> list[str]:
    """Return the fingerprints of the start: those in the record of a checkpoint without options, else those of the opened encoder."""
    if recipe.parents and not spelling.options:
        return list(cast(Checkpoint, store.get(recipe.parents[0])).fingerprints)
    return list(fingerprints(_start(recipe, store)))


def _start(recipe: Recipe, store: Store) -> Encoder:
    """Open the encoder that the training starts from, with the prompts of the recipe. They are saved with the checkpoint."""
    spelling = Spelling.parse(recipe.start)
    if spelling.head.startswith(PREFIX):
        spelling = Spelling(str(checkpoint_folder(spelling.head, store)), spelling.options)
    return registry.open_encoder(_prompted(spelling, recipe))


def _prompted(spelling: Spelling, recipe: Recipe) -> Spelling:
    prompts = {"query_prompt": recipe.query_prompt, "document_prompt": recipe.document_prompt}
    return Spelling(spelling.head, {**spelling.options, **{side: text for side, text in prompts.items() if text}})


# --- one run -------------------------------------------------------------------------------------------------------


@dataclass
class Ready:
    """The encoder, objective and data of a run, checked to fit each other."""

    encoder: Encoder
    objective: Objective
    pairs: Pairs


def ready(recipe: Recipe, store: Store, folder: Path, pairs_by_spelling: OpenPairs) -> Ready:
    """Open the encoder, objective and data of a resolved recipe. A new architecture is built in the folder.

    Raises:
        InvalidInput: they do not fit each other. The message lists all mistakes.
    """
    objective = cast(Objective, registry.part("objectives", recipe.objective))
    if not recipe.data:
        raise InvalidInput(
            f"the recipe names no data for the objective {recipe.objective}; expected training pairs (--data), for example docstrings@train"
        )
    pairs = drawn(
        joined([open_pairs(spelling, pairs_by_spelling) for spelling in recipe.data]), recipe.n_pairs, recipe.seed
    )
    encoder = (
        _start(recipe, store)
        if recipe.start
        else registry.open_encoder(_prompted(Spelling(str(_built(recipe, folder, pairs_by_spelling))), recipe))
    )
    check(recipe, objective, pairs, encoder)
    return Ready(encoder, objective, pairs)


def _with_negatives(prepared: Ready, recipe: Recipe, store: Store) -> Pairs:
    from evidense.training.data.negatives import with_negatives

    if recipe.negatives:
        return with_negatives(prepared.pairs, recipe, prepared.encoder, store)
    pairs, notes = prepared.pairs, ("hard negatives (negatives = given takes them)",)
    unused = (*pairs.unused, *(notes if pairs.negatives and pairs.provenance.is_user_data else ()))
    return replace(pairs, negatives=(), targets=[target[:1] for target in pairs.targets], unused=unused)


def _built(recipe: Recipe, folder: Path, pairs_by_spelling: OpenPairs) -> Path:
    """Build the architecture in the folder of the step, once. Its vocabulary comes from the texts of the data."""
    from evidense.training.backbones import architectures, new_towers

    target, of = folder / "start", {"architecture": dict(recipe.architecture), "seed": recipe.seed}
    if damaged(target, of):
        draft = folder / "building"
        remove(target)
        remove(draft)
        draft.mkdir(parents=True)
        texts = [text for spelling in recipe.data for text in texts_of(open_pairs(spelling, pairs_by_spelling))]
        new_towers.write(architectures.design(recipe.architecture), texts, recipe.seed, draft)
        seal(draft, of)
        draft.rename(target)
    return target


def _build_together(recipe: Recipe, folder: Path, pairs_by_spelling: OpenPairs) -> None:
    """Let the first process build the architecture; all processes open it afterwards."""
    if n_processes() > 1 and not recipe.start:
        if rank() == 0:
            _built(recipe, folder, pairs_by_spelling)
        wait()


def _trained(
    recipe: Recipe, store: Store, folder: Path, pairs_by_spelling: OpenPairs, callbacks: "Callbacks | None"
) -> Checkpoint | None:
    """Train and store the checkpoint. Only the first process writes; the others return None."""
    from evidense.training.loop.trainer import Callbacks, Job
    from evidense.training.loop.trainer import run as train_steps

    is_first = rank() == 0
    if not recipe.objective:
        return _put(recipe, store, _built(recipe, folder, pairs_by_spelling), None) if is_first else None
    _build_together(recipe, folder, pairs_by_spelling)
    prepared = ready(recipe, store, folder, pairs_by_spelling)
    pairs, held = _with_negatives(prepared, recipe, store), None
    if recipe.early_stop:
        pairs, held = held_out(pairs, recipe.seed)
    job = Job(prepared.encoder, prepared.objective, pairs, recipe, folder / "state", held, store)
    trained = train_steps(job, callbacks or Callbacks())
    if not is_first:
        return None
    done = folder / "checkpoint"
    shutil.rmtree(done, ignore_errors=True)
    done.mkdir(parents=True)
    cast(TrainableEncoder, trained.encoder).save(done)
    checkpoint = _put(recipe, store, done, trained)
    shutil.rmtree(folder / "state", ignore_errors=True)
    shutil.rmtree(folder / "start", ignore_errors=True)
    return checkpoint


def _put(recipe: Recipe, store: Store, folder: Path, trained: "TrainingResult | None") -> Checkpoint:
    """Open the saved encoder, write its model card, and store the checkpoint."""
    checkpoint = checkpoint_of(recipe, registry.open_encoder(Spelling(str(folder))), trained, store)
    store.put(recipe)
    store.put(checkpoint)
    _write_card(folder, recipe, checkpoint, trained.diagnostics if trained else ())
    store.adopt_folder(checkpoint.id, folder)
    shutil.rmtree(folder, ignore_errors=True)  # still there only if another store of the same disk was first
    store.remember(step_key(recipe), [checkpoint.id])
    return checkpoint


def _write_card(folder: Path, recipe: Recipe, checkpoint: Checkpoint, diagnostics: Sequence[Mapping[str, Any]]) -> None:
    from evidense.training.card import write_card

    write_card(folder, recipe, checkpoint, diagnostics=diagnostics)


# --- seconds and FLOPs → steps --------------------------------------------------------------------------------------


def _measuring_key(recipe: Recipe) -> str:
    return sha256_of(["budget", ALGORITHM, recipe.id])


def _measured(recipe: Recipe, store: Store, pairs_by_spelling: OpenPairs) -> Recipe:
    key = _measuring_key(recipe)
    if done := store.recall(key):
        return cast(Recipe, store.get(done[0]))
    with quiet(), step_folder(store, key) as folder:
        with_steps = budget.fixed(recipe, lambda: _speed(recipe, store, folder, pairs_by_spelling))
        if rank() == 0:
            shutil.rmtree(folder, ignore_errors=True)
            store.put(with_steps)
            store.remember(key, [with_steps.id])
    return of_first(with_steps)


def _speed(recipe: Recipe, store: Store, folder: Path, pairs_by_spelling: OpenPairs) -> budget.Speed:
    trial = replace(recipe, n_steps=budget.N_MEASURED, budget={})
    _build_together(trial, folder, pairs_by_spelling)
    prepared = ready(trial, store, folder, pairs_by_spelling)
    pairs = _with_negatives(prepared, trial, store)
    return budget.measured(prepared.encoder, prepared.objective, pairs, trial, folder / "state")


# --- several processes ----------------------------------------------------------------------------------------------


def _check_processes(recipe: Recipe) -> None:
    n = recipe.n_processes
    if n and n != n_processes():
        raise InvalidInput(
            f"the recipe shares each batch among {n} processes (n_processes), and this training has {n_processes()}; expected {n}; type "
            f"torchrun --standalone --nproc-per-node {n} -m evidense train …, or leave n_processes out"
        )


def _of_first_process(recipe: Recipe, store: Store) -> Checkpoint:
    done = recalled(recipe, store)
    if done is None:
        raise InvalidInput("the first process left no checkpoint; expected one; read its message, and run again")
    return done
