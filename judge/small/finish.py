"""Finish: what the stages left is stacked with the counted features, calibrated on documents that were not trained on, and written as a judge."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evidense.boundary.disk import write_atomically
from evidense.checking import labelled
from evidense.checking.calibration import TextKind
from evidense.checking.softmax import Softmax, fit_softmax
from evidense.compute.models.tokens import save_tokenizer
from evidense.entailers import judge as part
from evidense.entailers._judge_net import on_device, pooled
from evidense.entailers._judge_table import TABLE, read_table, stacked, table_json
from evidense.entailers._pair_model import PairModel
from evidense.stats.forecasts.folds import fold_rows
from evidense.training.loop.state import pieces
from evidense.values import EvidencePair
from judge.__main__ import N_FOLDS as STACK_FOLDS
from judge.__main__ import STRENGTH, macro_f1, measure
from judge.pairs import Pairs, pairs_of
from judge.small.stages import MAX_LENGTH, Build, Tell, fold_stage

KINDS: tuple[TextKind, TextKind] = ("claim", "citing sentence")
DATA_OF: dict[TextKind, str] = {
    "claim": "SciFact training claims beside the abstracts that they cite, by folds of documents",
    "citing sentence": "Citation-Integrity training sentences beside what they cite, by folds of documents",
}
HEAD_STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2)
"""Of the head for citing sentences; the one with the least log loss over folds of the training sentences is taken."""
CARD = {
    "what": "a cross-encoder (evidence before claim), whose probabilities and the counted features go into one softmax regression",
    "stages": {
        "directions": "Evidence Inference 2.0 (MIT), templated directions; contrast pairs of our own, made of JATS articles (CC BY) and "
        "SciFact abstracts (ODC-By 1.0) that no development claim cites",
        "questions": "PubMedQA, labelled (MIT): yes supports, no refutes; maybe is left out",
        "scifact": "SciFact training claims (CC BY 4.0) beside the sentences that a check picks",
        "citing sentences": "Citation-Integrity (MIT): a linear head of its own over the frozen net; its REFUTE means 'not accurate'",
    },
    "licence": "the start's: all-MiniLM-L6-v2 is Apache-2.0",
    "by": "make judge-model",
}


@dataclass(frozen=True)
class Fitted:
    """A last regression, and the probabilities that such regressions gave to pairs that they were not fitted on."""

    stack: Softmax
    held_out: np.ndarray
    of: Pairs


def finish(build: Build, tell: Tell) -> Iterator[TextKind]:
    """Write the folder of the judge; yield each kind of text as soon as the folder judges it."""
    write_net(build)
    table = table_json(
        {"stacks": {}, "max_length": MAX_LENGTH, "card": {**CARD, "start": build.start, "seed": build.seed}}
    )
    table["calibrations"] = []
    for kind, fitted in ((KINDS[0], claims_fitted), (KINDS[1], citing_fitted)):
        head, of_kind = fitted(build, tell)
        table["stacks"][kind] = of_kind.stack.to_json()
        table["head"] = head.to_json() if head else table["head"]
        write_table(build.out, table)
        table["calibrations"].append(calibration_of(build.out, kind, of_kind))
        write_table(build.out, table)
        tell(f"written: {kind} in {build.out}")
        yield kind


def claims_fitted(build: Build, tell: Tell) -> tuple[Softmax | None, Fitted]:
    """Stack the net's probabilities for SciFact's training pairs, each from the net that was trained without its fold."""
    stated = held_out_by_net(build, "scifact")
    tell(f"net alone, folds of train: macro-F1 {macro_f1(build.scifact.stances, stated.argmax(axis=1)):.3f}")
    return None, stack_of(build, build.scifact, stated, tell)


def held_out_by_net(build: Build, stage: str) -> np.ndarray:
    """Return probabilities of SciFact's training pairs by nets of a stage that have not seen them."""
    pairs = build.scifact.pairs
    if stage != "scifact":
        return kept_probabilities(build, stage, "train", pairs)
    stated = np.empty((len(pairs), 3))
    for fold in np.unique(build.folds):
        rows = np.flatnonzero(build.folds == fold)
        stated[rows] = kept_probabilities(build, fold_stage(int(fold)), "train", [pairs[i] for i in rows])
    return stated


def stack_of(build: Build, of: Pairs, stated: np.ndarray, tell: Tell) -> Fitted:
    """Fit the last regression on all pairs, and by folds of documents what it would say of others."""
    counted = measure(of.pairs)
    inputs = stacked(counted, stated)
    held_out, without_net = (held_out_by_regression(rows, of, build.seed) for rows in (inputs, counted))
    tell(f"stacked, folds of train: macro-F1 {macro_f1(of.stances, held_out.argmax(axis=1)):.3f}")
    tell(f"features alone, fitted there: macro-F1 {macro_f1(of.stances, without_net.argmax(axis=1)):.3f}")
    return Fitted(fit_softmax(inputs, of.stances, STRENGTH), held_out, of)


def held_out_by_regression(inputs: np.ndarray, of: Pairs, seed: int) -> np.ndarray:
    """Return each pair's probabilities by a regression that was fitted on other documents and claims."""
    folds = fold_rows(of.clusters, STACK_FOLDS, np.random.default_rng(seed))
    held_out = np.empty((len(folds), 3))
    for fold in range(STACK_FOLDS):
        out = folds == fold
        held_out[out] = fit_softmax(inputs[~out], of.stances[~out], STRENGTH)(inputs[out])
    return held_out


def kept_probabilities(build: Build, stage: str, name: str, pairs: list[EvidencePair]) -> np.ndarray:
    """Return what the net of a stage says of pairs; computed once and kept beside the stages."""
    path = build.out / "stages" / f"{stage}-{name}.npy"
    if not path.is_file():
        net = build.net(stage)
        net.eval()
        save_array(path, build.model(net).entail(pairs))
    stated: np.ndarray = np.load(path, allow_pickle=False)
    return stated


def save_array(path: Path, array: np.ndarray) -> None:
    """Write an array under its name only once it is whole."""
    being_written = path.with_suffix(".partial.npy")
    np.save(being_written, array)
    being_written.replace(path)


def citing_fitted(build: Build, tell: Tell) -> tuple[Softmax | None, Fitted]:
    """Fit the head of citing sentences over the frozen net, and its stack."""
    of = pairs_of(build.data / "citint", "train")
    path = build.out / "stages" / "scifact-citing.npy"
    if not path.is_file():
        save_array(path, vectors(build, of.pairs))
    pooled_train = np.load(path, allow_pickle=False).astype(np.float64)
    folds = fold_rows(of.clusters, 5, np.random.default_rng(build.seed))
    tried = {strength: head_across(pooled_train, of, folds, strength) for strength in HEAD_STRENGTHS}
    losses = {s: -np.log(rows[np.arange(len(rows)), of.stances] + 1e-12).mean() for s, rows in tried.items()}
    best = min(losses, key=lambda strength: losses[strength])
    tell(f"citing sentences: head of strength {best}, macro-F1 {macro_f1(of.stances, tried[best].argmax(axis=1)):.3f}")
    return fit_softmax(pooled_train, of.stances, best), stack_of(build, of, tried[best], tell)


def head_across(pooled_train: np.ndarray, of: Pairs, folds: np.ndarray, strength: float) -> np.ndarray:
    """Return each sentence's probabilities by a head that was fitted on other documents."""
    stated = np.empty((len(folds), 3))
    for fold in np.unique(folds):
        out = folds == fold
        stated[out] = fit_softmax(pooled_train[~out], of.stances[~out], strength)(pooled_train[out])
    return stated


def vectors(build: Build, pairs: list[EvidencePair]) -> np.ndarray:
    """Return the pooled vectors of pairs; zeros where there is nothing to read."""
    import torch

    net = build.net("scifact")
    net.eval()
    width = net["head"][1].in_features

    def forward(batch: Any) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(pooled(net, on_device(net, batch)).cpu().numpy())

    # as many "labels" as numbers of a vector
    model = PairModel("judge", "", str(build.out), build.tokenizer, MAX_LENGTH, ("neither",) * width, forward)
    return np.nan_to_num(model.logits(pairs)).astype(np.float32)


def write_net(build: Build) -> None:
    """Write the trained net with its config and tokeniser."""
    tensors = {name: t.detach().cpu().contiguous() for name, t in build.net("scifact").state_dict().items()}
    write_atomically(build.out / "model.safetensors", pieces(tensors, {"format": "pt"}))
    shutil.copyfile(build.start_folder / "config.json", build.out / "config.json")
    save_tokenizer(build.tokenizer, build.out)


def write_table(out: Path, table: dict[str, Any]) -> None:
    """Write judge.json."""
    write_atomically(out / TABLE, [(json.dumps(table, separators=(",", ":"), sort_keys=True) + "\n").encode()])


def calibration_of(out: Path, kind: TextKind, fitted: Fitted) -> dict[str, Any]:
    """Return what ships of a calibration, under the identity of the judge as it was just written."""
    identity, _ = part.net_of(out, read_table(out), kind)
    return labelled.calibration_of(identity, kind, DATA_OF[kind], fitted.held_out, fitted.of).rounded(4).to_json()
