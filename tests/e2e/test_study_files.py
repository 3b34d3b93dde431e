"""Study files and options: whatever is in them, one error says every mistake, and nothing eats the machine."""

import os
from pathlib import Path

import pytest

import evidense as ev
from evidense.errors import EvidenseError, InvalidInput
from evidense.study.files.toml import read_study
from warm.client import Warm

HEAD = 'name = "s"\nquestion = "?"\n'
BODY = 'systems = ["bm25", "char_ngrams"]\ncollections = ["p.csv"]\n'
GOOD = HEAD + BODY


@pytest.fixture
def folder(tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = "".join(f"word {n} of the query,the document that word {n} means\n" for n in range(24))
    (tmp_path / "p.csv").write_text(f"query,document\n{rows}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + 'systems = [["bm25"], "x"]\ncollections = ["p.csv"]', "'systems[0]' is ['bm25'], a list"),
        (HEAD + 'systems = ["bm25", 5]\ncollections = ["p.csv"]', "'systems[1]' is 5"),
        (HEAD + 'systems = ["bm25", "char_ngrams"]\ncollections = [["p.csv"]]', "'collections[0]'"),
        (GOOD + "measures = [1, 2]", "'measures[1]' is 2"),
        (GOOD + "claims = [1]", "'claims[0]'"),
        (GOOD + "claims = [{a = 1}]", "'claims[0]'"),
        (GOOD + "slices = [1]", "'slices[0]'"),
        (GOOD + "references = [1]", "'references[0]'"),
        (GOOD + "excluded = [1]", "'excluded[0]'"),
        (GOOD + "arms = [1, 2]", "'arms[0]' is 1"),
        (GOOD + "dissect = [1]", "'dissect[0]'"),
        (GOOD + "factorial = [1]", "'factorial'"),
        (GOOD + "[factorial]\nroles = [1]", "'factorial.roles'"),
        (GOOD + "[factorial]\nseeds = [-1]", "'factorial.seeds[0]' is -1"),
        (GOOD + "[[arms]]\nlabel = 1\nroles = 2", "'arms[0].roles' is 2"),
        (GOOD + "[[dissect]]\noptions = {similarity = 1}", "'dissect[0].options.similarity'"),
        (GOOD + "seed = -1", "'seed' is -1"),
        (GOOD + f"seed = {2**128}", "'seed' is"),
        (GOOD + f"seed = {10**400}", "'seed' is"),
        (GOOD + "seed = true", "'seed' is True"),
        (GOOD + "margin = nan", "'margin' is nan"),
        (GOOD + "n_resamples = 1000000000000", "1000000"),
        (GOOD + "depth = 1000000000", "'depth' is 1000000000"),
        (GOOD + f"depth = {10**30}", "'depth' is"),
        (GOOD.replace('"s"', r'"a\u0000b"'), "'name' is"),
        (GOOD.replace('"s"', f'"{"n" * 300}"'), "at most 200 bytes"),
        (GOOD + "a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        (GOOD + "seed = " + "1" * 5000, "not TOML"),
        ("\ufeff\x00", "not TOML"),
    ],
)
def test_a_wrong_value_at_any_depth_gives_one_error(folder: Path, text: str, said: str) -> None:
    (folder / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenseError) as refusal:
        read_study(folder / "s.toml")
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 2000


def test_all_values_of_the_wrong_kind_are_reported_at_once(folder: Path) -> None:
    (folder / "s.toml").write_text(HEAD + 'systems = [1, "x"]\ncollections = "p.csv"\nseed = -1\n', encoding="utf-8")
    with pytest.raises(InvalidInput, match="3 mistakes"):
        read_study(folder / "s.toml")


def test_a_path_that_is_no_readable_file_is_refused_as_a_study(folder: Path) -> None:
    (folder / "folder.toml").mkdir()
    os.mkfifo(folder / "pipe.toml")
    (folder / "bytes.toml").write_bytes(b"\xff\xfe\x00\x80")
    for name in ("folder.toml", "pipe.toml", "bytes.toml"):
        with pytest.raises(InvalidInput, match=name):
            read_study(folder / name)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seed", "-1"), ("--seed", str(2**128)), ("--seed", str(2**200)), ("--depth", "1000000000"), ("--depth", "-5"),
        ("--margin", "nan"), ("--margin", "inf"), ("--confidence", "nan"), ("--queries", "-1"), ("--documents", str(10**30)),
        ("--name", "n" * 400), ("--name", ""), ("--measure", "nDCG@99999999999999999999"),
    ],
)  # fmt: skip
def test_an_option_out_of_bounds_is_refused_or_harmless(folder: Path, option: str, value: str, warm: Warm) -> None:
    done = warm.run(["compare", "bm25", "char_ngrams", "--on", "p.csv", option, value], folder)
    assert done.returncode in (0, 2), done.stderr
    assert "fault of Evidense" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert {path.name for path in folder.iterdir()} <= {"p.csv", "store", "evidense-out"}


def test_ranked_lists_that_exceed_memory_are_refused(folder: Path) -> None:
    rows = "".join(f"query {n},document {n}\n" for n in range(4000))
    (folder / "many.csv").write_text(f"query,document\n{rows}", encoding="utf-8")
    with pytest.raises(InvalidInput, match="'depth' is 100,000"):
        ev.compare("bm25", "char_ngrams", on="many.csv", depth=100_000)


@pytest.mark.parametrize(
    "settings", [{"seed": -1}, {"seed": 2**70}, {"depth": 10**9}, {"margin": "x"}, {"name": "a\0"}, {"slices": [1]}]
)
def test_the_api_refuses_the_same_values_as_a_study_file(folder: Path, settings: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(settings))):
        ev.compare("bm25", "char_ngrams", on="p.csv", **settings)


def test_a_study_file_need_not_say_its_question(folder: Path) -> None:
    (folder / "mine.toml").write_text('name = "mine"\n' + BODY, encoding="utf-8")
    assert read_study(folder / "mine.toml").question == "How do these systems compare?"
