"""HALLMARK's references against its two frozen indexes: as folders, and served over the wire in the dialects of two indexes."""

from functools import cache
from pathlib import Path

import pytest
from indexes import lines, reference_of

import evidense as ev
from evidense import registry
from evidense.auditing.references_of import NamedSource, ask
from evidense.fetching import Terms, open_wire
from evidense.report.audit.screen import screen
from evidense.sources._bibliographies import read_bibliography, work_of
from evidense.values import Work
from sources.world import world

pytest.importorskip("httpx")
OK = {"OK", "OLDER VERSION", "NOT ASKED", "NOT A PAPER", "INDEXES DISAGREE"}


@pytest.fixture
def hallmark(shared_data: Path) -> Path:
    folder = shared_data / "hallmark"
    if not folder.is_dir():
        pytest.skip("HALLMARK is not among the shared data")
    return folder


@cache
def held_in(path: Path) -> tuple[Work, ...]:
    return tuple(work_of(reference, "held") for reference in read_bibliography(path).references)


def folders(hallmark: Path) -> list[NamedSource]:
    part = registry.part("sources", "folder")
    return [NamedSource(f"folder:{name}", part, f"folder:{hallmark / name}.jsonl") for name in ("index_a", "index_b")]


def test_two_folders_decide_as_two_indexes_in_memory_do(hallmark: Path) -> None:
    entries = lines("hallmark_dev.jsonl")
    with open_wire(terms=Terms(is_offline=True)) as wire:
        decided = ask([reference_of(entry) for entry in entries], folders(hallmark), wire)
    flagged = {True: [0, 0], False: [0, 0]}
    for entry, (decision, _) in zip(entries, decided, strict=True):
        is_wrong = entry["label"] == "HALLUCINATED"
        flagged[is_wrong][0] += decision.verdict not in OK
        flagged[is_wrong][1] += 1
    assert flagged[True][0] / flagged[True][1] >= 0.96, flagged
    assert flagged[False][0] / flagged[False][1] <= 0.01, flagged


def test_references_of_neurips_papers_that_nobody_wrote_are_found_and_real_ones_stay(
    hallmark: Path, tmp_path: Path
) -> None:
    entries = lines("hallmark_dev.jsonl")
    wrong = [entry for entry in entries if entry["source"] == "gptzero_neurips2025"]
    right = [entry for entry in entries if entry["label"] == "VALID"][: len(wrong)]
    bibliography = tmp_path / "neurips.bib"
    bibliography.write_text("\n".join(map(as_bibtex, [*wrong, *right])), encoding="utf-8")
    result = ev.audit(bibliography, [source.spelling for source in folders(hallmark)], offline=True)
    verdicts = {audited.reference.key: audited.decision.verdict for audited in result.audit.references}
    assert len(wrong) == 38
    assert {verdicts[entry["bibtex_key"]] for entry in wrong} == {"NOT FOUND"}
    assert {verdicts[entry["bibtex_key"]] for entry in right} <= OK
    shown = screen(result.audit).splitlines()
    assert sum("as above: “" in line for line in shown) == 37
    assert len(shown) <= 60


def as_bibtex(entry: dict) -> str:
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in entry["fields"].items())
    return f"@{entry['bibtex_type']}{{{entry['bibtex_key']},\n{fields}}}\n"


def test_served_in_two_dialects_they_decide_the_same(hallmark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (held_in(hallmark / f"{name}.jsonl") for name in ("index_a", "index_b"))
    references = [reference_of(entry) for entry in lines("hallmark_dev.jsonl")[:120]]
    sources = [NamedSource(name, registry.part("sources", name), name) for name in ("crossref", "openalex")]
    with world({"crossref": a, "openalex": b}, monkeypatch) as served, open_wire() as wire:
        over_wire = ask(references, sources, wire)
        n_requests = len(served.loopback.seen)
    with open_wire(terms=Terms(is_offline=True)) as wire:
        in_files = ask(references, folders(hallmark), wire)
    same = sum((x.verdict in OK) == (y.verdict in OK) for (x, _), (y, _) in zip(over_wire, in_files, strict=True))
    assert same / len(references) >= 0.97
    assert n_requests <= 2 * len(references)


def test_works_withheld_from_all_indexes_are_never_called_wrong(
    hallmark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (held_in(hallmark / f"{name}.jsonl") for name in ("index_a", "index_b"))
    valid = [reference_of(entry) for entry in lines("hallmark_dev.jsonl") if entry["label"] == "VALID"]
    withheld = valid[::5][:40]
    titles = {"".join(r.title.lower().split()).strip("{}.") for r in withheld}

    def left(works: tuple[Work, ...]) -> list[Work]:
        dois = {r.identifiers.get("doi") for r in withheld} - {None}
        return [
            w
            for w in works
            if w.identifiers.get("doi") not in dois and "".join(w.title.lower().split()).strip(".") not in titles
        ]

    sources = [NamedSource(name, registry.part("sources", name), name) for name in ("crossref", "openalex")]
    with world({"crossref": left(a), "openalex": left(b)}, monkeypatch), open_wire() as wire:
        verdicts = [decision.verdict for decision, _ in ask(withheld, sources, wire)]
    assert not {"OTHER WORK", "RETRACTED"} & set(verdicts)
    assert verdicts.count("NOT FOUND") >= len(withheld) - 2
