"""A store behind an address of fsspec: the same records and pages, whole objects, no locks, and what is damaged there is made anew."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fsspec", reason="fsspec is not installed (extra: s3)")

from evidense.boundary.manifest import damaged
from evidense.errors import InvalidInput, MissingExtra, StoreError, StoreUnreachable
from evidense.records import Checkpoint, Recipe, Score
from evidense.store import Store
from evidense.store.remote import LAYOUT, MARKER, is_remote, remote_at


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """A folder that is reached as a remote store, by file://."""
    (tmp_path / "bucket").mkdir()
    return tmp_path / "bucket"


def computer(name: str, bucket: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the store as a computer of this name has it: with a folder for copies of its own."""
    monkeypatch.setenv("EVIDENSE_CACHE", str(bucket.parent / name))
    return Store(f"file://{bucket}/team")


def score(store: Store, value: float = 0.5) -> Score:
    ids, values = store.put_json(["q1"]), store.put_array(np.array([value]))
    return Score(system="a", collection="c", measure="AP", query_ids=ids, values=values, mean=value)


def objects(bucket: Path) -> dict[str, bytes]:
    files = [path for path in (bucket / "team").rglob("*") if path.is_file()]
    return {str(path.relative_to(bucket / "team")): path.read_bytes() for path in files}


def test_a_step_of_one_computer_is_recalled_on_another(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = computer("here", bucket, monkeypatch)
    record = score(here)
    here.put(record)
    assert set(objects(bucket)) == {MARKER}, "nothing is published before a step is done"
    here.remember("k" * 64, [record.id])
    there = computer("there", bucket, monkeypatch)
    assert there.root != here.root
    assert there.recall("k" * 64) == [record.id]
    assert there.get(record.id) == record
    assert there.array(record.values).tolist() == [0.5]
    assert there.recall("l" * 64) is None


def test_notes_vectors_and_looks_are_shared_and_answers_are_not(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = computer("here", bucket, monkeypatch)
    blob = here.put_array(np.arange(6.0))
    here.note("vectors", "v" * 64, {"blob": blob})
    here.note("looks", "ab-1", {"n": 1})
    here.note("answers", "w" * 64, {"n": 1})
    there = computer("there", bucket, monkeypatch)
    assert there.array(str(there.noted("vectors", "v" * 64)["blob"])).tolist() == list(range(6))
    assert list(there.notes("looks", "ab-")) == [{"n": 1}]
    with pytest.raises(StoreError, match=rf"answer www.* is not in the store 'file://{bucket}/team'"):
        there.noted("answers", "w" * 64)


def test_a_checkpoint_is_fetched_when_it_is_opened_and_equal_weights_lie_there_once(
    bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = computer("here", bucket, monkeypatch)
    checkpoints = []
    for seed in range(2):
        recipe = Recipe(architecture={"n_dims": seed})
        checkpoint = Checkpoint(parents=(recipe.id,), weights_sha256="0" * 64, fingerprints=("a",), n_steps=0, n_pairs=0, n_tokens=0, n_pixels=0,
                                flops=0.0, stopped="", warnings=(), diagnostics=here.put_json([]))  # fmt: skip
        made = here.root / "made" / str(seed)
        (made / "1_Pooling").mkdir(parents=True)
        (made / "model.safetensors").write_bytes(b"weights" * 300_000)
        (made / "1_Pooling" / "config.json").write_text(str(seed))
        here.put(recipe)
        here.put(checkpoint)
        here.adopt_folder(checkpoint.id, made)
        here.remember(str(seed) * 64, [checkpoint.id])
        checkpoints.append(checkpoint.id)
    assert sum(len(data) > 10_000 for data in objects(bucket).values()) == 1
    there = computer("there", bucket, monkeypatch)
    assert there.recall("0" * 64) == checkpoints[:1]
    assert there.has_folder(checkpoints[0])
    assert not there.folder(checkpoints[0]).exists(), "nothing is fetched to know that it is there"
    assert there.folder_ids(checkpoints[0][:8]) == checkpoints[:1]
    folder = there.fetched_folder(checkpoints[0])
    assert damaged(folder, {"record": checkpoints[0]}) == []
    assert (folder / "1_Pooling" / "config.json").read_text() == "0"
    assert not list((there.root / "partial").iterdir())


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:-1] + bytes([b[-1] ^ 1])])
@pytest.mark.parametrize("room", ["blobs", "records", "steps"])
def test_a_truncated_or_changed_object_is_never_used_and_is_replaced(
    damage, room: str, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = computer("here", bucket, monkeypatch)
    record = score(here)
    here.remember("k" * 64, [here.put(record)])
    whole = objects(bucket)
    path = next(path for path in sorted((bucket / "team" / room).rglob("*")) if path.is_file())
    path.write_bytes(damage(path.read_bytes()))
    there = computer("there", bucket, monkeypatch)
    assert there.recall("k" * 64) is None
    assert not path.exists(), "the damaged object is gone"
    again = score(there)
    there.remember("k" * 64, [there.put(again)])
    assert objects(bucket) == whole


def test_files_of_a_step_in_progress_are_shared_until_it_is_done(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = computer("here", bucket, monkeypatch)
    part = here.root / "partial" / "step" / "part.1"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half of it")
    here.share(part)
    there = computer("there", bucket, monkeypatch)
    assert [path.name for path in there.shared("step")] == ["part.1"]
    with there.partial("step") as folder:
        assert (folder / "part.1").read_bytes() == b"half of it"
        shutil.rmtree(folder)
    assert there.shared("step") == []


def test_a_plan_counts_what_a_run_would_fetch_and_fetches_no_blob(
    bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = computer("here", bucket, monkeypatch)
    record = score(here)
    here.remember("k" * 64, [here.put(record)])
    there = computer("there", bucket, monkeypatch)
    with there.only_looking() as to_fetch:
        assert there.recall("k" * 64) == [record.id]
    assert sorted(path.name for path in to_fetch) == sorted([record.query_ids, record.values])
    assert not (there.root / "blobs").exists()
    assert sum(to_fetch.values()) == sum(len(here.blob(name)) for name in (record.query_ids, record.values))


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_bucket_that_was_emptied_is_another_store(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = computer("here", bucket, monkeypatch)
    record = score(here)
    here.remember("k" * 64, [here.put(record)])
    shutil.rmtree(bucket / "team")
    remote_at.cache_clear()  # another process
    emptied = computer("here", bucket, monkeypatch)
    assert emptied.root != here.root
    assert emptied.recall("k" * 64) is None


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        (
            json.dumps({"layout": LAYOUT + 1, "id": "x"}),
            rf"has layout {LAYOUT + 1}, and this Evidense reads and writes {LAYOUT}",
        ),
        ("a file of somebody", "is no note of Evidense"),
    ],
)
def test_another_layout_or_somebodys_file_is_refused(marker: str, words: str, bucket: Path) -> None:
    (bucket / "team").mkdir()
    (bucket / "team" / MARKER).write_text(marker)
    with pytest.raises(InvalidInput, match=words):
        Store(f"file://{bucket}/team")


def test_an_address_of_an_unknown_kind_or_without_a_bucket_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot be opened.*expected a folder, s3://"):
        Store("s4://bucket/team")
    with pytest.raises(InvalidInput, match="names no bucket; expected s3://BUCKET/PREFIX"):
        Store("s3://")


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MissingExtra, match=r"a store at gs:// needs gcsfs, which is not installed"):
        Store("gs://bucket/team")


def test_a_store_that_may_not_be_written_stops_the_run_and_nothing_counts_as_done(
    bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = computer("here", bucket, monkeypatch)
    record = score(here)
    here.put(record)
    shutil.rmtree(bucket / "team")
    (bucket / "team").write_text("in the way")
    with pytest.raises(StoreUnreachable, match="the store 'file://.*run the same command again|refuses|does not exist"):
        here.remember("k" * 64, [record.id])
    (bucket / "team").unlink()
    assert here.recall("k" * 64) is None


def test_only_addresses_with_a_scheme_are_remote() -> None:
    assert [is_remote(a) for a in ("s3://b", "file:///x", "/a/b", "C:/x", "a", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("address", ["s3:/bucket/team", "gs:bucket", Path("s3://bucket/team")])
def test_an_address_that_lost_a_slash_is_no_folder(
    address: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        InvalidInput, match="expected two slashes after the colon; write (s3://bucket/team|gs://bucket)$"
    ):
        Store(address)
    assert not list(tmp_path.iterdir())
