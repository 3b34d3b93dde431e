"""Each extra has a command that needs it: it runs where the extra is installed, else it says which line to type.

`.ci/without-extras` runs this with environments that hold one extra, or none; the suite with its own, which holds them all, without
those that other tests show.
"""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from docs.conftest import Typed
from docs.pages import ALONE, PYTHON, ROOT, extras_of, fenced
from evidense import registry
from warm.client import Warm

SMALL = (
    'text = { kind = "bert", n_layers = 1, width = 32, n_heads = 2, max_length = 32, vocabulary = 500, pooling = "mean" }\n'
    "n_dims = 32\n"
)
TRAIN = "train --architecture small.toml --data pairs.csv --objective infonce --steps 1 --batch-size 4"
OPEN = "from evidense import registry; part, rest = registry.dataset('{0}'); print(part.open(rest)[0].name)"
NO_SERVER = "import os; os.environ.update(AWS_ENDPOINT_URL='http://127.0.0.1:1', AWS_ACCESS_KEY_ID='a', AWS_SECRET_ACCESS_KEY='b')"
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
PAIRS = "compare bm25 char_ngrams --on"


HUB = {
    "corpus": [{"_id": f"d{n}", "title": f"title {n}", "text": f"text {n}"} for n in range(12)],
    "queries": [{"_id": f"q{n}", "text": f"title {n}"} for n in range(12)],
    "default": [{"query-id": f"q{n}", "corpus-id": f"d{n}", "score": 1} for n in range(12)],
}
"""A retrieval data set in the hub's own layout."""


class Use(NamedTuple):
    """What somebody types who needs the extra."""

    words: str = ""
    also: tuple[str, ...] = ()
    """Other extras that it needs."""
    program: str = ""
    """Python in the place of a command."""
    exits_with: int = 0


USES = {
    "encoders": Use(TRAIN),
    "lora": Use(f"{TRAIN} --tuned lora:2", ("encoders",)),
    "static": Use("compare bm25 wordllama --on pairs.csv", ("encoders",)),
    "parquet": Use(f"{PAIRS} p.parquet"),
    "builtin": Use(f"{PAIRS} phenotypes,icd10cm,weaknesses --queries 40 --documents 100"),
    "images": Use(program=OPEN.format("photos")),
    "pictures": Use(program=f"{OPEN.format('icons')}; {OPEN.format('glyphs')}"),
    "hub": Use(f"{PAIRS} hf:hub"),
    "ir-datasets": Use(f"{PAIRS} irds:no-such-set", exits_with=2),
    "literature": Use("audit refs.bib --offline"),
    "onnx": Use("check owls.jsonl --in owls.jsonl --entailer onnx:classifier --offline"),
    "cluster": Use(f"{PAIRS} pairs.csv --runner ray"),
    "index": Use("compare bm25 vectors:given@index=hnsw --on pairs.csv"),
    "s3": Use(program=f"{NO_SERVER}; from evidense.store import Store; Store('s3://bucket/prefix')", exits_with=1),
    "figures": Use(program=f"from evidense.report.comparison.paper.pdf import pdf_of; print(pdf_of('{SQUARE}')[:4])"),
    "notebook": Use(
        program="import evidense as ev; print(ev.compare('bm25', 'char_ngrams', on='pairs.csv').to_frame())"
    ),
    "sentence-transformers": Use("", ("encoders",), "import evidense as ev; ev.evaluator('pairs.csv')"),
}

SHOWN_ELSEWHERE = {
    "encoders": "training/test_train_cli.py",
    "lora": "training/test_tuned.py",
    "static": "encoders/test_static.py",
    "builtin": "datasets/test_builtin.py",
    "pictures": "contracts/test_shelves.py",
    "cluster": "study/test_ray.py",
    "s3": "store/test_s3.py",
    "figures": "report/test_figures.py",
    "hub": "datasets/test_hub.py",
    "sentence-transformers": "e2e/test_python.py",
}
"""Extra → the tests that use it where all are installed."""
IS_SUITE = sys.executable == PYTHON and not ALONE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read, written by the libraries of the suite."""
    from PIL import Image

    at = tmp_path_factory.mktemp("extras")
    subprocess.run([PYTHON, "-c", fenced("docs/tutorial.md", "python")[0]], cwd=at, check=True)
    (at / "small.toml").write_text(SMALL)
    with (at / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows), at / "p.parquet")
    _vectors(at)
    for shade in (0, 100, 200):
        (at / "photos" / f"shade {shade}").mkdir(parents=True)
        Image.new("L", (8, 8), shade).save(at / "photos" / f"shade {shade}" / "a.png")
    (at / "refs.bib").write_text(
        "@article{a, title={Attention Is All You Need}, author={Vaswani, A. and others}, year={2017}}"
    )
    owls = {"id": 1, "claim": "Owls hunt mice.", "cited_doc_ids": [1], "doc_id": 1, "abstract": ["Mice are hunted."]}
    (at / "owls.jsonl").write_text(json.dumps(owls) + "\n")
    _classifier(at / "classifier")
    (at / "hub").mkdir()
    card = ["---", "configs:"]
    for config, table in HUB.items():
        card += [f"- config_name: {config}", "  data_files:", "  - split: test", f"    path: {config}.jsonl"]
        (at / "hub" / f"{config}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table))
    (at / "hub" / "README.md").write_text("\n".join([*card, "---", ""]))
    return at


def _vectors(at: Path) -> None:
    """Write vectors of the pairs, as another program would have made them."""
    part, rest = registry.dataset(str(at / "pairs.csv"))
    (collection,) = part.open(rest)
    (at / "given").mkdir()
    for side, ids in (("queries", collection.query_ids), ("documents", collection.doc_ids)):
        np.save(
            at / "given" / f"{side}.npy",
            np.random.default_rng(len(ids)).standard_normal((len(ids), 8)).astype(np.float32),
        )
        (at / "given" / f"{side}.ids.txt").write_text("".join(f"{name}\n" for name in ids))


def _classifier(at: Path) -> None:
    """Write a classifier of pairs that finds everything equally probable: a graph of three nodes, and a tokeniser of one word."""
    onnx, tokenizers = pytest.importorskip("onnx"), pytest.importorskip("tokenizers")
    make = onnx.helper
    ids = make.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, ["b", "t"])
    logits = make.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["b", 3])
    weights = make.make_tensor("weights", onnx.TensorProto.FLOAT, [1, 3], [0.0, 0.0, 0.0])
    nodes = [
        make.make_node("Cast", ["input_ids"], ["numbers"], to=onnx.TensorProto.FLOAT),
        make.make_node("ReduceMax", ["numbers"], ["largest"], axes=[1], keepdims=1),
        make.make_node("MatMul", ["largest", "weights"], ["logits"]),
    ]
    graph = make.make_graph(nodes, "classifier", [ids], [logits], [weights])
    at.mkdir()
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8), str(at / "model.onnx"))
    words = tokenizers.models.WordLevel({"[UNK]": 0, "[PAD]": 1}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(words)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(at / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "[UNK]",
        "pad_token": "[PAD]",
        "model_max_length": 64,
    }
    (at / "tokenizer_config.json").write_text(json.dumps(settings))
    labels = {"0": "entailment", "1": "neutral", "2": "contradiction"}
    (at / "config.json").write_text(
        json.dumps({"model_type": "bert", "id2label": labels, "max_position_embeddings": 64})
    )


def test_other_tests_show_the_others() -> None:
    for file in SHOWN_ELSEWHERE.values():
        assert (ROOT / "tests" / file).is_file()


@pytest.mark.parametrize("extra", [extra for extra in USES if not IS_SUITE or extra not in SHOWN_ELSEWHERE])
def test_it_runs_or_says_the_line_to_type(folder: Path, extra: str, request: pytest.FixtureRequest) -> None:
    use = USES[extra]
    python = str(Path(ALONE, extra, "bin", "python")) if ALONE else PYTHON
    warm: Warm | None = request.getfixturevalue("warm") if IS_SUITE else None
    typed = Typed(warm, python)
    words = use.program or use.words
    done = typed.python(use.program, folder) if use.program else typed.evidense(use.words.split(), folder)
    said = f"{words}\n{done.stdout}{done.stderr}"
    if {extra, *use.also} <= extras_of(python):
        assert done.returncode == use.exits_with, said
        assert "not installed" not in done.stderr, said
        return
    assert done.returncode == (1 if use.program else 2), said
    line = re.search(
        r"not installed\. Install (?:it|them) with: (pip install .+)\n\(in a clone of Evidense: pip install '\.\[([\w-]+)\]'\)",
        done.stderr,
    )
    assert line, said
    assert line[2] in {extra, *use.also}
    if not use.program:
        assert "Traceback" not in done.stderr
