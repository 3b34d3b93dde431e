"""A real small model is asked 300 times (make calibrate): no quotation that it invents passes."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from entailers.small_llm import MODEL, SmallModel, weights
from evidense.entailers.endpoint import Endpoint, open_endpoint
from evidense.fetching import Patience, Terms, open_wire
from evidense.values import EvidencePair
from fetching.loopback import serving

N_ASKED = int(os.environ.get("EVIDENSE_LLM_ANSWERS", "300"))
SLOW = Patience(total_wait_s=3600, request_s=600, silence_s=600)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    weights()
    with serving(SmallModel.loaded().answer) as server, open_wire(terms=Terms(patience=SLOW)) as wire:
        monkeypatch.setenv("EVIDENSE_URL_ENDPOINT", f"{server.url}/v1")
        yield open_endpoint(f"{server.url}/v1", MODEL, wire)


def pairs_of(folder: Path) -> list[EvidencePair]:
    """Return claims of SciFact's dev split, each beside the beginning of an abstract that it cites."""
    abstracts = {}
    for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        abstracts[str(row["doc_id"])] = f"{row['title']}\n\n{' '.join(row['abstract'])[:900].rpartition('. ')[0]}."
    rows = [json.loads(line) for line in (folder / "claims_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    return [EvidencePair(abstracts[str(doc)], row["claim"]) for row in rows for doc in row["cited_doc_ids"]]


@pytest.mark.calibrate
def test_no_invented_quotation_of_a_real_model_passes(asked: Endpoint, shared_data: Path) -> None:
    pairs = pairs_of(shared_data / "scifact")[:N_ASKED]
    judgements = asked.judge(pairs)
    for pair, judgement in zip(pairs, judgements, strict=True):
        if judgement.quote is not None:
            assert pair.evidence[judgement.quote.start : judgement.quote.end] == judgement.quote.quote
            assert not judgement.rejected
        else:
            assert judgement.stance == "neither"
    assert np.allclose(asked.entail(pairs[:1]).sum(axis=1), 1)
    print(f"{len(pairs)} answers: accepted {dict(asked.n_accepted)}, rejected {dict(asked.rejected)}")
