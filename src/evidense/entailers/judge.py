"""The small judge (`judge:FOLDER`): a cross-encoder of our own, stacked with the counted features; its weights are made, not shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from evidense.boundary.strangers import foreign
from evidense.checking.calibration import Calibration, TextKind
from evidense.checking.features import features
from evidense.checking.softmax import Softmax
from evidense.compute.models.architecture import vector_settings
from evidense.compute.models.checkpoint import read_weights, refuse_remote_code, sha256_of_files
from evidense.compute.models.files import read_json, refuse_irregular
from evidense.compute.models.locate import local_folder, require_transformers
from evidense.compute.models.tokens import load_tokenizer, tokenizer_files
from evidense.compute.texts.pair_classifier import Logits
from evidense.entailers._judge_net import loaded_net, on_device, pooled
from evidense.entailers._judge_table import TABLE, JudgeTable, read_table, regression, stacked
from evidense.entailers._pair_model import PairModel, max_length_of
from evidense.errors import InvalidInput
from evidense.parts import Entailer
from evidense.records import sha256_of
from evidense.values import STANCES, EvidencePair

if TYPE_CHECKING:
    import torch

CITING = "#citing"
"""Ends the spelling that asks for the head of citing sentences."""


@dataclass(frozen=True, eq=False)
class Judge:
    """Probabilities of the net and the counted features, joined by one regression."""

    name: str
    identity: str
    net: PairModel
    stack: Softmax
    calibrations: tuple[Calibration, ...]
    """Measured with exactly these weights when they were made; none where one of them has changed since."""

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance; "neither" where the net has nothing to read, or no room for it."""
        rows = self.net.entail(pairs)
        judged = np.flatnonzero(rows[:, STANCES.index("neither")] < 1.0)
        if len(judged):
            counted = np.array([features(pairs[int(i)]) for i in judged], dtype=np.float64)
            rows[judged] = self.stack(stacked(counted, rows[judged]))
        return rows


class JudgePart:
    """Opens a folder that `make judge-model` wrote."""

    name = "judge"
    spellings = ("judge:FOLDER", f"judge:FOLDER{CITING}")

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with `judge:`."""
        return spelling.startswith(f"{self.name}:")

    def open(self, spelling: str) -> Entailer:
        """Load the judge for claims, or for citing sentences where the spelling ends in `#citing`.

        Raises:
            InvalidInput: no such folder, or one of another version.
            IncompleteWeights: the weights do not fill the net.
            MissingExtra: torch or transformers is not installed.
        """
        head = spelling.removeprefix(f"{self.name}:")
        kind: TextKind = "citing sentence" if head.endswith(CITING) else "claim"
        folder = _folder(head.removesuffix(CITING))
        table = read_table(folder)
        require_transformers(spelling)
        identity, net = net_of(folder, table, kind)
        return Judge(
            f"{self.name}:{folder.name}", identity, net.tried(), table.stack(kind, str(folder)), table.calibrated(identity, kind)
        )  # fmt: skip


def _folder(head: str) -> Path:
    folder = local_folder(head) if head.strip() else None
    if folder is None or not (folder / TABLE).is_file() or not (folder / "config.json").is_file():
        raise InvalidInput(
            f"'{head[:200]}' is no folder of a small judge: its weights do not ship. Expected judge:FOLDER; make one, in a checkout of "
            "Evidense: make judge-model DATA=FOLDER OUT=FOLDER"
        )
    refuse_irregular([folder])
    refuse_remote_code(folder)
    return folder


def net_of(folder: Path, table: JudgeTable, kind: TextKind) -> tuple[str, PairModel]:
    """Return the identity of a judge for a kind of text, and its net as a model of pairs."""
    settings = read_json(folder / "config.json")
    weights = read_weights(folder)
    hashes = [weights.sha256, sha256_of_files(tokenizer_files(folder)), sha256_of(vector_settings(settings))]
    identity = sha256_of(["judge", kind, *hashes, table.said(kind)])
    net = loaded_net(folder, settings, weights.tensors)
    forward = _claim_logits(net) if kind == "claim" else _citing_logits(net, table, str(folder))
    max_length = min(table.max_length, max_length_of(folder, settings))
    tokenizer = load_tokenizer(folder)
    return identity, PairModel("judge", identity, str(folder), tokenizer, max_length, STANCES, forward)


def _claim_logits(net: "torch.nn.ModuleDict") -> Logits:
    def logits(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return np.asarray(net["head"](pooled(net, on_device(net, batch))).numpy())

    return logits


def _citing_logits(net: "torch.nn.ModuleDict", table: JudgeTable, place: str) -> Logits:
    """Return the logarithms of the probabilities of the head for citing sentences."""
    if table.head is None:
        raise InvalidInput(
            f"'{place}' has no head for citing sentences. Expected a finished judge; resume: make judge-model"
        )
    width = net["head"][1].in_features
    head = regression(table.head, width, place)

    def logits(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        import torch

        with torch.inference_mode(), foreign(place, "Expected a judge that make judge-model wrote."):
            vectors = pooled(net, on_device(net, batch)).numpy().astype(np.float64)
        return np.asarray(np.log(np.maximum(head(vectors), 1e-12)))

    return logits


PART = JudgePart()
