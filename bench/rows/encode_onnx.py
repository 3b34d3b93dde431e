"""2,000 texts with all-MiniLM-L6-v2 in fp32, against ONNX Runtime with the fusions of its own optimizer for BERT, texts sorted by length."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.lines import N_RUNS, Line, alternate, cpu_s
from bench.rows.encode import N_TEXTS, N_TRIAL, tower, vectors
from bench.texts import MODEL, skewed

SIDE, N_PRODUCTS = 1_024, 20


def measure() -> list[Line]:
    """Time both on one thread, ours into a fresh store; say what share of the peak of matrix products ours reaches."""
    texts, ours = skewed(N_TEXTS), tower()
    with tempfile.TemporaryDirectory() as folder:
        theirs = OnnxModel(Path(folder))
        trial = {
            size: min(cpu_s(lambda s=size: theirs(texts[:N_TRIAL], s)) for _ in range(2)) for size in (8, 16, 32, 64)
        }  # type: ignore[misc]
        best = min(trial, key=trial.__getitem__)
        vectors(ours, texts[:N_TRIAL])
        peer_s, ours_s = alternate(lambda: theirs(texts, best), lambda: vectors(ours, texts), warm_up=False)
        cosines = (theirs(texts[:N_TRIAL], best) * vectors(ours, texts[:N_TRIAL])).sum(axis=1)
    share = n_flops(ours, texts) / ours_s / peak()
    return [Line(
        job=f"encode {N_TEXTS:,} texts of skewed length, fp32", peer="ONNX Runtime, fused", target="≥ 1.0 × its speed", bound=1.0,
        sense="peer/ours ≥", peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(f"its best batch size of {', '.join(map(str, trial))} here: {best}; least cosine of the two {cosines.min():.7f}",
               f"the large products alone would take {share:.0%} of our time at the peak of this thread ({SIDE} × {SIDE} × {SIDE})"),
    )]  # fmt: skip


class OnnxModel:
    """The model exported to ONNX, fused for BERT, on one thread; mean pooling and length 1, as its own configuration says."""

    def __init__(self, folder: Path) -> None:
        from importlib import resources

        import onnxruntime
        import torch
        from onnxruntime.transformers import optimizer
        from transformers import AutoModel, AutoTokenizer

        package, _, inside = MODEL.partition("/")
        path = str(resources.files(package) / inside)
        self.tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModel.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
        example = self.tokenizer(["one text", "and another"], return_tensors="pt")
        self.names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in example]
        free = {0: "batch", 1: "length"}
        torch.onnx.export(
            states_of(model, self.names), tuple(example[name] for name in self.names), str(folder / "plain.onnx"), input_names=self.names,
            output_names=["states"], dynamic_axes=dict.fromkeys([*self.names, "states"], free), dynamo=False, opset_version=17,
        )  # fmt: skip
        fused = optimizer.optimize_model(str(folder / "plain.onnx"), model_type="bert", num_heads=12, hidden_size=384)
        fused.save_model_to_file(str(folder / "fused.onnx"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session: Any = onnxruntime.InferenceSession(
            str(folder / "fused.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, texts: list[str], batch: int) -> np.ndarray:
        """Return the unit vectors of the texts."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        rows = np.empty((len(texts), 384), np.float32)
        for start in range(0, len(texts), batch):
            part = order[start : start + batch]
            encoded = self.tokenizer(
                [texts[i] for i in part], padding=True, truncation=True, max_length=256, return_tensors="np"
            )
            inputs = {name: encoded[name] for name in self.names}
            (states,) = self.session.run(["states"], inputs)
            mask = inputs["attention_mask"][..., None].astype(np.float32)
            pooled = (states * mask).sum(axis=1) / mask.sum(axis=1)
            rows[part] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return rows


def states_of(model: Any, names: list[str]) -> Any:
    """Return a module that takes these inputs in order and returns the last hidden states."""
    import torch

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(names, inputs, strict=True)), return_dict=False)[0]

    return States().eval()


def n_flops(tower: Any, texts: list[str]) -> float:
    """Return the floating-point operations of the dense modules on all tokens of the texts."""
    lengths = tower.reader.tokenizer(texts, truncation=True, max_length=tower.max_length)["input_ids"]
    return float(tower.flops_per_token * sum(map(len, lengths)))


def peak() -> float:
    """Return the operations a second of one thread in a large product of float32."""
    import torch

    a, b = (torch.randn(SIDE, SIDE) for _ in range(2))
    times = [cpu_s(lambda: [a @ b for _ in range(N_PRODUCTS)]) for _ in range(4)]
    return 2 * SIDE**3 * N_PRODUCTS / min(times)
