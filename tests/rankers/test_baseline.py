"""Saved baselines: what --save-baseline writes is read back; any other file is refused with its name, never with a traceback."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from evidense import registry
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.values import Collection, Item, RankedLists, Spelling


def small() -> Collection:
    return Collection(
        "small", [Item("q1"), Item("q2")], [Item("d0"), Item("d1"), Item("d2")], {"q1": {"d0": 1}, "q2": {"d1": 1}}
    )


def content() -> dict[str, Any]:
    lists = [[[2, 0], [0.9, 0.5]], [[1], [1]]]
    return {
        "label": "old",
        "depth": 10,
        "setup": Setup().to_json(),
        "collections": {"small": {"checksum": small().checksum, "lists": lists}},
    }


def ranked(folder: Path, data: bytes) -> RankedLists:
    path = folder / "old.baseline.json.gz"
    path.write_bytes(data)
    lists: RankedLists = registry.part("rankers", "baseline").open(Spelling(str(path))).rank(small(), 2)
    return lists


def packed(held: Any) -> bytes:
    return gzip.compress(json.dumps(held).encode())


def test_a_saved_baseline_is_read_back(tmp_path: Path) -> None:
    assert ranked(tmp_path, packed(content())).documents.tolist() == [[2, 0], [1, -1]]


def test_a_saved_baseline_keeps_documents_that_only_a_run_file_named(tmp_path: Path) -> None:
    held = content()
    one = next(iter(held["collections"].values()))
    one["others"], one["lists"] = ["unjudged"], [[[3, 0], [2, 1]], [[1], [1]]]
    lists = ranked(tmp_path, packed(held))
    assert lists.documents.tolist() == [[3, 0], [1, -1]]
    assert lists.doc_ids[3] == "unjudged"
    one["others"] = [lists.doc_ids[0]]
    with pytest.raises(InvalidInput, match="again as others"):
        ranked(tmp_path, packed(held))


def test_unknown_fields_of_another_version_are_ignored(tmp_path: Path) -> None:
    held = content()
    held["setup"]["new"], held["more"] = 1, [2]
    assert ranked(tmp_path, packed(held)).documents.tolist() == [[2, 0], [1, -1]]


WRONG: dict[str, Any] = {
    "place beyond the corpus": ("lists", [[[3], [1]], [[1], [1]]]),
    "place of 41 bits": ("lists", [[[2**40], [1]], [[1], [1]]]),
    "place of 1,300 bits": ("lists", [[[10**400], [1]], [[1], [1]]]),
    "negative place": ("lists", [[[-1], [1]], [[1], [1]]]),
    "place between two": ("lists", [[[0.5], [1]], [[1], [1]]]),
    "place as text": ("lists", [[["x"], [1]], [[1], [1]]]),
    "place twice": ("lists", [[[1, 1], [2, 1]], [[1], [1]]]),
    "score as text": ("lists", [[[1], ["a"]], [[1], [1]]]),
    "score that is no number": ("lists", [[[1], [float("nan")]], [[1], [1]]]),
    "score beyond 32 bits": ("lists", [[[1], [1e39]], [[1], [1]]]),
    "scores that rise": ("lists", [[[1, 2], [1, 2]], [[1], [1]]]),
    "fewer scores than places": ("lists", [[[1, 2], [1]], [[1], [1]]]),
    "more lists than queries": ("lists", [[[1], [1]]] * 30),
    "fewer lists than queries": ("lists", [[[1], [1]]]),
    "a third list": ("lists", [[[1], [1], [1]], [[1], [1]]]),
    "lists that are none": ("lists", 5),
    "checksum of another kind": ("checksum", 5),
    "another collection": ("checksum", "x"),
}


LOOK = {
    "look_id": "ab",
    "first": "2026-11-03T08:00:00.5+00:00",
    "comparisons": ["cd"],
    "error": 0.01,
    "planned": 3,
    "sample": "",
}
WRONG_LOOKS: dict[str, Any] = {
    "moment that is none": ("first", "2026-13-40T08:00:00+00:00"),
    "moment elsewhere": ("first", "2026-11-03T08:00:00+05:00"),
    "error of all": ("error", 1.0),
    "comparisons that are none": ("comparisons", 5),
    "plan below none": ("planned", -1),
    "no name": ("look_id", ""),
}


def with_look(**changes: Any) -> bytes:
    return packed(content() | {"looks": {"planned": 3, "seen": {"small": [LOOK | changes]}}})


def test_a_saved_baseline_keeps_planned_and_made_looks(tmp_path: Path) -> None:
    path = tmp_path / "old.baseline.json.gz"
    path.write_bytes(with_look())
    opened = registry.part("rankers", "baseline").open(Spelling(str(path)))
    assert opened.planned == 3
    assert [look.to_json() for look in opened.looks["small"]] == [LOOK]


@pytest.mark.parametrize(("key", "value"), WRONG_LOOKS.values(), ids=list(WRONG_LOOKS))
def test_invalid_looks_are_refused(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match="looks"):
        ranked(tmp_path, with_look(**{key: value}))


@pytest.mark.parametrize(("key", "value"), WRONG.values(), ids=list(WRONG))
def test_lists_that_do_not_fit_are_refused(tmp_path: Path, key: str, value: Any) -> None:
    held = content()
    held["collections"]["small"][key] = value
    with pytest.raises(InvalidInput, match="baseline"):
        ranked(tmp_path, packed(held))


NO_BASELINE = {
    "no checksum": lambda held: held["collections"]["small"].pop("checksum"),
    "collections as a list": lambda held: held.update(collections=[held["collections"]]),
    "a collection as a list": lambda held: held["collections"].update(small=[]),
    "no label": lambda held: held.pop("label"),
    "a set-up that is none": lambda held: held.update(setup=5),
    "warnings that are none": lambda held: held["setup"].update(warnings=5),
    "a depth that is none": lambda held: held.update(depth="x"),
}


@pytest.mark.parametrize("damage", NO_BASELINE.values(), ids=list(NO_BASELINE))
def test_a_baseline_file_of_another_form_is_refused(tmp_path: Path, damage: Any) -> None:
    held = copy.deepcopy(content())
    damage(held)
    with pytest.raises(InvalidInput, match=r"old\.baseline\.json\.gz"):
        ranked(tmp_path, packed(held))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        gzip.compress(b"[" * 100_000),
        gzip.compress(b"\xff"),
        packed(content())[:60],
        gzip.compress(bytes(1 << 27)),
    ],
    ids=["empty", "not packed", "deep", "no UTF-8", "cut", "a bomb"],
)
def test_damaged_files_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"old\.baseline\.json\.gz"):
        ranked(tmp_path, data)
