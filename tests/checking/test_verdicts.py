"""Verdicts: calibrations, independence of works, what several come to together, and what cannot be checked."""

from importlib.resources import files

import numpy as np
import pytest

from evidense import registry
from evidense.auditing.passages import SourceText
from evidense.checking.aggregate import combined
from evidense.checking.calibration import Calibration, calibration_for, verdict_of
from evidense.checking.checkable import objection
from evidense.checking.decide import WITHHELD, Judges, decide
from evidense.checking.independence import dependence, not_citing
from evidense.checking.library import LibraryWork, WorkLibrary, closest_sentences
from evidense.checking.rule_outcomes import SHIPPED, RuleOutcomes, outcomes_json, rule_risk, rule_risks
from evidense.stats import IsotonicRegression, LogisticScaling
from evidense.values import Citation, Reference, Span, Work

TEXT = (
    "Owls were watched for a year. In most winters, barn owls hunt voles at dusk. We ask whether owls prefer snow. "
    "Barn owls hunt mice at night. Hawks are said to hunt owls (Roe, 2011)."
)
ROE = Reference("roe2011", title="Hawks hunt owls", authors=("Roe, Bob",), year=2011)


def paper(key: str = "owls", text: str = TEXT, title: str = "A study of owls", **about) -> LibraryWork:
    start = text.find("Hawks are")
    citations = (Citation(Span(start, len(text), text[start:]), ("roe2011",)),) if start >= 0 else ()
    return LibraryWork(key, Work("file", title=title, **about), SourceText.of_abstract(key, text), (ROE,), citations)


def features():
    return registry.part("entailers", "features").open("features")


def checked(statement: str, *works: LibraryWork, cites: tuple[str, ...] = (), risk: float = 0.1):
    return decide(statement, cites, "claim", Judges(WorkLibrary(works or (paper(),)), features(), risk))


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("Barn owls hunt mice at night.", "SUPPORTED"),
        ("Barn owls hunt voles at dusk.", "QUALIFIED"),
        ("Barn owls do not hunt mice at night.", "REFUTED"),
        ("Owls were watched for two years.", "NOT SURE"),
        ("Owls prefer snow.", "NOT SURE"),
        ("Hawks are said to hunt owls.", "NOT SURE"),
        ("Owls are often the prey of bigger birds.", "NOT SURE"),
    ],
)
def test_copies_get_the_verdict_of_rules_and_everything_else_the_passage_to_read(statement: str, word: str) -> None:
    found = checked(statement)
    assert found.word == found.grounded == word
    assert found.corroborated == "NOT CHECKED"
    assert found.evidence
    assert all(TEXT[e.passage.span.start : e.passage.span.end] == e.passage.span.quote for e in found.evidence)
    assert (found.entailer == "rules") == (word != "NOT SURE")


@pytest.mark.parametrize("title", ["Women in night shifts", "Loss of sleep after night shifts"])
def test_a_title_without_a_full_stop_that_may_lack_its_verb_gets_no_verdict(title: str) -> None:
    assert checked(title, paper(text=f"{title}. They slept badly.")).word == "NOT SURE"


@pytest.mark.parametrize(
    ("statement", "passage", "reason"),
    [
        ("Caffeine shortens sleep.", "Caffeine may shorten sleep.", "the passage says it with a doubt: “may shorten”"),
        ("Nurses slept badly.", "Most nurses slept badly.", "the passage says of how many it holds: “Most”"),
        ("Naps help nurses.", "Naps help nurses in winter.", "the passage says it under a condition: “in winter”"),
        (
            "Caffeine did not change sleep at all.",
            "Caffeine did not change sleep.",
            "the statement says “at all”, the passage does not",
        ),
        ("Most nurses slept badly.", "Some nurses slept badly.", "both can be true"),
    ],
)
def test_the_reason_is_the_one_that_decided(statement: str, passage: str, reason: str) -> None:
    assert checked(statement, paper(text=passage)).reasons[-1] == reason


def test_no_stance_leaks_where_there_is_no_verdict() -> None:
    assert {e.stance for e in checked("Owls are often the prey of bigger birds.").evidence} == {"not sure"}


def test_others_corroborate_and_their_verdict_stands_apart() -> None:
    other = paper("field", "Many say so. Barn owls hunt mice at night. Voles hide.", "Field notes")
    found = checked("Barn owls hunt mice at night.", paper(), other, cites=("owls",))
    assert (found.word, found.grounded, found.corroborated) == ("SUPPORTED", "SUPPORTED", "SUPPORTED")
    alone = checked("Barn owls hunt mice at night.", paper(), other, cites=("field",))
    assert [e.passage.source for e in alone.evidence if e.stance == "supports"] == ["field", "owls"]


def test_a_source_that_is_not_at_hand_is_named_and_a_statement_without_any_is_not_checked_beside_one() -> None:
    found = checked("Barn owls hunt mice at night.", paper(), paper("b", "Trains run.", "T"), cites=("gone",))
    assert found.grounded == "NOT CHECKED"
    assert found.corroborated == "SUPPORTED"
    assert found.reasons == ("no text of 'gone' is at hand",)


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("Barn owls hunt mice at night.", "SUPPORTED"),
        ("Barn owls hunt voles at dusk.", "QUALIFIED"),
        ("Barn owls do not hunt mice at night.", "REFUTED"),
    ],
)
def test_rules_give_no_verdict_whose_risk_may_be_above_the_target(statement: str, word) -> None:
    upper = rule_risk(word).upper
    assert rule_risk(word).n_wrong / rule_risk(word).n < upper < 0.10
    assert checked(statement, risk=1.001 * upper).word == word
    found = checked(statement, risk=0.999 * upper)
    assert (found.word, found.reasons[-1]) == ("NOT SURE", WITHHELD["sentence"])
    assert {(e.stance, e.by) for e in found.evidence} == {("not sure", "")}


def test_outcomes_of_rules_are_written_as_they_ship() -> None:
    shipped = files("evidense.checking") / "shipped" / SHIPPED
    both = [*rule_risks().values(), *rule_risks("cell").values()]
    assert outcomes_json([o for risk in both for o in risk.outcomes]) == shipped.read_text("utf-8")
    assert rule_risk("NOT SURE").upper == 1.0
    assert RuleOutcomes("QUALIFIED", "statements written by hand", 58, 0) in rule_risk("QUALIFIED").outcomes


def test_passages_that_share_too_little_with_a_statement_are_not_shown() -> None:
    found = checked("Insulin lowers glucose in adults.")
    assert (found.word, found.grounded, found.evidence) == ("NOT ENOUGH", "NOT ENOUGH", ())


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"identifiers": {"doi": "10.1/a"}}, "the same work"),
        ({"title": "A Study of Owls"}, "a version of it"),
        ({"title": "A study of the owls", "authors": ("A. Smith",)}, "a version of it"),
        ({"title": "Mice", "authors": ("Doe, Jane", "Smith, Ada")}, "by the same authors"),
        ({"title": "Mice", "authors": ("Doe, Jane", "Poe, Ed")}, ""),
        ({"title": "Mice"}, ""),
    ],
)
def test_what_depends_on_a_source_cannot_corroborate_it(about: dict, reason: str) -> None:
    own = paper(identifiers={"doi": "10.1/a"}, authors=("Smith, Ada", "Roe, Bob"))
    other = paper("other", "Something else.", **{"title": "Something", **about})
    assert dependence(own, other) == dependence(other, own) == reason
    assert dependence(own, own) == "the same work"


def test_a_sentence_that_cites_the_source_does_not_corroborate_it() -> None:
    source = paper("x", "Hawks hunt owls.", "Hawks hunt owls")
    passages = closest_sentences(paper(), "Hawks hunt owls", 5)
    left = not_citing([source], paper(), passages)
    assert len(left) == len(passages) - 1
    assert not any("Hawks" in passage.span.quote for passage in left)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["SUPPORTED", "NOT SURE"], "SUPPORTED"), (["REFUTED", "SUPPORTED"], "MIXED"), (["QUALIFIED", "SUPPORTED"], "QUALIFIED"),
        (["REFUTED", "QUALIFIED"], "MIXED"), (["NOT ENOUGH"], "NOT ENOUGH"), ([], "NOT CHECKED"),
    ],
)  # fmt: skip
def test_support_and_refutation_are_counted_apart(words: list, word: str) -> None:
    assert combined(words) == word


@pytest.mark.parametrize("kind", ["claim", "citing sentence"])
def test_the_features_entailer_may_not_give_verdicts_at_the_default_risk(kind) -> None:
    calibration = calibration_for(features().identity, kind)
    assert calibration is not None
    assert calibration.threshold(0.10) is None
    assert Calibration.of_json(calibration.to_json()) == calibration
    assert len(calibration.id) == 64


def test_an_entailer_that_was_never_measured_gives_no_verdict() -> None:
    assert calibration_for("another", "claim") is None


def calibration(share_right: float, n: int = 600) -> Calibration:
    stated = np.linspace(0.34, 0.99, n).round(4)
    right = np.random.default_rng(0).random(n) < np.where(stated > 0.7, share_right, 0.3)
    return Calibration("e", "claim", "made", tuple(stated.tolist()), tuple(right.tolist()), tuple(range(n)))


def test_a_verdict_is_printed_only_above_the_confidence_whose_risk_is_within_the_target() -> None:
    good = calibration(0.99)
    chosen = good.threshold(0.10)
    assert chosen is not None
    assert chosen.at > 0.6
    assert chosen.upper <= 0.10
    assert good.share_right(0.99) > 0.9 > 0.5 > good.share_right(0.4)
    assert calibration(0.8).threshold(0.10) is None


@pytest.mark.parametrize(
    ("shares", "curve"), [(lambda stated: stated, LogisticScaling), (lambda stated: 0.02 + 0.96 * (stated > 0.4), IsotonicRegression)]
)  # fmt: skip
def test_the_curve_that_foresees_other_documents_better_is_taken(shares, curve) -> None:
    stated = np.linspace(0.02, 0.98, 600)
    right = np.random.default_rng(1).random(600) < shares(stated)
    measured = Calibration("e", "claim", "made", tuple(stated.tolist()), tuple(right.tolist()), tuple(range(600)))
    assert isinstance(measured.calibrator, curve)
    assert measured.error() < 0.05


def test_a_measured_entailer_decides_what_rules_leave_open(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sure:
        name, identity = "sure", "e"

        def entail(self, pairs):
            return np.tile([0.95, 0.03, 0.02], (len(pairs), 1))

    made = calibration(0.99)
    monkeypatch.setattr("evidense.checking.decide.calibration_for", lambda identity, kind: made)
    found = decide("Owls are often the prey of bigger birds.", (), "claim", Judges(WorkLibrary((paper(),)), Sure()))
    assert (found.word, found.entailer, found.calibrator) == ("SUPPORTED", "sure", made.id)
    assert found.confidence is not None
    assert found.confidence > 0.9
    assert found.evidence[0].stance == "supports"


def test_the_likelier_verdict_is_taken_whatever_the_probability_of_neither() -> None:
    assert verdict_of(np.array([0.1, 0.2, 0.7])) == ("REFUTED", 0.2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("The role of dense retrieval in question answering", "no verb"),
        ("Owls.", "no verb"),
        ("Night shifts and sleep", "no verb"),
        ("Changes in sleep duration", "no verb"),
        ("Short naps and alertness.", "no verb"),
        ("Shift work and health", "no verb"),
        ("Nachtschichten verkürzen den Schlaf um 48 Minuten am Tag.", "German"),
        ("Barn owls.", "no verb"),
        ("Eurasian barn owls.", "no verb"),
        ("Does fine-tuning help?", "a question"),
        ("Die Feinabstimmung verbessert die Suche und ist nicht teuer.", "German"),
        ("Schleiereulen jagen nachts Mäuse und fressen diese.", "German"),
        ("Sowy łowią myszy nocą późną jesienią", "another language"),
        ("密集检索比稀疏检索有效", "another script"),
        ("word " * 3_000, "3,000 words"),
        ("12 %", "no words"),
        ("", "no words"),
    ],
)
def test_what_is_no_statement_is_said_so(text: str, says: str) -> None:
    assert says in objection(text)
    found = checked(text)
    assert found.word == "NOT CHECKED"
    assert says in found.reasons[0]


def test_no_claim_of_experts_is_refused(shared_data) -> None:
    from evidense.study.check.corpus import read_claims

    claims = [c for fold in ("train", "dev") for c in read_claims(shared_data / "scifact" / f"claims_{fold}.jsonl")]
    assert [c.text for c in claims if objection(c.text)] == []
