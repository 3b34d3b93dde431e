"""Pairs of evidence and claim judged: the adapter of cross-encoders and the small judge, against sentence-transformers' CrossEncoder of the same model."""

import json
import tempfile
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from bench.lines import Line, alternate
from bench.texts import MODEL, skewed
from evidense import registry
from evidense.checking.softmax import Softmax
from evidense.entailers._judge_net import built_net
from evidense.entailers._judge_table import N_INPUTS, TABLE, table_json
from evidense.parts import Entailer
from evidense.values import EvidencePair

N_PAIRS, N_RUNS, LONGEST = 100, 3, 192
LABELS = ("supports", "refutes", "neither")
PEER = "sentence-transformers CrossEncoder.predict"


def measure() -> list[Line]:
    """Time all three on all-MiniLM-L6-v2 with a random head of three labels, windows of 192 tokens."""
    from sentence_transformers import CrossEncoder

    pairs = [
        EvidencePair(*two) for two in zip(skewed(N_PAIRS, 90.0), skewed(N_PAIRS + 1, 14.0, 30)[:N_PAIRS], strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        classifier, judge = Path(folder) / "classifier", Path(folder) / "judge"
        _save(classifier, judge)
        peer = CrossEncoder(str(classifier), device="cpu", max_length=LONGEST, num_labels=3)
        asked = [[pair.evidence, pair.claim] for pair in pairs]
        lines = []
        for name, spelling in (("adapter", f"cross_encoder:{classifier}"), ("small judge", f"judge:{judge}")):
            ours = _opened(spelling)
            times = alternate(lambda: peer.predict(asked), lambda ours=ours: ours.entail(pairs), n_runs=N_RUNS)  # type: ignore[misc]
            lines.append(_line(name, *times, _off(peer, ours, asked, pairs) if name == "adapter" else None))
        return lines


def _off(peer: Any, ours: Any, asked: list[list[str]], pairs: list[EvidencePair]) -> float:
    from torch import nn

    return float(np.abs(peer.predict(asked, activation_fn=nn.Identity()) - ours.logits(pairs)).max())


def _line(name: str, peer_s: float, ours_s: float, off: float | None) -> Line:
    what = (
        f"logits differ by at most {off:.1g}" if off is not None else "ours with 32 counted features and a regression"
    )
    return Line(
        job=f"{N_PAIRS} pairs of evidence and claim judged, {name}", peer=PEER, target="≥ 1.0 × its speed", bound=1.0, sense="peer/ours ≥",
        peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(f"sentence-transformers {metadata.version('sentence-transformers')}, all-MiniLM-L6-v2, fp32, {LONGEST} tokens; {what}",),
    )  # fmt: skip


def _opened(spelling: str) -> Entailer:
    return registry.part("entailers", spelling.partition(":")[0]).open(spelling)  # type: ignore[no-any-return]


def _save(classifier: Path, judge: Path) -> None:
    """Save the start as a classifier, and as a judge; their heads are random."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

    package, _, inside = MODEL.partition("/")
    start = str(resources.files(package) / inside)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        start, num_labels=3, id2label=dict(enumerate(LABELS)), label2id={label: n for n, label in enumerate(LABELS)}
    )
    model.save_pretrained(classifier)
    net = built_net(AutoConfig.from_pretrained(start))
    net["encoder"].load_state_dict(AutoModel.from_pretrained(start, add_pooling_layer=False).state_dict())
    judge.mkdir()
    save_file(net.state_dict(), str(judge / "model.safetensors"))
    model.config.save_pretrained(judge)
    for folder in (classifier, judge):
        tokenizer = AutoTokenizer.from_pretrained(start)
        tokenizer.model_max_length = LONGEST
        tokenizer.save_pretrained(folder)
    rng = np.random.default_rng(0)

    def drawn(n: int) -> Softmax:
        return Softmax(np.zeros(n), np.ones(n), rng.normal(size=(3, n)), rng.normal(size=3))

    stacks = {"claim": drawn(N_INPUTS), "citing sentence": drawn(N_INPUTS)}
    table = table_json({"stacks": stacks, "head": drawn(2 * model.config.hidden_size), "max_length": LONGEST})
    (judge / TABLE).write_text(json.dumps(table))
