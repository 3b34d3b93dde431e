"""The page says what its records say, alone and always in the same bytes."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from evidense import report
from evidense.boundary.numerals import interval, signed
from evidense.records import Finding, QueryTexts, Record, Verdict
from evidense.report.page import MOST_BYTES
from evidense.report.words import WORDS
from report.hostile import PIXEL
from report.sample import Sample


def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def visible(html: str) -> str:
    """The text that a reader sees: no tags, no style, no script."""
    bare = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", bare)))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_equal_records_make_equal_bytes(sample: Sample, folder: Path, tmp_path: Path) -> None:
    command = "evidense compare char_ngrams bm25"
    report.write(sample.study, sample.records, sample.store, tmp_path / "again", command=command)
    assert files(tmp_path / "again") == files(folder)


def test_what_was_luck_when_it_was_observed_is_in_no_file(sample: Sample, tmp_path: Path) -> None:
    steady = {"environment": {"python": "3.12"}}
    luck = {"texts_per_s": 61.0, "wall_s": 3.1, "encode_s": 2.0, "started_at": "2026-01-01"}
    report.write(
        sample.study, [replace(r, observed=steady | luck) for r in sample.records], sample.store, tmp_path / "a"
    )
    report.write(sample.study, [replace(r, observed=steady) for r in sample.records], sample.store, tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert '"python": "3.12"' in (tmp_path / "a" / "page.json").read_text(encoding="utf-8"), "replay compares it"


def test_every_verdict_is_there_in_words_with_effect_interval_n_and_clusters(sample: Sample, folder: Path) -> None:
    text = visible(page(folder))
    verdicts = [r for r in sample.records if isinstance(r, Verdict)]
    assert len(verdicts) == 9
    for v in verdicts:
        assert f"{WORDS[v.verdict].icon} {v.verdict}" in text
        assert f"{signed(v.effect)} {interval(v.low, v.high)}" in text
        assert f"{v.n_clusters} independent" in text
        assert v.id in text


def test_every_mean_of_every_measure_is_there_with_its_interval(sample: Sample, folder: Path) -> None:
    text = visible(page(folder))
    for f in (r for r in sample.records if isinstance(r, Finding) and r.estimand == "mean"):
        assert interval(f.low, f.high, sign=False) in text, f.site


def test_harms_stand_before_doubts_and_those_before_the_rest(sample: Sample, folder: Path) -> None:
    for table in re.findall(r'<table class="forest.*?</table>', page(folder), flags=re.DOTALL):
        words = re.findall(r'data-v="(\d)"><span class="word', table.split('class="summary"')[0])
        assert len(words) == 3
        assert words == sorted(words)


def test_the_first_screen_uses_no_word_that_only_we_know(folder: Path) -> None:
    text = visible(page(folder)).lower()
    assert not re.findall(r"\b(tost|max-t|hartung-knapp|floors?|shel(?:f|ves))\b", text)
    assert all(w in text for w in ("margin ±.02", "adjusted over 9 comparisons", "gate: fail"))


def test_exploratory_slices_are_marked(folder: Path) -> None:
    text = visible(page(folder))
    assert text.count("kind: function named beforehand") == 9
    assert text.count("words exploratory") >= 9


def test_set_up_differences_are_marked_and_warned_of(folder: Path) -> None:
    text = visible(page(folder))
    assert "query prompts differ: “query: ” vs none (baseline)" in text
    assert "≠differs: “query: ”" in text


def test_it_counts_the_users_texts(sample: Sample, folder: Path) -> None:
    (record,) = (r for r in sample.records if isinstance(r, QueryTexts) and r.collection == "docstrings/text")
    kept = sample.store.json(record.texts)
    first = {d["doc_id"] for f in sample.records if isinstance(f, Finding) and f.site.get("collection") == "docstrings/text"
             for e in f.excerpts for d in (*e["relevant"], e["base_first"], e["system_first"])}  # fmt: skip
    n_texts = len(kept["query_ids"]) + len(first | set(kept["doc_ids"]))
    assert f"shows {n_texts} of your texts" in visible(page(folder))


def test_nothing_is_fetched_from_anywhere(folder: Path) -> None:
    links = re.findall(r'(?:href|src|action|srcset|xlink:href)="([^"]*)"', page(folder))
    assert links
    assert not [link for link in links if not link.startswith(("#", "data:"))]
    (style,) = re.findall(r"<style>(.*?)</style>", page(folder), flags=re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_no_text_keeps_every_text_out_of_every_file(sample: Sample, tmp_path: Path) -> None:
    report.write(sample.study, sample.records, sample.store, tmp_path / "out", text=False)
    written = "\n".join(
        data.decode("utf-8")
        for name, data in files(tmp_path / "out").items()
        if not name.startswith("runs") and not name.endswith(".pdf")
    )
    plain = unescape(written)
    findings = [r for r in sample.records if isinstance(r, Finding)]
    cards = [d for f in findings for e in f.excerpts for d in (*e["relevant"], e["base_first"], e["system_first"])]
    texts = {d["text"][60:90] for d in cards if len(d["text"]) > 90}
    texts |= {e["query"] for f in findings for e in f.excerpts if len(e["query"]) > 30}
    assert len(texts) > 50
    assert not [t for t in texts if t in plain]
    assert "shows no texts" in visible(page(tmp_path / "out"))


def test_a_picture_is_shown_and_markup_in_its_place_is_not(sample: Sample, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report.write(sample.study, [_with_pictures(r, PIXEL) for r in sample.records], sample.store, out)
    assert page(out).count(f'<img src="{PIXEL}"') > 20
    bad = "data:image/svg+xml;base64,PHN2Zy8+"
    report.write(sample.study, [_with_pictures(r, bad) for r in sample.records], sample.store, out)
    assert "<img" not in page(out)


@pytest.mark.parametrize("n", [30_000, 39_000])
def test_a_page_stays_below_five_megabytes(sample: Sample, tmp_path: Path, n: int) -> None:
    records = [_with_pictures(r, f"data:image/png;base64,{'A' * (n - n % 4)}", copies=3) for r in sample.records]
    report.write(sample.study, records, sample.store, tmp_path / "out")
    assert (tmp_path / "out" / "report.html").stat().st_size <= MOST_BYTES


def _with_pictures(record: Record, url: str, copies: int = 1) -> Record:
    if not isinstance(record, Finding) or not record.excerpts:
        return record
    shown = tuple({**e, "relevant": [{**d, "thumbnail": url} for d in e["relevant"]] * copies} for e in record.excerpts)
    return replace(record, excerpts=shown)


def test_identical_systems_say_so_and_pass_where_enough_queries_were_seen(single: Sample, tmp_path: Path) -> None:
    report.write(single.study, single.records, single.store, tmp_path / "out")
    text = visible(page(tmp_path / "out"))
    assert (
        "IDENTICAL: every query has the same value on all 2 collections; the intervals show no loss beyond .02 on all 2 collections, but "
        in text
    )
    assert text.count("≡ IDENTICAL") >= 2


def test_claims_that_the_study_names_stand_apart(single: Sample, tmp_path: Path) -> None:
    report.write(single.study, single.records, single.store, tmp_path / "out")
    text = visible(page(tmp_path / "out"))
    claims = text[text.index("Claims claim") : text.index("Values nDCG@10")]
    assert claims.count("✔ HOLDS") == 2
    assert claims.count("✖ FAILS") == 2
    assert text[: text.index("Claims claim")].count("HOLDS") == 0


def test_random_effects_speak_of_a_new_collection(sample: Sample, tmp_path: Path) -> None:
    mean = next(r for r in sample.records if isinstance(r, Finding) and r.estimand == "mean over collections")
    details = {"tau2": 0.0004, "i2": 0.41, "prediction_low": -0.03, "prediction_high": 0.11, "n_families": 6}
    beyond = replace(mean, estimand="random effects", details=details)
    report.write(sample.study, [*sample.records, beyond], sample.store, tmp_path / "out")
    text = visible(page(tmp_path / "out"))
    assert "a new collection like these" in text
    assert "expected between −.030 and +.110" in text
    assert "τ² .00040, I² .41" in text
    assert "over 6 independent families of collections" in text
