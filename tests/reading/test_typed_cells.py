"""A value that is not what its column says is refused or read as documented, never turned into text."""

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pytest

from evidense.datasets.pairs import PART
from evidense.errors import InvalidInput
from evidense.values import Collection

Rows = list[dict[str, Any]]


def opened(at: Path, rows: Rows) -> Collection:
    path = at / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return PART.open(str(path))[0]


def refused(at: Path, rows: Rows) -> str:
    with pytest.raises(InvalidInput) as caught:
        opened(at, rows)
    return str(caught.value)


def pairs(**more: Any) -> Rows:
    return [{"query": "a", "document": "b"}, {"query": "c", "document": "d", **more}]


def test_nulls_in_a_list_are_skipped(tmp_path: Path) -> None:
    rows = [{"query": q, "positive": [d, None, float("nan")], "negative": [None, "x"]} for q, d in ("ab", "cd")]
    assert [item.text for item in opened(tmp_path, rows).corpus] == ["b", "x", "d"]
    assert "line 1: the document is empty" in refused(tmp_path, [{"query": "a", "positive": [None]}])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ({"document": True}, "'True' in the column 'document' is true or false; expected text"),
        ({"document": {"a": 1}}, "is an object; expected text"),
        ({"document": ["d", ["e"]]}, "is a list; expected text"),
        ({"query": ["c"]}, "'['c']' in the column 'query' is a list; expected text"),
        ({"document": float("nan")}, "the document is empty"),
        ({"document": float("inf")}, "is a float; expected text"),
        ({"query_id": 1.5}, "'1.5' in the column 'query_id' is a float; expected an id as text or a whole number"),
        ({"doc_id": False}, "'False' in the column 'doc_id' is true or false"),
        ({"group": [1]}, "in the column 'group' is a list"),
    ],
)
def test_values_of_other_types_are_refused_with_line_and_column(
    tmp_path: Path, cell: dict[str, Any], said: str
) -> None:
    message = refused(tmp_path, pairs(**cell))
    assert "line 2: " in message
    assert said in message


def test_numbers_are_read_as_written_and_ids_as_whole_numbers(tmp_path: Path) -> None:
    rows = [
        {"query_id": 1, "query": 42, "doc_id": 7.0, "document": 0.5},
        {"query_id": 1.0, "query": 42, "doc_id": 8, "document": "x"},
    ]
    made = opened(tmp_path, rows)
    assert made.qrels == {"1": {"7": 1, "8": 1}}
    assert [item.text for item in (*made.queries, *made.corpus)] == ["42", "0.5", "x"]


@pytest.mark.parametrize(
    "gain", ["nan", "inf", 3e10, "3e10", 2**40, "9" * 5_000, 0.5, True, None, "", [1], float("nan")]
)
def test_judgements_beyond_whole_32_bit_numbers_are_refused(tmp_path: Path, gain: Any) -> None:
    assert "line 2: " in (message := refused(tmp_path, pairs(label=1)[:1] + pairs(label=gain)[1:]))
    assert "is no whole number of 32 bits" in message


def test_judgements_may_be_written_in_several_ways(tmp_path: Path) -> None:
    rows = [{"query": "a", "document": f"d{i}", "label": gain} for i, gain in enumerate([1, 1.0, "1.0", "1e0", -1])]
    assert list(opened(tmp_path, rows).qrels["q1"].values()) == [1, 1, 1, 1, -1]


def test_unnamed_columns_are_no_slices_and_named_ones_stay_data(tmp_path: Path) -> None:
    made = opened(tmp_path, [{**row, "": "x", "\x1b[31m": "y", "kind": True} for row in pairs()])
    assert set(made.columns) == {"\x1b[31m", "kind"}
    assert made.columns["kind"]["q1"] == "True"


def test_lone_surrogates_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"query": "a", "document": "b", "query_id": "\\ud800"}\n' * 2)
    with pytest.raises(InvalidInput, match="'line 1' is not JSON"):
        PART.open(str(tmp_path / "p.jsonl"))


PARQUET: list[tuple[str, list[Any], str | None]] = [
    ("label", [1, 2**40], "is no whole number of 32 bits"),
    ("label", [1, -(2**40)], "is no whole number of 32 bits"),
    ("label", [1, 2**63], "is no whole number of 32 bits"),
    ("label", [1, None], "is no whole number of 32 bits"),
    ("label", [decimal.Decimal("1"), decimal.Decimal("2")], None),
    ("label", [datetime.datetime(2024, 1, 1)] * 2, "is no whole number of 32 bits"),
    ("document", [b"b", b"d"], "is bytes; expected text"),
    ("document", [{"x": "y"}] * 2, "is an object; expected text"),
    ("document", [["b"], ["d", None]], None),
    ("day", [datetime.datetime(2024, 1, 1)] * 2, None),
]


@pytest.mark.parametrize(("name", "values", "said"), PARQUET)
def test_parquet_columns_of_every_type_are_read_or_refused(
    tmp_path: Path, name: str, values: list[Any], said: str | None
) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    kind = pa.uint64() if values[-1] == 2**63 else pa.timestamp("ns") if name == "day" else None
    columns = {"query": ["a", "c"], "document": ["b", "d"]} | {name: pa.array(values, kind)}
    parquet.write_table(pa.table(columns), tmp_path / "p.parquet")
    if said is None:
        made = PART.open(str(tmp_path / "p.parquet"))[0]
        assert [item.text for item in made.corpus] == ["b", "d"]
        assert made.columns.get("day", {"q1": "2024-01-01 00:00:00"})["q1"] == "2024-01-01 00:00:00"
    else:
        with pytest.raises(InvalidInput, match=said):
            PART.open(str(tmp_path / "p.parquet"))


def test_class_labels_of_the_hub_are_read_by_their_names(tmp_path: Path) -> None:
    hub = pytest.importorskip("datasets")
    for names, expected in ((["2", "0"], {"b": 2, "d": 0}), (["yes", "no"], None)):
        features = hub.Features(
            query=hub.Value("string"), document=hub.Value("string"), label=hub.ClassLabel(names=names)
        )
        rows = {"query": ["a", "a"], "document": ["b", "d"], "label": [0, 1]}
        hub.Dataset.from_dict(rows, features).to_parquet(tmp_path / "p.parquet")
        if expected:
            made = PART.open(str(tmp_path / "p.parquet"))[0]
            assert {item.text: made.qrels["q1"][item.id] for item in made.corpus} == expected
        else:
            with pytest.raises(InvalidInput, match="'yes' in the column 'label' is no whole number"):
                PART.open(str(tmp_path / "p.parquet"))
