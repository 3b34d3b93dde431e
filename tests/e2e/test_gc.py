"""evidense gc: deletes what is old and can be computed again, never what a page of this time rests on, and never unasked."""

import os
import shutil
import time
from pathlib import Path

import pytest

from evidense.store import Store
from evidense.store.garbage import garbage

OLD_S = 60 * 86_400


def sizes(store: Path) -> dict[str, int]:
    return {str(path.relative_to(store)): path.stat().st_size for path in store.rglob("*") if path.is_file()}


def age(store: Path) -> None:
    """Make everything in a store sixty days old."""
    for path in store.rglob("*"):
        os.utime(path, (time.time() - OLD_S,) * 2)


@pytest.fixture
def compared(evidense, pairs_csv: Path, own_store: Path) -> tuple[str, ...]:
    command = ("compare", "bm25", "char_ngrams", "--on", str(pairs_csv), "--out", "page")
    evidense(*command)
    age(own_store)
    return command


def test_a_page_of_this_time_keeps_what_it_rests_on(evidense, compared: tuple[str, ...], own_store: Path) -> None:
    before = sizes(own_store)
    evidense("gc", "--older", "30d", "--yes")
    named = (Path("page") / "page.json").read_text()
    assert {name for name in before.keys() - sizes(own_store).keys() if Path(name).name in named} == set()
    assert evidense("replay", "page").exit_code == 0


def test_what_is_old_goes_and_comes_again_with_the_same_bytes(
    evidense, compared: tuple[str, ...], own_store: Path, tmp_path: Path
) -> None:
    first = (tmp_path / "page" / "report.html").read_bytes()
    shutil.rmtree(tmp_path / "page")
    before = sizes(own_store)
    planned = evidense("gc", "--older", "30d", "--plan").stdout
    assert sizes(own_store) == before, "--plan deletes nothing"
    gone = evidense("gc", "--older", "4w", "--yes").stdout
    assert gone.splitlines()[:3] == planned.splitlines()[:3]
    left = sizes(own_store)
    assert before.keys() - left.keys() == {name for name in before if name.startswith("blobs/")}
    assert gone.splitlines()[-1].startswith("deleted ")
    evidense(*compared)
    assert (tmp_path / "page" / "report.html").read_bytes() == first


def test_what_is_young_stays(evidense, pairs_csv: Path, own_store: Path, tmp_path: Path) -> None:
    evidense("compare", "bm25", "char_ngrams", "--on", str(pairs_csv), "--out", "page")
    shutil.rmtree(tmp_path / "page")
    before = sizes(own_store)
    assert "in all 0, 0 B, older than 1 day" in evidense("gc", "--older", "1d", "--yes").stdout
    assert sizes(own_store) == before


def test_nothing_is_deleted_where_nobody_can_be_asked(evidense, compared: tuple[str, ...], own_store: Path) -> None:
    shutil.rmtree("page")
    before = sizes(own_store)
    result = evidense("gc", "--older", "30d")
    assert result.exit_code == 2
    assert "expected --yes" in result.stderr
    assert sizes(own_store) == before


@pytest.mark.parametrize("said", ["30", "0d", "-3d", "soon", "1.5w"])
def test_an_age_that_is_none_is_refused(evidense, said: str) -> None:
    result = evidense("gc", "--older", said)
    assert result.exit_code == 2
    assert "like 30d or 6w" in result.stderr


def test_weights_that_two_checkpoints_share_count_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    blob = tmp_path / "blobs" / "ab" / ("ab" * 32)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"w" * 1000)
    for name in ("one", "two"):
        (tmp_path / "folders" / name).mkdir(parents=True)
        os.link(blob, tmp_path / "folders" / name / "model.safetensors")
        (tmp_path / "folders" / name / "config.json").write_bytes(b"{}")
    age(tmp_path)
    heaps = {heap.room: heap.size_bytes for heap in garbage(store, time.time() - 1, [])}
    assert heaps == {"blobs": 1000, "folders": 4, "partial": 0}
