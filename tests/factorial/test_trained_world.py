"""One world that is really trained, end to end: twelve encoders in seconds, the signs of their effects, and what is kept of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense import report
from evidense.boundary.numerals import plain
from evidense.cli.saying.lines import say_effects, say_means
from evidense.compute.comparison.lineup import Cell, Effect, Lineup, effects_of
from evidense.records import Checkpoint, Finding, Outcome, Ranking, Recipe, Record, Score
from evidense.report.comparison.queries import thousandths
from evidense.report.history.entries import entries_below, entries_of_store
from evidense.report.rendering import MOST_BYTES
from evidense.store import Store
from evidense.study.result import Result
from evidense.study.run import RunOptions, run_study
from factorial.world import study_of, write_world
from report.accessible import violations
from report.browser import Browser
from report.test_queries import unpacked

pytest.importorskip("torch")

SEEDS = [0, 1, 2]
CELLS = ("neither", "pre-trained", "fine-tuned", "both")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder / "world.csv")
    return folder


@pytest.fixture(scope="module")
def result(place: Path) -> Result:
    return run_study(study_of(place / "world.csv", SEEDS), Store(place / "store"), RunOptions(n_workers=0))


def mean(result: Result, cell: str) -> float:
    """nDCG@10 of a cell over seeds and queries."""
    (finding,) = (
        f for f in result.findings if f.estimand == "cell mean" and f.site["cell"] == cell and f.unit == "nDCG@10"
    )
    assert finding.details["n_seeds"] == len(SEEDS)
    return finding.value


def test_each_training_stage_gains_and_both_together_gain_most(result: Result) -> None:
    neither, pre, fine, both = (mean(result, cell) for cell in CELLS)
    assert neither < 0.1 < min(pre, fine)
    assert both > max(pre, fine) + 0.1
    verdicts = {v.claim: v for v in result.checks if v.claim in ("pretraining_adds", "finetuning_adds")}
    assert {name: v.verdict for name, v in verdicts.items()} == {
        "pretraining_adds": "HOLDS",
        "finetuning_adds": "HOLDS",
    }


def test_every_seed_agrees_on_the_signs(result: Result) -> None:
    effects = {f.site["effect"]: f.details["seeds"] for f in result.findings if f.estimand == "effect" and f.unit == "nDCG@10"}  # fmt: skip
    for effect in ("pretraining alone", "finetuning alone", "finetuning after pretraining", "pretraining before finetuning"):  # fmt: skip
        assert len(effects[effect]) == len(SEEDS), effect
        assert min(effects[effect]) > 0, effect
    assert max(effects["interaction"]) < 0  # what one regime has given, the other need not give again


def test_cells_share_the_stages_that_they_have_in_common(result: Result) -> None:
    recipes = {r.id: r for r in result.of(Recipe)}
    checkpoint_of_recipe = {c.parents[0]: c for c in result.of(Checkpoint)}
    assert len(recipes) == len(checkpoint_of_recipe) == len(CELLS) * len(SEEDS)
    of_seed = [(r, checkpoint_of_recipe[id_]) for id_, r in recipes.items() if r.seed == 1]
    backbone = next(c.id for r, c in of_seed if not r.objective)
    pretrained = next(c.id for r, c in of_seed if r.objective == "crop")
    starts = sorted((r.objective, r.parents) for r, _ in of_seed if r.objective)
    assert starts == sorted([("crop", (backbone,)), ("infonce", (backbone,)), ("infonce", (pretrained,))])


def test_the_model_card_of_a_checkpoint_lists_the_verdicts(result: Result) -> None:
    recipes = {r.id: r for r in result.of(Recipe)}
    best = next(c for c in result.of(Checkpoint) if recipes[c.parents[0]].objective == "infonce")
    card = (result.store.folder(best.id) / "README.md").read_text(encoding="utf-8")
    assert "HOLDS" in card
    assert "infonce" in card


def test_a_second_run_trains_nothing_and_gives_the_same_records(result: Result, place: Path) -> None:
    n_folders = len(list((place / "store" / "folders").iterdir()))
    heard: list[str] = []
    again = run_study(
        result.study, Store(place / "store"), RunOptions(n_workers=0, line=lambda words, _: heard.append(words))
    )
    assert [r.id for r in again.records] == [r.id for r in result.records]
    assert not [words for words in heard if ", step " in words]
    assert len(list((place / "store" / "folders").iterdir())) == n_folders


def read_most(result: Result) -> list[dict[str, Any]]:
    """Queries that fine-tuning after pre-training changes most."""
    (finding,) = (
        f for f in result.findings if f.site.get("effect") == "finetuning after pretraining" and f.unit == "nDCG@10"
    )
    return [dict(e) for e in finding.excerpts]


def test_queries_that_a_stage_changes_most_are_kept_over_the_seeds(result: Result) -> None:
    values = {}
    for cell in ("pre-trained", "both"):
        of_seeds = [
            s for s in result.of(Score) if s.system in [f"{cell} #{n}" for n in SEEDS] and s.measure == "nDCG@10"
        ]
        values[cell] = np.mean([result.store.array(s.values) for s in of_seeds], axis=0)
    deltas = dict(zip(result.store.json(of_seeds[0].query_ids), values["both"] - values["pre-trained"], strict=True))
    shown = {e["query_id"]: e["delta"] for e in read_most(result)}
    assert shown == pytest.approx({q: deltas[q] for q in shown})
    assert sorted(shown.values())[-3:] == pytest.approx(sorted(deltas.values())[-3:])
    assert sorted(shown.values())[0] == pytest.approx(min(deltas.values()))
    assert all(
        1 <= e["system_first"]["n_first"] <= e["system_first"]["n_seeds"] == len(SEEDS) for e in read_most(result)
    )


def test_the_page_shows_these_queries_unless_texts_are_unwanted(result: Result, tmp_path: Path) -> None:
    with_texts, without = (
        report.write(result.study, result.records, result.store, tmp_path / str(text), text=text).read_text("utf-8")
        for text in (True, False)
    )
    for words in (
        "What fine-tuning changes after pre-training",
        "What pre-training changes before fine-tuning",
        "of your texts",
    ):
        assert words in with_texts
    assert "seeds" in with_texts
    for excerpt in read_most(result):
        assert excerpt["query"] in with_texts
        assert excerpt["query"] not in without


def test_the_page_has_all_queries_with_the_means_of_the_cells_and_the_lists_of_their_first_seeds(result: Result, tmp_path: Path) -> None:  # fmt: skip
    path = report.write(result.study, result.records, result.store, tmp_path / "out")
    (table,) = unpacked(path.parent)
    assert table["systems"] == list(CELLS)
    scores = {(s.system, s.measure): s for s in result.of(Score)}
    for m, measure in enumerate(table["measures"]):
        means = [
            np.mean([result.store.array(scores[f"{cell} #{n}", measure].values) for n in SEEDS], axis=0)
            for cell in CELLS
        ]
        assert table["values"][m] == [thousandths(row) for row in means]
        assert table["deltas"][m] == [thousandths(row - means[0]) for row in means]
    rankings = {r.system: r for r in result.of(Ranking)}
    ids = [doc_id for doc_id, _ in table["documents"]]
    for c, cell in enumerate(CELLS):
        ranking = rankings[f"{cell} #0"]
        all_ids, lists = result.store.json(ranking.doc_ids), result.store.array(ranking.documents)
        for place, query in enumerate(table["listed"]):
            assert [ids[d] for d in table["lists"][c][place]] == [all_ids[d] for d in lists[query, :10] if d >= 0]
    html = path.read_text("utf-8")
    assert "Values are means over 3 seeds; lists are those of the first seed (neither #0)." in html
    (entry,) = entries_below(path.parent)
    assert (entry.kind, entry.name, entry.decided) == ("training", "world", ())
    assert entry.words().startswith("claims: ")
    assert "2 HOLDS" in entry.words()
    (logged,) = [e for e in entries_of_store(result.store) if e.folder == path.parent]
    assert (logged.kind, logged.name, logged.words()) == (entry.kind, entry.name, entry.words())
    assert "Differences are from the cell “neither”." in html
    assert len(html.encode()) <= MOST_BYTES
    bare = report.write(result.study, result.records, result.store, tmp_path / "bare", text=False)
    (without,) = unpacked(bare.parent)
    assert not any(without["queries"])
    assert not any(text for _, text in without["documents"])


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_query_of_the_page_opens_with_the_cells_side_by_side(browser: Browser, result: Result, tmp_path: Path, width: int) -> None:  # fmt: skip
    path = report.write(result.study, result.records, result.store, tmp_path / "out")
    (table,) = unpacked(path.parent)
    query = table["listed"][3]
    browser.open(path, width, dark=width == 390)
    browser.evaluate(f"location.hash = '#q1/{table['ids'][query]}'; new Promise(done => setTimeout(done, 600))")
    titles = browser.evaluate(
        "[...document.querySelectorAll('#q1 .lists .sides > div h4')].map(title => title.textContent)"
    )
    values = [row[query] / 1000 for row in table["values"][0]]
    roles = (" (baseline)", "", "", "")
    assert titles[:4] == [f"{cell}{role} {plain(x)}" for cell, role, x in zip(CELLS, roles, values, strict=True)]
    assert violations(browser, "#queries") == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []
    assert browser.requests() == []


def test_the_terminal_shows_the_claims_of_each_collection_and_the_means_at_the_end(result: Result, capsys) -> None:
    single = [r for r in result.records if isinstance(r, Outcome) and r.collection.startswith("world")]
    say_effects(result.study, single)
    lines = capsys.readouterr().out.splitlines()
    assert "nDCG@10" in lines[0]
    assert [" ".join(line.split()[2:4]) for line in lines[1:4]] == [
        "pre-training adds",
        "fine-tuning adds",
        "they interact",
    ]
    assert lines[4].strip() == f"{len(single) - 3} more on the page: stages, controls, equal budgets"
    means = [
        replace(v, collection="mean of these 2 collections", details={**v.details, "role": "all", "direction": "all"})
        for v in single
    ]
    say_means(result.study, means)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "mean of these 2 collections  (nDCG@10)"
    assert any("pre-training before fine-tuning" in line for line in lines), "stages stand in the mean over all"
    say_means(result.study, single)
    assert capsys.readouterr().out == ""


def test_run_files_of_cells_hold_as_many_ranks_as_the_measures_need(result: Result, tmp_path: Path) -> None:
    for measures, depth in ((["nDCG@10"], 10), (["nDCG@10", "RR@10", "R@20"], 20), (["nDCG@10", "RR"], 100)):
        study = replace(result.study, measures=tuple(measures))
        report.write(study, result.records, result.store, tmp_path / str(depth))
        runs = sorted((tmp_path / str(depth) / "runs").iterdir())
        assert {len([line for line in run.read_text().splitlines() if line.startswith("q1 ")]) for run in runs} == {
            depth
        }
    assert len(runs) == len([r for r in result.records if r.kind == "ranking"])


def test_queries_with_pictures_are_strips_of_pictures(result: Result, tmp_path: Path) -> None:
    picture = "data:image/png;base64,AAAA"

    def pictured(record: Record) -> Record:
        if not isinstance(record, Finding) or not record.excerpts:
            return record
        with_picture = ({**e, "base_first": {**e["base_first"], "thumbnail": picture}} for e in record.excerpts)
        return replace(record, excerpts=tuple(with_picture))

    records = [pictured(r) for r in result.records]
    page = report.write(result.study, records, result.store, tmp_path / "out").read_text("utf-8")
    assert page.count('<div class="strip is-') == page.count(f'<img src="{picture}"') == 2 * len(read_most(result))


def test_queries_of_an_arm_are_read_where_no_stage_is() -> None:
    arm = Effect("tuned", "arm", {"tuned": 1, "ready": -1}, start="ready")
    cells = [Cell(name, (name,)) for name in (*CELLS, "tuned", "ready")]
    whole = Lineup(tuple(cells), (*effects_of(cells), arm))
    read = [effect.name for effect in whole.effects if whole.is_read(effect)]
    assert read == ["finetuning after pretraining", "pretraining before finetuning"]
    assert Lineup(tuple(cells[-2:]), (arm,)).is_read(arm)
