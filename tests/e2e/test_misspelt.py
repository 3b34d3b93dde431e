"""What a user types wrongly: a name, a path, arguments in the wrong order. One cause is one short message that says it first."""

from pathlib import Path

import pytest

import evidense as ev
from evidense import registry
from evidense.errors import EvidenseError
from evidense.study.compare import comparison, dissection

ROWS = "".join(f"word {n} of the query,the document that word {n} means\n" for n in range(24))


PLAIN = ("compare", "bm25", "char_ngrams", "--on", "pairs.csv")


@pytest.fixture
def folder(own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs.csv").write_text(f"query,document\n{ROWS}", encoding="utf-8")
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(24)))
    for name, shift in (("a.trec", 0), ("b.trec", 1)):
        lines = [f"q{n} Q0 d{n + shift * (n % 2)} 1 1.5 x\n" for n in range(24)]
        (tmp_path / name).write_text("".join(lines))
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "nothing.txt").touch()
    (tmp_path / "notes.txt").write_text("some words\n")
    for name in ("half", "empty", "model", "tables", "beir"):
        (tmp_path / name).mkdir()
    (tmp_path / "tables" / "shop.csv").write_text("search,title\na,b\n")
    for name in ("corpus", "queries"):
        (tmp_path / "beir" / f"{name}.jsonl").write_text('{"_id": "1", "text": "a"}\n')
    (tmp_path / "half" / "corpus.jsonl").write_text('{"_id": "d1", "text": "a"}\n')
    (tmp_path / "model" / "model.safetensors").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("table.xlsx", "'table.xlsx' is there, but .xlsx is not read: save it as CSV"),
        ("notes.txt", "'notes.txt' is there, but is not read as a collection"),
        ("half", "the folder 'half' lacks queries.jsonl; it holds corpus.jsonl"),
        ("empty", "the folder 'empty' is empty"),
        ("a.trec", "'a.trec' is a run file"),
        ("pairs.cvs", "collection 'pairs.cvs': no such file or folder (did you mean 'pairs.csv'?)"),
        ("data/nothing", "collection 'data/nothing': no such file or folder"),
        ("judged.txt+topics.tsv+docs.tsv", "collection 'judged.txt': no such file or folder"),
        ("owner/name", "spelled hf:owner/name"),
        ("docstring", "unknown collection 'docstring': did you mean 'docstrings'? `evidense list datasets`"),
        ("pears.csv:search->title", "collection 'pears.csv': no such file or folder (did you mean 'pairs.csv'?)"),
        (
            "pairs.csv:search->title",
            "pairs.csv has no columns 'search' or 'title'; found query, document; write FILE:QUERY->DOCUMENT",
        ),
        (
            "pairs.csv:Query->DOCUMENT",
            "pairs.csv has no columns 'Query' or 'DOCUMENT' (did you mean 'query' and 'document'?); found",
        ),
        ("pairs.csv:query->text", "pairs.csv has no column 'text'; found query, document"),
        (
            "pairs.csv:query->query",
            "'query' is named as the column of queries and of documents; expected two columns of",
        ),
        (
            "pairs.csv:query-",
            "'pairs.csv:query-' ends where the shell took '>' for itself; put the whole in quotes: 'pairs.csv:query->DOC",
        ),
        (
            "pairs.csv:query",
            "'pairs.csv:query' names one column; expected those of the query and of the document, of query, document; ",
        ),
        ("tables", "the folder 'tables' is not read as a collection; it holds shop.csv: name 'tables/shop.csv'"),
        ("tables/shop.csv", "or name both: 'tables/shop.csv:QUERY->DOCUMENT'"),
        ("beir/corpus.jsonl", "'beir/corpus.jsonl' is part of a BEIR folder; expected the folder; write --on beir"),
        ("zzz", "unknown collection 'zzz'"),
    ],
)
def test_the_first_line_says_why_a_collection_cannot_be_read(evidense, folder, on, said):
    refused = evidense("compare", "bm25", "char_ngrams", "--on", on)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"evidense: {said}") or said in refused.stderr.splitlines()[0]
    assert len(refused.stderr.splitlines()) == 1
    assert len(refused.stderr) < 400


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ("table.xlsx", "'table.xlsx' is there, but .xlsx is not read: save it as CSV"),
        ("pairs.csv", "'pairs.csv' is a table, and stands where a system was expected: give it with --on"),
        ("qrels.txt", "'qrels.txt' holds judgements, and stands where a system was expected: give it with --qrels"),
        ("nothing.txt", "'nothing.txt' is empty"),
        ("model", "the folder 'model' lacks config.json; it holds model.safetensors"),
        ("c.trec.gz", "system 'c.trec.gz': no such file or folder"),
        ("char_ngram", "unknown system 'char_ngram': did you mean 'char_ngrams'? `evidense list encoders` and"),
    ],
)
def test_the_first_line_says_why_a_system_cannot_be_read(evidense, folder, system, said):
    refused = evidense("compare", "bm25", system, "--on", "pairs.csv")
    assert refused.exit_code == 2
    if system != "c.trec.gz":  # a name that ends as runs do is one, and says itself that it is not there
        assert refused.stderr.startswith(f"evidense: {said}"), refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert len(refused.stderr) < 400


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("score", "qrels.txt", "a.trec"), "'a.trec' is a run file (line 1"),
        (("score", "a.trec", "a.trec"), "'a.trec' is a run file (line 1"),
        (("score", "qrels.txt", "qrels.txt"), "'qrels.txt' holds judgements (line 1"),
        (("compare", "a.trec", "b.trec", "--qrels", "b.trec"), "'b.trec' is a run file (line 1"),
    ],
)
def test_swapped_runs_and_judgements_are_recognised_and_refused(evidense, folder, argv, said):
    refused = evidense(*argv)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert "swap them: RUN first, then QRELS" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_ids_are_no_pictures_and_a_file_beside_itself_is_noted(evidense, folder):
    refused = evidense("compare", "a.trec", "bm25", "--qrels", "qrels.txt")
    assert "of the queries of 'qrels.txt' only the ids are known (judgements only)" in refused.stderr
    (folder / "copy.trec").write_bytes((folder / "a.trec").read_bytes())
    done = evidense("compare", "a.trec", "copy.trec", "--qrels", "qrels.txt")
    assert "⚠ 'copy.trec' and 'a.trec' hold the same bytes" in done.stdout


def test_two_judgement_files_are_two_collections(evidense, folder):
    (folder / "more.txt").write_text("".join(f"q{n} 0 d{n} 2\n" for n in range(20)))
    done = evidense("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--qrels", "more.txt")
    assert done.exit_code == 0, done.output
    assert "qrels.txt  (" in done.stdout
    assert "more.txt  (" in done.stdout


def test_runs_of_one_collection_each_are_refused_before_anything_is_scored(evidense, folder):
    (folder / "other.txt").write_text("".join(f"p{n} 0 e{n} 1\n" for n in range(24)))
    other = "".join(f"p{n} Q0 e{n} 1 1.5 x\n" for n in range(24))
    (folder / "other.trec").write_text(other)
    for runs, said in (
        (
            ("a.trec", "other.trec"),
            "no query of 'qrels.txt' is in 'other.trec'; no query of 'other.txt' is in 'a.trec'. Expec",
        ),
        (
            ("a.trec", "b.trec"),
            "no query of 'other.txt' is in 'a.trec', 'b.trec'. Expected one run file for each system",
        ),
    ):
        refused = evidense("compare", *runs, "--qrels", "qrels.txt,other.txt")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"evidense: {said}")
    for name in ("a", "b"):
        (folder / f"{name}.joined.trec").write_text((folder / f"{name}.trec").read_text() + other)
    argv = ("compare", "a.joined.trec", "b.joined.trec", "--qrels", "qrels.txt,other.txt", "--out")
    for n_workers in ((), ("--workers", "0")):
        joined = evidense(*argv, "page", *n_workers)
        assert joined.exit_code == 0, joined.stderr
        assert "left out of this file" not in joined.stdout + (folder / "page" / "report.html").read_text()
    alone = evidense("compare", "a.joined.trec", "b.joined.trec", "--qrels", "qrels.txt")
    assert "left out of this file: 24 queries that 'qrels.txt' does not judge" in alone.stdout


def test_paths_are_accepted_as_systems_collections_and_judgements(folder):
    result = ev.compare(Path("a.trec"), Path("b.trec"), qrels=Path("qrels.txt"))
    assert result.verdicts[0].collection == "qrels.txt"
    assert ev.compare("bm25", "char_ngrams", on=[Path("pairs.csv")]).verdicts[0].collection == "pairs.csv"


@pytest.mark.parametrize(
    ("systems", "on", "settings", "said"),
    [
        ((["bm25"], "char_ngrams"), "pairs.csv", {}, "a system is a string, .*this is a list; give several"),
        (("bm25", {"q": {"d": 1.0}}), "pairs.csv", {}, "a system is a string, .*this is a dict; save results as JSON"),
        (("bm25", 7), "pairs.csv", {}, "a system is a string, .*this is a int"),
        (("bm25", "char_ngrams"), {"pairs.csv": 1}, {}, "a collection is a string, .*this is a dict"),
        (("bm25", "char_ngrams"), [7], {}, "a collection is a string, .*this is a int"),
        (("bm25", "char_ngrams"), " ", {}, "a collection without a name"),
        (("bm25", "char_ngrams"), "pairs.csv", {"measure": "R@5"}, "'measure': did you mean 'measures'"),
        (("bm25", "char_ngrams"), "pairs.csv", {"systems": "x"}, "unknown setting 'systems'"),
    ],
)
def test_a_value_of_the_wrong_kind_gives_a_one_line_error(folder, systems, on, settings, said):
    with pytest.raises(EvidenseError, match=said) as refused:
        ev.compare(*systems, on=on, **settings)
    assert "\n" not in str(refused.value)
    assert "factorial" not in str(refused.value)


def test_the_package_lists_exactly_its_public_names():
    import evidense.api

    assert dir(ev) == sorted({"__version__", *evidense.api.__all__})


@pytest.mark.parametrize("arrow", ["->", "→", " -> "])
def test_two_columns_of_a_table_are_named_with_an_arrow(evidense, folder, arrow):
    (folder / "shop.csv").write_text(
        f"search term,title,text\n{ROWS.replace(chr(10), ',other' + chr(10))}", encoding="utf-8"
    )
    (collection,) = registry.collections(f"shop.csv:search term{arrow}title")
    (plain,) = registry.collections("pairs.csv")
    assert collection.name == "shop.csv:search term→title"
    assert [q.text for q in collection.queries] == [q.text for q in plain.queries]
    assert [d.text for d in collection.corpus] == [d.text for d in plain.corpus]


def test_a_comma_in_the_name_of_a_column_or_file_is_no_separator(evidense, folder):
    rows = ROWS.replace(",", ";").replace("means\n", 'means";3\n').replace(";the", ';"well, the')
    (folder / "shop, old.csv").write_text(f"word;title, long;clicks\n{rows}", encoding="utf-8")
    on = "pairs.csv,shop, old.csv:word->title, long"
    done = evidense("compare", "bm25", "char_ngrams", "--on", on, "--queries", "20", "--out", "page")
    assert done.exit_code == 0, done.stderr
    names = [line.partition(": ")[0] for line in done.stdout.splitlines() if "(nDCG@10" in line]
    assert names == ["pairs.csv", "shop, old.csv:word→title, long"]
    misspelt = evidense("compare", "bm25", "char_ngrams", "--on", "shop, old.csv:word->title")
    assert "has no column 'title' (did you mean 'title, long'?)" in misspelt.stderr


def test_a_column_that_could_be_the_query_gives_way_to_the_one_that_is_named(folder):
    (folder / "shop.csv").write_text(
        "query,question,title\n" + "".join(f"{n},what is {n},title {n}\n" for n in range(24))
    )
    (collection,) = registry.collections("shop.csv:question->title")
    assert {q.text for q in collection.queries} == {f"what is {n}" for n in range(24)}


@pytest.mark.parametrize(
    ("margin", "is_read"), [("2%", True), ("2 %", True), ("0.02", True), ("two", False), ("2,5", False)]
)
def test_a_margin_is_a_number_or_a_percentage(evidense, folder, margin, is_read):
    done = evidense("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--margin", margin, "--plan")
    assert done.exit_code == (0 if is_read else 2)
    assert is_read or f"'{margin}' is not a number; expected one like 0.02 or 2%" in done.stderr


def test_judgements_may_stand_in_one_option_or_in_several(evidense, folder):
    (folder / "more.txt").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(23)))
    (folder / "x,y.txt").write_text((folder / "qrels.txt").read_text())
    for options in (["--qrels", "qrels.txt,more.txt"], ["--qrels", "qrels.txt", "--qrels", "more.txt"]):
        done = evidense("compare", "a.trec", "b.trec", *options)
        assert [line.split()[0] for line in done.stdout.splitlines() if "(nDCG@10" in line] == ["qrels.txt", "more.txt"]
    assert evidense("compare", "a.trec", "b.trec", "--qrels", "x,y.txt").exit_code == 0


def test_every_misspelt_name_is_reported_at_once_and_before_the_folder(evidense, folder):
    assert evidense("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--out", "page").exit_code == 0
    refused = evidense("compare", "bm25", "char_ngram", "--on", "pairs.cvs", "--out", "page")
    assert refused.exit_code == 2
    assert "'pairs.cvs': no such file or folder" in refused.stderr
    assert "unknown system 'char_ngram'" in refused.stderr
    assert "'page'" not in refused.stderr
    lone = evidense("compare", "bm25", "char_ngrams", "--on", "pairs.cvs", "--out", "page")
    assert lone.stderr.startswith("evidense: collection 'pairs.cvs': no such file or folder")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("compare", "bm25"), "missing argument 'TUNED...'; `evidense compare --help` shows all options"),
        (("compare", "bm25", "char_ngrams", "--onn", "pairs.csv"), "no such option '--onn'"),
        (("compare", "bm25", "char_ngrams", "--gate", "nohram"), "invalid value for '--gate': 'nohram'"),
        (
            ("compare", "bm25", "char_ngrams", "--on", "pairs.csv", "--margin", "2"),
            "--margin is 2.0; expected more than 0 and less than 1, in units of the measure; 2% is 0.02",
        ),
        ((*PLAIN, "--metric", "x"), "no such option '--metric' (did you mean '--measure'?); `evidense compare --help`"),
        (("compare", "bm25", "char_ngrams", "--data", "x"), "no such option '--data' (did you mean '--on'?)"),
        ((*PLAIN, "--measur", "x"), "no such option '--measur' (did you mean '--measure'?)"),
        ((*PLAIN, "--queries", "0"), "--queries is 0; expected 20 or more"),
        ((*PLAIN, "--confidence", "95"), "--confidence is 95; expected more than 0 and less than 1; did you mean .95?"),
        (
            (*PLAIN, "--confidence", "99.5"),
            "--confidence is 99.5; expected more than 0 and less than 1; did you mean .995?",
        ),
        ((*PLAIN, "--gate"), "option '--gate' requires an argument; expected no-harm or helps"),
        (("score", "a.trec", "absent.txt"), "invalid value for 'QRELS': File 'absent.txt' does not exist"),
        (("compare", "bm25", "char_ngrams", "char_ngrams", "--on", "pairs.csv"), "'char_ngrams' is named twice"),
    ],
)
def test_a_mistake_of_usage_is_one_line(evidense, folder, argv, said):
    refused = evidense(*argv)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"evidense: {said}")
    assert len(refused.stderr.splitlines()) == 1


def test_several_mistakes_of_options_are_named_as_they_are_typed_and_those_of_a_file_as_keys(evidense, folder):
    refused = evidense(*PLAIN, "--depth", "1", "--seed", "-1")
    assert refused.stderr.splitlines() == [
        "evidense: 2 mistakes", "  --seed is -1; expected 0 or more", "  --depth is 1; expected 10 or more",
    ]  # fmt: skip
    (folder / "s.toml").write_text(
        'name = "x"\nsystems = ["bm25", "char_ngrams"]\ncollections = ["pairs.csv"]\nsample_queries = 0\n'
    )
    assert evidense("run", "s.toml").stderr == "evidense: s.toml: 'sample_queries' is 0; expected 20 or more\n"


def test_a_level_of_confidence_is_a_number_or_a_percentage(evidense, folder):
    argv = ("score", "b.trec", "qrels.txt", "RR@10", "--confidence")
    assert evidense(*argv, "90%").stdout == evidense(*argv, "0.9").stdout != evidense(*argv, "0.95").stdout


def test_a_text_is_one_name_in_every_list_of_names(folder):
    assert [row.measure for row in ev.score("a.trec", "qrels.txt", "nDCG@10")] == ["nDCG@10"]
    names = {"measures": "RR@10", "claims": "same", "references": "pairs.trec"}
    (folder / "pairs.trec").write_text((folder / "a.trec").read_text())
    study = comparison("a.trec", ["b.trec"], ["trec:qrels.txt"], **names)
    assert (study.measures, study.claims, study.references) == (("RR@10",), ("same",), ("pairs.trec",))
    inside = dissection(["e5", "tuned"], ["pairs.csv"], table={"analyses": "drift", "seeds": "tuned2"}, claims="same")
    assert inside.claims == ("same",)
    assert (inside.dissect[0]["analyses"], inside.dissect[0]["seeds"]) == (["drift"], ["tuned2"])
    (folder / "refs.bib").write_text("@article{a, title={A title of a work}, author={Who, A.}, year={2020}}\n")
    with pytest.raises(EvidenseError, match="unknown verdict 'RETRACTD': did you mean 'RETRACTED'"):
        ev.audit("refs.bib", "folder:.", gate="RETRACTD", offline=True)


def test_score_takes_measures_between_commas(evidense, folder):
    done = evidense("score", "a.trec", "qrels.txt", "ndcg@10, R@5", "AP(rel=2,judged_only=True)")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "nDCG@10", "R@5", "AP(rel=2,judged_only=True)",
    ]  # fmt: skip


@pytest.mark.parametrize("again", ["a.trec", "./a.trec"])
def test_a_system_is_not_compared_with_itself(evidense, folder, again):
    refused = evidense("compare", "a.trec", again, "--qrels", "qrels.txt")
    assert refused.exit_code == 2
    assert "'a.trec' is compared with itself" in refused.stderr
    assert "to store a.trec as a baseline, add --save-baseline FILE" in refused.stderr


@pytest.mark.parametrize("reference", ["a.trec", "b.trec", "./b.trec"])
def test_a_reference_that_is_compared_is_refused(evidense, folder, reference):
    refused = evidense("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--reference", reference)
    assert refused.exit_code == 2
    assert "expected references that are not compared; leave one out" in refused.stderr


def test_a_saved_baseline_in_the_place_of_a_tuned_system_is_pointed_out(evidense, folder):
    save = ("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--save-baseline", "old.baseline.json.gz")
    assert evidense(*save).exit_code == 0
    swapped = evidense("compare", "a.trec", "old.baseline.json.gz", "--qrels", "qrels.txt")
    assert "'old.baseline.json.gz' is a saved baseline, and stands as TUNED: swap them?" in swapped.stderr
    assert "swap them" not in evidense("compare", "old.baseline.json.gz", "b.trec", "--qrels", "qrels.txt").stderr


def test_a_page_of_other_spellings_under_the_same_name_says_what_differs(evidense, folder):
    argv = ("--on", "pairs.csv", "--measure", "RR@10")
    assert evidense("compare", "bm25", "char_ngrams", *argv).exit_code == 0
    other = evidense("compare", "bm25", "char_ngrams@label=Char_Ngrams", *argv)
    assert "(systems ['bm25','char_ngrams'] there, ['bm25','char_ngrams@label=Char_Ngrams'] here)" in other.stderr


def test_a_page_is_not_written_among_the_files_of_another(evidense, folder, monkeypatch):
    argv = ("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--out")
    assert evidense(*argv, "shop").exit_code == 0
    before = sorted((folder / "shop").rglob("*"))
    for inside in ("shop/runs", "shop/new/deeper"):
        refused = evidense(*argv, inside)
        assert refused.exit_code == 2
        assert (
            f"'{inside}' lies in the page 'shop'; expected a folder of its own; name another, as --out shop-2"
            in refused.stderr
        )
    assert sorted((folder / "shop").rglob("*")) == before
    assert evidense(*argv, ".").exit_code == 0
    assert evidense(*argv, "beside").exit_code == 0
    assert evidense(*argv, "runs").exit_code == 2
