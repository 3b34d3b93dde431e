"""What cannot be done is said in words: exit 2, no traceback, nothing half-written."""

import pytest


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["compare", "bm25", "char_ngrams"], "no collection is named"),
        (["compare", "bm25", "char_ngrams", "p.csv"], "'p.csv' is a table; did you mean --on p.csv?"),
        (["compare", "bm25", "char_ngrams", "--on", "docstring"], "did you mean 'docstrings'?"),
        (["compare", "bm25", "char_ngram", "--on", "p.csv"], "did you mean 'char_ngrams'?"),
        (["compare", "bm25", "char_ngrams", "--on", "docstrings", "--measure", "nGCD@10"], "unknown measure 'nGCD@10'"),
        (["compare", "bm25", "char_ngrams", "--on", "docstrings", "--margin", "2"], "--margin is 2.0"),
        (["compare", "bm25", "ViT-B-32,laion2b_s34b_b79k", "--on", "p.csv"], "open_clip"),
        (["compare", "bm25", "char_ngrams", "--on", "docstrings", "--claim", "help"], "did you mean 'helps'?"),
        (["compare", "bm25", "char_ngrams", "--on", "p.csv", "--slice", "lenght"], "did you mean 'length'?"),
        (["compare", "bm25", "char_ngrams", "--on", "docstrings", "--save-baseline", "b.json"], "does not end in"),
        (["compare", "bm25", "OpenAI:minilm", "--on", "p.csv"], "did you mean 'openai:minilm'?"),
        (
            ["compare", "bm25", "openai:m@trucate=500", "--on", "p.csv"],
            "unknown option 'trucate': did you mean 'truncate'?",
        ),
        (["compair", "a", "b"], "did you mean 'compare'?"),
        (["dissect", "bm25"], "two encoders and a collection"),
        (["dissect", "bm25", "char_ngrams", "--on", "p.csv", "--random", "0"], "ranks without vectors"),
        (["dissect", "bm25", "char_ngrams", "--on", "docstrings", "--analysis", "probe"], "did you mean 'probes'?"),
        (
            ["dissect", "bm25", "char_ngrams", "--on", "docstrings", "--random", "0", "--claim", "litterature"],
            "unknown claim",
        ),
        (["dissect", "--published", "yao2024"], "did you mean 'yao2025'?"),
        (["run", "nothing"], "unknown study 'nothing'. Known: "),
        (["run", "paper_scal/siglip"], "did you mean 'paper_scale/siglip'?"),
        (["run", "nothing.toml"], "does not exist"),
        (["list", "dataset"], "did you mean 'datasets'?"),
    ],
)
def test_refused(evidense, argv, said, tmp_path):
    (tmp_path / "p.csv").write_text("query,document\n" + "".join(f"word {n},a text on word {n}\n" for n in range(24)))
    result = evidense(*argv)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "evidense-out").exists()


def test_an_unknown_key_of_a_study_names_the_nearest(evidense, tmp_path):
    study = tmp_path / "mine.toml"
    study.write_text('name = "mine"\nquestion = "?"\nsystems = ["bm25", "char_ngrams"]\ncolections = ["docstrings"]\n')
    result = evidense("run", study)
    assert result.exit_code == 2
    assert "did you mean 'collections'?" in result.stderr


def test_all_mistakes_of_a_study_are_reported_at_once(evidense, tmp_path):
    study = tmp_path / "mine.toml"
    study.write_text('name = "mine"\nquestion = "?"\nsystems = ["bm25"]\ncollections = []\nmargin = -1\n')
    result = evidense("run", study)
    assert result.exit_code == 2
    assert "3 mistakes" in result.stderr
