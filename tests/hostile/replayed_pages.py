"""Pages that somebody mailed: `evidense replay` of a folder that was changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile import made, mutate
from hostile.case import Case, Content, Family, files, folder, link, pipe, then
from hostile.mutate import ESCAPE

REPLAY = ("replay", "f")


def _page(**changed: Content) -> dict[str, Content]:
    """Return the files of a page in the folder f, some of them given (page_json, study_toml)."""
    given = {name.replace("_", "."): value for name, value in changed.items()}
    return {f"f/{name}": value for name, value in {**made.page(), **given}.items()}


def _json(name: str, change: Callable[[dict[str, Any]], Any] | str | bytes, **more: Any) -> Case:
    def content() -> bytes:
        if isinstance(change, str | bytes):
            return change.encode("utf-8", "surrogatepass") if isinstance(change, str) else change
        value = json.loads(made.page()["page.json"])
        changed = change(value)
        return mutate.json_text(value if changed is None else changed).encode("utf-8", "surrogatepass")

    def build(place: Path) -> None:
        files(_page(page_json=content))(place)

    return Case(f"replay_{name}", build, REPLAY, **{"expected": "refused", **more})


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda page: page.__setitem__(key, value)


def _without(name: str) -> Callable[[Path], None]:
    def build(place: Path) -> None:
        files({key: value for key, value in _page().items() if key != f"f/{name}"})(place)

    return build


def _named() -> list[Case]:
    return [
        _json("notjson", "{notjson"),
        _json("list", "[1, 2]"),
        _json("null", "null"),
        _json("empty", ""),
        _json("bytes", b"\xff\xfe\x00"),
        _json("deep", "[" * 100_000),
        _json("nofiles", lambda page: page.pop("files")),
        _json("files_list", _set("files", [])),
        _json("files_types", lambda page: page["files"].__setitem__("report.html", 5)),
        _json("files_outside", lambda page: page["files"].__setitem__("../../../etc/passwd", "0" * 64)),
        _json("files_absolute", lambda page: page["files"].__setitem__("/etc/passwd", "0" * 64)),
        _json("files_device", lambda page: page["files"].__setitem__("/dev/zero", "0" * 64)),
        _json("files_nul", lambda page: page["files"].__setitem__("a\0b", "0" * 64)),
        _json("files_long", lambda page: page["files"].__setitem__("n" * 5000, "0" * 64)),
        _json("files_esc", lambda page: page["files"].__setitem__(ESCAPE, "0" * 64)),
        _json("records_junk", _set("records", [1, 2])),
        _json("records_object", _set("records", {"a": 1})),
        _json("records_kind", _set("records", [{"kind": "none"}])),
        _json("records_gone", lambda page: page.pop("records")),
        Case("replay_no_folder", files({}), REPLAY, "refused", "f"),
        Case("replay_file", files({"f": b"x"}), REPLAY, "refused", "f"),
        Case("replay_empty_folder", folder("f"), REPLAY, "refused", "f"),
        Case("replay_fifo", then(_without("page.json"), pipe("f/page.json")), REPLAY, "refused", "page.json"),
        Case("replay_dir", then(_without("page.json"), folder("f/page.json")), REPLAY, "refused", "page.json"),
        Case("replay_device", then(_without("page.json"), link("f/page.json", "/dev/zero")), REPLAY, "refused", "page.json"),
        Case("replay_file_is_fifo", then(_without("table.md"), pipe("f/table.md")), REPLAY, "refused", "table.md"),
        Case("replay_file_is_dir", then(_without("table.md"), folder("f/table.md")), REPLAY, "refused", "table.md"),
        Case("replay_file_gone", _without("table.md"), REPLAY, "refused", "table.md"),
        Case("replay_no_study", _without("study.toml"), REPLAY, "refused", "study.toml"),
        Case("replay_esc", files({}), ("replay", ESCAPE), "refused"),
    ]  # fmt: skip


def _mutated_page(seed: int) -> Case:
    def build(place: Path) -> None:
        rng = mutate.generator("page", seed)
        value = json.loads(made.page()["page.json"])
        content = (
            mutate.json_text(mutate.tree(value, rng), rng).encode("utf-8", "surrogatepass")
            if rng.random() < 0.8
            else mutate.data(made.page()["page.json"], rng)
        )
        files(_page(page_json=content))(place)

    return Case(f"page:{seed}", build, REPLAY)


FAMILY = Family("pages", _named, {"page": _mutated_page}, seeds=3)
