"""Short names of a study: from a file, a study file or Python; resolved to what is named, or refused; repeated by a replay."""

import warnings
from pathlib import Path
from typing import Any

import pytest

import evidense as ev
from evidense.errors import EvidenseError, InvalidInput, UnknownName
from evidense.study.files.names_tables import read_names
from evidense.study.files.toml import read_study
from evidense.study.replay import read_page, replay

WORDS = "red green blue black white silver golden bright dark pale deep light warm cold soft hard".split()
NAMES = """[systems]
"bm25@label=words" = "BM25"
char_ngrams = "n-grams"
[collections]
"colours.csv" = "Colours"
[measures]
"mrr@10" = "MRR@10"
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a collection and a file of names, which is the working folder."""
    rows = [f"{a} {b},a {b} thing that is {a}" for a in WORDS for b in WORDS[:4] if a != b]
    (tmp_path / "colours.csv").write_text("\n".join(["query,document", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "names.toml").write_text(NAMES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / "store"))
    return tmp_path


def compared(names: Any, **settings: Any) -> ev.Result:
    return ev.compare("char_ngrams", "bm25@label=words", on="colours.csv", names=names, n_resamples=999, measures=["nDCG@10", "RR@10"], **settings)  # fmt: skip


def test_names_lead_to_labels_collections_and_measures_and_a_replay_repeats_them(place: Path) -> None:
    result = compared("names.toml", sample_queries=30, out="out")
    collection = result.verdicts[0].collection
    assert result.study.names == {
        "systems": {"words": "BM25", "char_ngrams": "n-grams"},
        "collections": {collection: "Colours"},
        "measures": {"RR@10": "MRR@10"},
    }
    assert read_study(place / "out" / "study.toml").id == result.study.id
    assert "BM25 vs n-grams" in (place / "out" / "table.md").read_text(encoding="utf-8")
    labels = [line for line in (place / "out" / "paper.tex").read_text().splitlines() if line.startswith(r"\label")]
    assert labels == [
        r"\label{tab:bm25-vs-n-grams-on-colours-ndcg-10}",
        r"\label{tab:bm25-vs-n-grams-on-colours-rr-10}",
    ]
    assert replay(read_page(place / "out")).same


def test_names_change_neither_the_folder_nor_a_number(place: Path) -> None:
    named, plain = compared("names.toml"), compared(None)
    assert [(v.effect, v.low, v.high, v.system) for v in named.verdicts] == [
        (v.effect, v.low, v.high, v.system) for v in plain.verdicts
    ]
    assert "names" not in plain.study.content()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"systems": {"bm52": "B"}}, "unknown system of [names] 'bm52'"),
        ({"collections": {"colors.csv": "C"}}, "did you mean 'colours.csv'?"),
        ({"measures": {"nDCG@20": "N"}}, "unknown measure of [names] 'nDCG@20'"),
        ({"system": {"words": "B"}}, "unknown table 'system': did you mean 'systems'?"),
        ({"systems": {"words": "X", "char_ngrams": "X"}}, "the name 'X' stands for 2 systems ('char_ngrams', 'words')"),
        ({"systems": {"words": "char_ngrams"}}, "the name 'char_ngrams' stands for 2 systems"),
        ({"systems": {"words": "A", "bm25@label=words": "B"}}, "system 'words' is named twice"),
        ({"measures": {"RR@10": "nDCG@10"}}, "the name 'nDCG@10' stands for 2 measures"),
        ({"systems": {"words": ""}}, "the short name of 'words' in [systems] is ''; expected a text"),
        ({"systems": {"words": "a\nb"}}, "on one line"),
        ({"systems": {"words": 7}}, "'names.systems.words' is 7, a whole number"),
    ],
)
def test_names_of_nothing_and_names_of_two_are_refused(place: Path, names: dict[str, Any], message: str) -> None:
    with pytest.raises(EvidenseError) as refused:
        compared(names)
    assert message in str(refused.value)


def test_all_mistakes_are_named_at_once(place: Path) -> None:
    with pytest.raises(UnknownName) as refused:
        compared({"systems": {"bm52": "B"}, "measures": {"nDCG@20": "N"}})
    assert "bm52" in str(refused.value)
    assert "nDCG@20" in str(refused.value)


def test_one_file_serves_comparisons_of_other_systems_and_near_misses_are_named(place: Path) -> None:
    names = {
        "systems": {"words": "BM25", "char_ngram": "n-grams", "a system of another table": "A"},
        "collections": {"elsewhere.csv": "E"},
        "measures": {"nDCG@20": "N"},
    }
    with pytest.warns(
        UserWarning,
        match=r"^names of 'char_ngram', 'nDCG@20' are not used here; did you mean 'char_ngrams', 'nDCG@10'\?$",
    ):
        result = compared(names)
    assert result.study.names == {"systems": {"words": "BM25"}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compared({"systems": {"words": "BM25", "e5": "E5", "colbert": "ColBERT"}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[systems\n", "names file 'names.toml' is not TOML"),
        ('[systems]\nbm25 = "a"\nbm25 = "b"\n', "names file 'names.toml' is not TOML"),
        ('bm25 = "a"\n', "unknown table 'bm25'"),
        ('systems = "a"\n', "'systems' is 'a'; expected a table [systems]"),
        ("[systems]\nbm25 = 7\n", "is 7; expected a text"),
    ],
)
def test_a_file_of_another_form_is_refused_by_its_name(place: Path, text: str, message: str) -> None:
    (place / "names.toml").write_text(text, encoding="utf-8")
    with pytest.raises((InvalidInput, UnknownName)) as refused:
        read_names(Path("names.toml"))
    assert message in str(refused.value)


def test_a_study_that_trains_refuses_names(place: Path) -> None:
    (place / "study.toml").write_text(
        'name = "x"\nquestion = "?"\ncollections = ["colours.csv"]\n[names.systems]\na = "A"\n[factorial]\nseeds = [0]\n'
    )
    with pytest.raises(InvalidInput, match="'names' is for systems that are compared with a baseline"):
        read_study(place / "study.toml")
