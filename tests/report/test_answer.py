"""The sentence in the box follows from the verdicts, whatever they are."""

import re
from dataclasses import replace

import pytest

from evidense.boundary.numerals import plain
from evidense.records import Finding, Ranking, Record, Verdict
from evidense.report.comparison import forest
from evidense.report.comparison.answer import answer, warnings
from evidense.report.comparison.sections import facts_on
from evidense.report.contents import Contents
from evidense.report.words import note, queries_words
from evidense.stats import too_few
from evidense.study.gates.gate import gate
from report.sample import Sample

SHAPES = {
    "HARMS": (-0.05, -0.08, -0.03),
    "UNDECIDED": (-0.01, -0.05, 0.03),
    "LEANING": (0.01, -0.01, 0.04),
    "SAME": (0.0, -0.01, 0.01),
    "HELPS": (0.05, 0.03, 0.07),
    "IDENTICAL": (0.0, 0.0, 0.0),
}  # fmt: skip


def contents(sample: Sample, *shapes: str, n_clusters: int = 200) -> Contents:
    """The first system's verdicts on as many collections, each of the shape asked for."""
    template = next(r for r in sample.records if isinstance(r, Verdict))
    verdicts: list[Record] = [
        replace(
            template,
            collection=f"c{i}",
            verdict="UNDECIDED" if shape == "LEANING" else shape,
            effect=SHAPES[shape][0],
            low=SHAPES[shape][1],
            high=SHAPES[shape][2],
            n_clusters=n_clusters,
            reason=too_few(n_clusters),
        )
        for i, shape in enumerate(shapes)
    ]
    return Contents.of(sample.study, verdicts)


@pytest.mark.parametrize(
    ("shapes", "said", "passes"),
    [
        (("HELPS", "HARMS"), "NOT YET: it helps c0 and harms c1.", False),
        (("HARMS", "SAME"), "NO: it harms c0; no difference beyond .02 on c1.", False),
        (("HELPS", "HELPS"), "YES: it helps c0 and c1.", True),
        (("HELPS",) * 5, "YES: it helps all 5 collections.", True),
        (("HELPS", "SAME"), "YES: it helps c0; no difference beyond .02 on c1.", True),
        (("SAME", "IDENTICAL"), "SAME: no difference beyond .02 on all 2 collections.", True),
        (("UNDECIDED", "HELPS"), "NOT SURE YET: it helps c1; a loss beyond .02 is not ruled out on c0.", False),
        (("UNDECIDED",) * 2, "NOT SURE YET: a loss beyond .02 is not ruled out on any of the 2 collections.", False),
        (("LEANING", "SAME"), "NO HARM: no difference beyond .02 on c1; no loss beyond .02, gain unsure on c0.", True),
        (("IDENTICAL",), "IDENTICAL: every query has the same value on this collection.", True),
        (("HARMS",) * 6 + ("SAME",), "NO: it harms c0, c1, c2 and 3 more; no difference beyond .02 on c6.", False),
    ],
)
def test_sentence(sample: Sample, shapes: tuple[str, ...], said: str, passes: bool) -> None:
    of = contents(sample, *shapes)
    found = answer(of, of.systems[0])
    assert f"{found.lead}: {re.sub('</?bdi>', '', found.sentence)}" == said
    assert found.passes is passes
    assert gate(of.worst_first(of.systems[0]), "no-harm", 0.02).passed is passes


@pytest.mark.parametrize(
    ("label", "shapes", "said"),
    [
        ("HELPS", ("UNDECIDED", "HELPS"),
         "NOT SURE YET: a gain is shown for the mean of the 2 collections, ONE: it helps c1; a loss beyond .02 is not ruled out on c0."),
        ("HELPS", ("HELPS", "HELPS"), "YES: it helps c0 and c1."),
        ("HARMS", ("UNDECIDED", "UNDECIDED"),
         "NOT SURE YET: a loss is shown for the mean of the 2 collections, ONE: a loss beyond .02 is not ruled out on any of the 2 collections."),
        ("HARMS", ("HARMS", "HARMS"), "NO: it harms c0 and c1."),
        ("UNDECIDED", ("UNDECIDED", "HELPS"), "NOT SURE YET: it helps c1; a loss beyond .02 is not ruled out on c0."),
    ],
)  # fmt: skip
def test_a_box_whose_word_differs_from_that_of_the_mean_says_why(sample: Sample, label: str, shapes: tuple[str, ...], said: str) -> None:  # fmt: skip
    of = contents(sample, *shapes)
    system = of.systems[0]
    of.rankings = {
        (system, f"c{i}"): next(r for r in sample.records if isinstance(r, Ranking)) for i in range(len(shapes))
    }
    mean = next(r for r in sample.records if isinstance(r, Finding) and r.estimand == "mean over collections")
    of.pooled[system] = replace(mean, details={**mean.details, "label": label})
    found = answer(of, system)
    why = said.replace("ONE: ", "but not for every single one: ")
    assert f"{found.lead}: {re.sub('</?bdi>', '', found.sentence)}" == why


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (("LEANING",), "on c0, but 40 different queries are too few"),
        (("LEANING", "LEANING"), "on all 2 collections, but 40 queries each are too few"),
        (("IDENTICAL", "IDENTICAL"), "on all 2 collections, but 40 queries each are too few"),
    ],
)
def test_the_box_never_contradicts_an_interval_without_a_loss(sample: Sample, shapes: tuple[str, ...], said: str) -> None:  # fmt: skip
    of = contents(sample, *shapes, n_clusters=40)
    sentence = re.sub("</?bdi>", "", answer(of, of.systems[0]).sentence)
    assert (
        f"no loss beyond .02 {said} to rely on that: 183 are needed at this margin, or a gain that is shown."
        in sentence
    )
    assert "not ruled out" not in sentence


def test_the_box_says_which_margin_identical_values_allow(sample: Sample) -> None:
    of = contents(sample, "IDENTICAL", n_clusters=113)
    found = answer(of, of.systems[0])
    n = of.worst_first(of.systems[0])[0].n
    assert (found.lead, found.passes) == ("IDENTICAL", False)
    assert found.sentence.startswith(f"on all {n} queries")
    assert found.sentence.endswith("but 183 are needed at a margin of .02: use --margin .04, or more queries.")


def test_the_share_of_wins_counts_half_of_the_ties_and_is_named_so(sample: Sample) -> None:
    of = Contents.of(sample.study, sample.records)
    for verdict in of.verdicts.values():
        d = verdict.details
        share = (d["win"] + d["tie"] / 2) / verdict.n
        assert ("wins plus half of the ties, as a share of all queries", plain(share)) in facts_on(of, verdict)


@pytest.mark.parametrize(
    ("n_clusters", "n_deciding", "said"),
    [
        (500, 10, "if its 10 strongest queries were ties, the verdict would be UNDECIDED"),
        (500, 1, "if its strongest query were a tie, the verdict would be UNDECIDED"),
        (400, 3, "if its 3 strongest groups of queries were ties, the verdict would be UNDECIDED"),
        (400, 1, "if its strongest group of queries were a tie, the verdict would be UNDECIDED"),
    ],
)
def test_what_carries_a_verdict_is_said_in_queries(sample: Sample, n_clusters: int, n_deciding: int, said: str) -> None:
    of = contents(sample, "HELPS", n_clusters=n_clusters)
    verdict = replace(next(iter(of.verdicts.values())), n=500, details={"n_deciding": n_deciding})
    assert ("carried by", said) in facts_on(of, verdict)


@pytest.mark.parametrize(
    ("details", "n_clusters", "said"),
    [
        ({}, 500, "500, all independent"),
        ({}, 400, "500, 400 independent: queries that share a relevant document or a group count once"),
        ({"effective_queries": 70, "n_groups": 300}, 70,
         "500, at least 70 independent, since queries share relevant documents in part; 300 different, if those that share half or more are one kind"),
    ],
)  # fmt: skip
def test_queries_are_counted_in_one_vocabulary(sample: Sample, details: dict[str, int], n_clusters: int, said: str) -> None:  # fmt: skip
    of = contents(sample, "HELPS", n_clusters=n_clusters)
    verdict = replace(next(iter(of.verdicts.values())), n=500, details=details)
    assert ("queries", said) in facts_on(of, verdict)
    assert queries_words(verdict).startswith("500 queries" + (f" ({n_clusters} independent)" if n_clusters != 500 else "") + ": ")  # fmt: skip


def test_an_interval_that_starts_above_zero_rules_out_any_loss(sample: Sample) -> None:
    of = contents(sample, "HELPS")
    ruled_out = {"rules_out_loss_above": 0.0, "rules_out_gain_above": 0.07}
    verdict = replace(next(iter(of.verdicts.values())), details=ruled_out)
    assert ("rules out", "any loss; a gain above .070") in facts_on(of, verdict)


def test_few_clusters_never_pass(sample: Sample) -> None:
    of = contents(sample, "LEANING", n_clusters=19)
    assert not answer(of, of.systems[0]).passes
    assert "too few to decide: 19 independent groups" in note(next(iter(of.verdicts.values())))
    assert "too few queries to decide on <bdi>c0</bdi>" in answer(of, of.systems[0]).sentence


def test_unjudged_documents_are_warned_of_only_where_the_system_surfaces_them(sample: Sample) -> None:
    of = contents(sample, "HELPS", "HELPS")
    at = list(of.verdicts)
    for key, own in zip(at, (0.69, 0.86), strict=True):
        judged = {"base": 0.88, "system": own}
        of.verdicts[key] = replace(of.verdicts[key], details={**of.verdicts[key].details, "judged": judged})
    found = [re.sub("</?bdi>", "", w) for w in warnings(of, of.systems[0])]
    assert found == ["bm25 on c0: 31% of its top 10 unjudged (baseline 12%)"]


def test_interval_of_too_few_groups_is_said_and_not_drawn(sample: Sample) -> None:
    of = contents(sample, "LEANING", n_clusters=19)
    scale = forest.scale_of(of)
    row = next(row for system in of.systems for row in forest.group(of, system, scale).rows if row.word)
    assert row.start == row.end == row.at
    assert "too few to decide" in row.note


def test_note_of_an_undecided_verdict_is_its_reason(sample: Sample) -> None:
    (verdict,) = contents(sample, "LEANING").worst_first(sample.study.systems[1])
    assert note(replace(verdict, reason="could hide a loss of 0.089")) == "could hide a loss of 0.089"
