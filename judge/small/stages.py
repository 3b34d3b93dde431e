"""Stages: what is trained on which examples, from which weights."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evidense.boundary.disk import sha256_of_file, write_atomically
from evidense.compute.models.architecture import config_of
from evidense.compute.models.checkpoint import read_safetensors, read_weights
from evidense.compute.models.files import read_json
from evidense.compute.models.guard import load_guarded
from evidense.compute.models.locate import local_folder, package_folder
from evidense.compute.models.tokens import load_tokenizer
from evidense.entailers._judge_net import built_net, on_device, pooled
from evidense.entailers._pair_model import PairModel
from evidense.errors import InvalidInput
from evidense.records import Recipe, sha256_of
from evidense.stats.forecasts.folds import fold_rows
from evidense.training.loop.state import pieces
from evidense.values import STANCES, EvidencePair
from judge.pairs import Pairs
from judge.small import examples
from judge.small.loop import Stage, n_batches, trained, trained_weights

MAX_LENGTH = 192
BATCH = 16
N_FOLDS = 2
RATE = 1e-4
EPOCHS = {"directions": 1, "questions": 1, "scifact": 3}
DATA = (
    "scifact/*.jsonl",
    "citint/*.jsonl",
    "evidence_inference/*.json",
    "jats/*.nxml",
    "scitab.json",
    "pubmedqa_labelled.json",
)
"""Files that examples are made of."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """One judge in the making."""

    data: Path
    out: Path
    start: str
    seed: int

    @cached_property
    def start_folder(self) -> Path:
        """Return the folder of the encoder that training starts from."""
        found = package_folder(self.start) if self.start.startswith("pip:") else local_folder(self.start)
        if found is None or not (found / "config.json").is_file():
            raise InvalidInput(
                f"'{self.start}' is no encoder. Expected a folder with config.json, or pip:PACKAGE/FOLDER."
            )
        return found

    @cached_property
    def tokenizer(self) -> Any:
        """Return its tokeniser."""
        return load_tokenizer(self.start_folder)

    @cached_property
    def scifact(self) -> Pairs:
        """Return SciFact's training pairs."""
        return examples.scifact(self.data)

    @cached_property
    def folds(self) -> np.ndarray:
        """Return the fold of each of SciFact's training pairs: no document or claim is in two."""
        return fold_rows(self.scifact.clusters, N_FOLDS, np.random.default_rng(self.seed))

    def net(self, stage: str = "") -> Any:
        """Return the net with the weights of a stage, or as it starts: the encoder as it is, the head drawn by the seed."""
        import torch

        settings = read_json(self.start_folder / "config.json")
        tensors = read_weights(self.start_folder).tensors
        torch.manual_seed(self.seed)
        net = built_net(config_of(self.start_folder / "config.json", settings, len(tensors))).float()
        load_guarded(net["encoder"], tensors, str(self.start_folder))
        if stage:
            missing, strange = net.load_state_dict(read_safetensors(self.weights(stage)), strict=False)
            assert not strange, strange
            assert all(".embeddings." in name for name in missing), missing
        return net.to("cuda" if torch.cuda.is_available() else "cpu")

    def weights(self, stage: str) -> Path:
        """Return the file of the trained weights of a stage."""
        return self.out / "stages" / f"{stage}.safetensors"

    def model(self, net: Any) -> PairModel:
        """Return the net as a model of pairs, whose windows are those of the judge in use."""
        import torch

        def logits(batch: Any) -> np.ndarray:
            with torch.inference_mode():
                return net["head"](pooled(net, on_device(net, batch))).float().cpu().numpy()

        return PairModel("judge", "", str(self.start_folder), self.tokenizer, MAX_LENGTH, STANCES, logits)


@dataclass(frozen=True)
class Plan:
    """A stage: its name, the stage that it starts from, and its examples."""

    name: str
    after: str
    drawn: Callable[[Build], examples.Examples] = field(compare=False)


def plans(build: Build) -> list[Plan]:
    """Return the stages in order."""
    return [
        Plan("directions", "", lambda b: examples.directions(b.data, b.seed)),
        Plan("questions", "directions", lambda b: examples.questions(b.data, b.seed)),
        *(Plan(fold_stage(fold), "questions", without(fold)) for fold in range(N_FOLDS)),
        Plan("scifact", "questions", without(None)),
    ]


def fold_stage(fold: int) -> str:
    """Return the name of the stage that is trained without a fold of SciFact's training pairs."""
    return f"scifact-without-{fold}"


def without(fold: int | None) -> Callable[[Build], examples.Examples]:
    """Return what draws SciFact's training pairs but for those of a fold."""

    def drawn(build: Build) -> examples.Examples:
        rows = np.flatnonzero(build.folds != (-1 if fold is None else fold))
        return examples.Examples([build.scifact.pairs[i] for i in rows], build.scifact.stances[rows])

    return drawn


def run_all(build: Build, tell: Tell, until: str = "", only: str = "") -> None:
    """Train every stage that is not done yet: all, those up to one, or one alone."""
    (build.out / "stages").mkdir(parents=True, exist_ok=True)
    refuse_another(build)
    for plan in plans(build):
        if only in ("", plan.name):
            with alone(build.weights(plan.name).with_suffix(".lock")):
                if not build.weights(plan.name).is_file():
                    train(build, plan, tell)
        if plan.name == until:
            return


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process trains this stage."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def refuse_another(build: Build) -> None:
    """Refuse to go on with the stages of another start, seed, recipe or data; write down which they are."""
    files = [path for name in DATA for path in sorted(build.data.glob(name))]
    said = {
        "start": sha256_of_file(build.start_folder / "model.safetensors"), "seed": build.seed, "rate": RATE, "epochs": EPOCHS, "folds": N_FOLDS,
        "batch": BATCH, "max_length": MAX_LENGTH, "data": {str(f.relative_to(build.data)): sha256_of_file(f) for f in files},
    }  # fmt: skip
    path = build.out / "stages" / "build.json"
    begun = json.loads(path.read_text("utf-8")) if path.is_file() else said
    if changed := [key for key in said if begun.get(key) != said[key]]:
        raise InvalidInput(
            f"'{build.out}' holds stages of another build ({', '.join(changed)} differ). Expected the one that was begun; name another folder."
        )
    write_atomically(path, [json.dumps(said, indent=1).encode()])


def train(build: Build, plan: Plan, tell: Tell) -> None:
    """Train one stage, resuming it where it was killed, and write its weights."""
    drawn = plan.drawn(build)
    net = build.net(plan.after)
    windows = build.model(net).windows(drawn.pairs)
    kept = [i for i, window in enumerate(windows) if window is not None]
    recipe = recipe_of(build, plan, drawn.pairs, len(kept))
    tell(f"{plan.name}: {len(kept)} pairs, {np.bincount(drawn.stances, minlength=3).tolist()}, {recipe.n_steps} steps")
    folder = build.out / "stages" / f"{plan.name}-state"
    folder.mkdir(exist_ok=True)
    stage = Stage([windows[i] for i in kept], drawn.stances[kept], recipe, folder, build.tokenizer.pad)
    losses: list[float] = []

    def told(step: int, loss: float) -> None:
        losses.append(loss)
        if step % 25 == 0 or step == recipe.n_steps:
            tell(f"{plan.name}: step {step} of {recipe.n_steps}, loss {np.mean(losses[-25:]):.3f}")

    trained(net, stage, told)
    tensors = {name: weight.detach().cpu().contiguous() for name, weight in trained_weights(net).items()}
    write_atomically(build.weights(plan.name), pieces(tensors, {"recipe": recipe.id}))
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def recipe_of(build: Build, plan: Plan, pairs: list[EvidencePair], n: int) -> Recipe:
    """Return the record of everything that the weights of a stage follow from."""
    kind = plan.name.partition("-")[0]
    after = build.weights(plan.after) if plan.after else build.start_folder / "model.safetensors"
    return Recipe(
        start=plan.after or build.start, start_sha256=sha256_of_file(after), objective="log loss of three stances", data=(plan.name,),
        data_sha256=(sha256_of([[pair.evidence, pair.claim] for pair in pairs]),), n_steps=EPOCHS[kind] * n_batches(n, BATCH), batch_size=BATCH,
        learning_rate=RATE, tuned="all layers and the head; no embeddings", seed=build.seed,
    )  # fmt: skip
