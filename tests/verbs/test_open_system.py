"""Systems: what a spelling asks for and a system cannot give is refused, never ignored."""

from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.verbs.retrieve import open_system


@pytest.mark.parametrize("option", ["dim=256", "int8", "binary", "index=hnsw"])
def test_a_system_without_vectors_refuses_to_cut_compress_or_index_them(tmp_path: Path, option: str) -> None:
    run = tmp_path / "new.trec"
    run.write_text("q1 Q0 d1 1 2.0 run\n")
    for system in (str(run), "bm25"):
        with pytest.raises(InvalidInput, match=f"asks for @{option}, and .* has no vectors"):
            open_system(f"{system}@{option}")
        assert open_system(f"{system}@label=mine").label == "mine"
