"""The published numbers: what must be reproduced from them, to the example, and what may be said of them."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from evidense.errors import InvalidInput, UnknownName
from evidense.published.claim_verdicts import shipped, verdicts_of, written
from evidense.published.contrasts import contrasts
from evidense.published.facts import read
from evidense.published.findings import effective_n, findings
from evidense.published.labels import label_frequencies, layer_zero
from evidense.report.published.page import Material, claims_of, latex, page
from evidense.study.published import decided, published_page
from evidense.verbs.decide_claims import literature

ORACLE = {
    (54414, 2): (27157, 27257), (54414, 3): (18260, 18085, 18069), (54414, 4): (13578, 13359, 13669, 13808),
    (54414, 5): (10786, 10829, 11009, 10745, 11045), (10448, 2): (5204, 5244), (10448, 3): (3553, 3453, 3442),
    (10448, 4): (2609, 2556, 2604, 2679), (10448, 5): (2066, 2056, 2159, 2079, 2088),
}  # fmt: skip


@pytest.fixture(scope="module")
def everything():
    return decided(read("yao2025"))


def test_the_shipped_numbers_equal_the_recovered_ones(shared_data) -> None:
    with (shared_data / "yao2025_probe_accuracies.csv").open() as file:
        rows = {
            (r["dataset"], r["pooling"], r["model"], int(r["n_passages"]), int(r["layer"])): r
            for r in csv.DictReader(file)
        }
    study = read("yao2025")
    shipped = {(c.dataset, c.pooling, c.model, c.n_passages, layer): (n, c.n_eval, c.starred[layer])
            for c in study.curves for layer, n in enumerate(c.correct)}  # fmt: skip
    assert shipped == {k: (int(r["correct"]), int(r["n_eval"]), r["starred"] == "1") for k, r in rows.items()}


def test_label_frequencies_from_seed_42_are_the_known_table() -> None:
    assert {key: label_frequencies(*key) for key in ORACLE} == ORACLE


def test_layer_0_of_cls_is_a_label_frequency_to_the_example() -> None:
    checks = list(layer_zero(read("yao2025")))
    assert {z.apart for z in checks if z.curve.pooling == "cls"} == {0}
    off = [(z.curve.dataset, z.curve.n_passages, z.apart) for z in checks if z.apart]
    assert sorted(off) == [("nq", n, 1) for n in (3, 3, 4, 4, 5, 5)]  # one text was truncated


def test_every_star_is_recomputed_and_the_known_numbers_survive_clustering() -> None:
    pairs = contrasts(read("yao2025"))
    assert sum(int((c.stars_recomputed == c.tuned.starred).sum()) for c in pairs) == 680
    count = lambda d, m, f: sum(int(f(c)) for c in pairs if (c.tuned.dataset, c.tuned.model) == (d, m))  # noqa: E731
    stars = {m: (count("nq", m, lambda c: sum(c.tuned.starred)), count("nq", m, lambda c: c.stars_survive.sum()))
             for m in ("dpr-question", "dpr-context", "dpr-paired", "contriever", "repllama")}  # fmt: skip
    assert stars == {
        "dpr-question": (19, 1),
        "dpr-context": (48, 48),
        "dpr-paired": (48, 48),
        "contriever": (23, 0),
        "repllama": (98, 79),
    }


def test_p_values_are_those_of_scipy_on_the_answers_themselves() -> None:
    from scipy.stats import ttest_ind

    contrast = contrasts(read("yao2025"))[0]
    p = contrast.p_published()
    for layer in (6, 12):
        a, b = (np.arange(c.n_eval) < c.correct[layer] for c in (contrast.tuned, contrast.backbone))
        assert p[layer] == pytest.approx(min(1, ttest_ind(a.astype(float), b.astype(float)).pvalue * 13), rel=1e-6)


def test_derived_summaries_equal_the_known_ones() -> None:
    by = {(c.tuned.dataset, c.tuned.model, c.tuned.n_passages): c for c in contrasts(read("yao2025"))}
    known = {
        ("nq", "dpr-question", 2): (0.37, -0.84),
        ("msmarco", "dpr-question", 5): (-0.58, -3.39),
        ("nq", "contriever", 4): (0.11, -1.71),
    }
    for key, (mean, last) in known.items():
        assert by[key].mean_over(slice(1, None))[0] * 100 == pytest.approx(mean, abs=0.006)
        assert by[key].effect[-1] * 100 == pytest.approx(last, abs=0.006)


def test_the_right_question_encoder_adds_nothing(everything) -> None:
    rows = [
        f
        for f in everything[1]
        if f.estimand == "change in accuracy" and f.site["against"] == "dpr-context" and f.site["layer"] > 0
    ]
    means = {(f.site["collection"][8:], f.site["n_candidates"]): [] for f in rows}
    for f in rows:
        means[f.site["collection"][8:], f.site["n_candidates"]].append(f.value)
    mean = {k: round(100 * float(np.mean(v)), 2) for k, v in means.items()}
    assert (abs(mean["nq", 2]), abs(mean["nq", 5]), abs(mean["msmarco", 2]), abs(mean["msmarco", 5])) == pytest.approx(
        (0.38, 0.18, 0.31, 0.15), abs=0.02
    )


def test_findings_have_intervals_and_name_known_errors_of_the_study(everything) -> None:
    findings = everything[1]
    assert sum(f.estimand == "accuracy" for f in findings) == 1152
    assert all(f.low <= f.value <= f.high for f in findings)
    failed = {f.site["subject"] for f in findings if f.details.get("failed")}
    assert failed == {"dpr-context", "dpr-paired"}


def test_the_claims_have_the_known_verdicts(everything) -> None:
    words = {(v.details["code"], v.measure, v.system, v.collection[8:]): v.verdict for v in everything[2]}
    gains = {
        (v.collection[8:], v.details["at"]["n_candidates"]): v.verdict
        for v in everything[2]
        if v.measure.startswith("relative")
    }
    assert words["B1", "change in accuracy", "dpr-question", "msmarco"] == "FAILS"
    assert words["B1", "change in accuracy", "dpr-question", "nq"] == "UNDECIDED"
    assert [gains["nq", n] for n in (2, 3, 4, 5)] == ["FAILS", "FAILS", "FAILS", "UNDECIDED"]
    assert [gains["msmarco", n] for n in (2, 3, 4, 5)] == ["FAILS", "UNDECIDED", "HOLDS", "HOLDS"]
    kappas = [v for v in everything[2] if v.details["code"] == "A2" and v.system == "bert-base-uncased"]
    assert sorted({v.details["at"]["pooling"] for v in kappas}) == ["cls", "mean"]
    assert len(kappas) == 2 * 2 * 2  # two poolings, two data sets, κ and d′
    layers = [v.reason for v in everything[2] if v.details["code"] == "A3" and v.system == "repllama"]
    assert "32 count as" in layers[0]
    assert "can never have" in layers[0]
    assert {w for (code, *_), w in words.items() if code in ("A1", "B4")} == {"UNDECIDED"}
    assert {w for (code, *_), w in words.items() if code in ("S1", "S3", "S4", "S5")} == {"NOT_TESTABLE"}
    assert {v.claim for v in everything[2]} == set(literature())
    assert all(v.reason for v in everything[2])


def test_correlated_layers_reduce_the_effective_number() -> None:
    rng = np.random.default_rng(0)
    assert effective_n([rng.standard_normal(400), rng.standard_normal(400)]) > 380
    assert effective_n([np.cumsum(rng.standard_normal(400)), np.cumsum(rng.standard_normal(400))]) < 20


def test_the_page_is_a_function_of_its_records_and_shows_the_known_numbers(tmp_path) -> None:
    first, second = (published_page("yao2025", tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    html = first.read_text()
    for part in ("680 of 680", "176 of the 236", "without reading the question", "AutoModel", "27,257", "κ"):
        assert part in html
    assert html.count("<svg") > 30
    assert "http-equiv" in html
    assert "src=" not in html
    assert {p.name for p in (tmp_path / "a").iterdir()} == {
        "report.html",
        "findings.csv",
        "claims.tex",
        "evidense.json",
        "verdicts.json",
        "records.json",
    }


def test_an_unknown_published_study_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(UnknownName, match="yao2025"):
        published_page("yao2024", tmp_path / "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput):
        published_page("yao2025", tmp_path / "file")


def test_findings_need_no_store() -> None:
    assert len({f.id for f in findings(read("yao2025"))}) == len(findings(read("yao2025")))


def test_a_claim_of_any_code_sorts_and_shows(everything, tmp_path) -> None:
    _, findings, verdicts = everything
    codes = ("L1", "X", "A10", "A2", "B1", "S3b")
    renamed = [
        replace(verdict, details={**verdict.details, "code": codes[n % len(codes)]})
        for n, verdict in enumerate(verdicts)
    ]
    material = Material(read("yao2025"), findings, renamed, "evidense dissect --published yao2025")
    assert [entry.code for entry in claims_of(material)] == ["B1", "A2", "A10", "L1", "S3b", "X"]
    assert all(code in page(material) for code in codes)
    assert "L1 &" in latex(material)


def test_the_verdicts_that_ship_are_those_of_the_numbers(everything) -> None:
    checks = [check.to_json()["content"] for check in everything[2]]
    of_numbers = {verdict for verdict in shipped() if verdict.scope == "published numbers"}
    assert set(verdicts_of(checks, "published numbers", "yao2025")) == of_numbers
    assert written(shipped()).splitlines()[0].startswith("code,level,scope,study,subject")
