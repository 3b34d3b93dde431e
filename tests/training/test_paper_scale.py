"""Templates at the scale of papers: everything that can be checked without the weights agrees, and a mistake is found."""

import tomllib
from importlib import resources

import pytest

from evidense.cli.main import main
from evidense.errors import InvalidInput, UnknownName
from evidense.study.files import templates
from evidense.study.shipped import names as shipped_names

CHAINS = ("clip", "contriever", "costa", "dpr", "repllama", "siglip", "uniir", "vlm2vec", "yao2025")


def raw(name: str) -> dict:
    path = resources.files("evidense.study.shipped").joinpath(f"paper_scale/{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_every_chain_has_a_template_that_does_not_run_as_a_study() -> None:
    assert tuple(templates.names()) == tuple(f"paper_scale/{name}" for name in CHAINS)
    assert not set(templates.names()) & set(shipped_names())


@pytest.mark.parametrize("name", CHAINS)
def test_checkable_numbers_of_a_template_agree(name: str) -> None:
    pytest.importorskip("transformers")
    template = templates.read_template(f"paper_scale/{name}")
    lines, mistakes = templates.check(template)
    assert not mistakes
    assert [line for line in lines if "not reachable, not checked" in line and line.startswith("model")]
    assert all(entry["source"] for entry in (*template.recipes, *template.expected))
    assert all(facts.source for facts in template.models)


def test_contradicting_numbers_of_a_template_are_named() -> None:
    pytest.importorskip("transformers")
    data = raw("dpr")
    data["template"]["models"][0] |= {
        "n_parameters": 1,
        "n_dims": 1024,
        "max_length": 4096,
        "modules": {"no.such": 12},
        "pooling": "middle",
    }
    data["template"]["recipes"][0] |= {"n_steps": 18401}
    data["template"]["expected"][0] |= {"model": "somebody/else", "values": {"nDCG@10": 45.9}}
    data["systems"][0] = "random-init:x"
    _, mistakes = templates.check(templates.template_from(data, "dpr"))
    for part in (
        "109,482,240 parameters",
        "'no.such' finds 0",
        "768 dimensions",
        "512 positions",
        "middle",
        "18,400 steps",
        "somebody/else",
        "45.9",
    ):
        assert [m for m in mistakes if part in m], (part, mistakes)


def test_misspelt_key_of_a_template_is_named() -> None:
    data = raw("dpr")
    data["template"]["models"][0]["n_dim"] = 768
    with pytest.raises(UnknownName, match="did you mean 'n_dims'"):
        templates.template_from(data, "dpr")


def test_running_a_template_without_plan_is_refused_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "paper_scale/repllama"])
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert "a template, not run here" in said
    assert "download meta-llama/Llama-2-7b-hf" in said
    assert isinstance(templates.refusal(templates.read_template("paper_scale/dpr")), InvalidInput)


def test_list_shows_templates_as_templates(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "--list"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.count("(a template, not run here)") == len(CHAINS)


def test_plan_of_a_template_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(SystemExit) as stop:
        main(["run", "paper_scale/dpr", "--plan"])
    said = capsys.readouterr().out
    assert stop.value.code == 0
    assert "18,400 steps of 128 pairs" in said
    assert "facebook/dpr-ctx_encoder-single-nq-base: not reachable, not checked (seed study" in said
