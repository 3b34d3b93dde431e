"""Near statements that are not to be supported: numbers and names that changed places, and what a sentence reports, doubts or supposes."""

import pytest

from evidense.checking.near import near_verdict


def _word(statement: str, passage: str) -> str | None:
    verdict = near_verdict(statement, passage)
    return verdict.word if verdict else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Accuracy rose from 71 to 78 percent on SQuAD.", "Accuracy rose from 78 to 71 percent on SQuAD."),
        ("We enrolled 40 women and 60 men.", "We enrolled 60 women and 40 men."),
        ("Precision was 90 percent and recall was 60.", "Precision was 60 percent and recall was 90."),
        ("The error decreased from 5 to 3.", "The error decreased from 3 to 5."),
        ("Group A scored 12 and group B scored 15.", "Group A scored 15 and group B scored 12."),
        ("A outperforms B.", "B outperforms A."),
        ("Model A outperforms model B.", "Model B outperforms model A."),
    ],
)
def test_numbers_and_names_that_changed_places_are_refuted(one: str, other: str) -> None:
    assert _word(one, other) == _word(other, one) == "REFUTED"


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Treatment came before surgery.", "Surgery came before treatment."),
        ("Precision was 60 percent.", "Precision was 90 percent and recall was 60 percent."),
        ("Recall rose by 7 percent.", "Recall rose by 7 percentage points."),
        ("Recall rose by 7 percentage points.", "Recall rose by 7 percent."),
        ("Fine-tuning improves recall.", "Smith et al. report that fine-tuning improves recall."),
        ("Fine-tuning improves recall.", "Smith and Jones found that fine-tuning improves recall."),
        ("Fine-tuning improves recall.", "Earlier studies suggested that fine-tuning improves recall."),
        ("Fine-tuning improves recall.", "Fine-tuning improves recall, we thought."),
        ("Fine-tuning improves recall.", "Fine-tuning improves recall less than pruning does."),
        ("Fine-tuning improves recall.", "We doubt that fine-tuning improves recall."),
        ("Fine-tuning improves recall.", "Does fine-tuning improve recall?"),
        ("Patients improved.", "Hardly any patients improved."),
        ("Most patients improved.", "Some patients improved."),
        ("Some patients improved.", "Most patients improved."),
        ("All patients improved.", "Two of nine patients improved."),
        ("Naps help nurses in the morning.", "Naps help nurses in the evening."),
        ("All patients improved.", "Some patients improved."),
        ("Vitamin D prevents colds.", "Contrary to popular belief, vitamin D prevents colds only rarely."),
        ("Vitamin D prevents colds.", "It is often claimed that vitamin D prevents colds."),
        ("Vitamin D prevents colds.", "If vitamin D prevented colds, costs would fall."),
        ("Barn owls at night.", "Barn owls hunt mice at night."),
        ("The values are separated by a comma.", "The values are separated by a colon."),
    ],
)
def test_what_a_sentence_does_not_hold_is_not_sure(statement: str, passage: str) -> None:
    assert _word(statement, passage) == "NOT SURE"


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Accuracy rose to 78 percent.", "Accuracy rose from 71 to 78 percent."),
        ("60 men and 40 women were enrolled.", "40 women and 60 men were enrolled."),
        (
            "BM25 is a robust baseline [5].",
            "BM25 is a robust baseline and late-interaction models on average achieve the best performance.",
        ),
        ("Precision and recall matter.", "Recall and precision matter."),
        ("Fine-tuning improves recall.", "Experiments show that fine-tuning improves recall."),
        ("Fine-tuning improves recall.", "Our results show that fine-tuning improves recall."),
        ("COX–2 rose in two lines of cells.", "COX-2 rose in two lines of cells."),
    ],
)
def test_what_a_sentence_holds_stays_supported(statement: str, passage: str) -> None:
    assert _word(statement, passage) == "SUPPORTED"


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Effects of caspase on soluble cyclase in mice are well established.", "Effects of NO on soluble cyclase in mice are well established."),
        ("Symptoms were computed according to the non-GH formula of last year.", "Symptoms were computed according to the Weir formula of last year."),
    ],
)  # fmt: skip
def test_a_name_that_looks_like_a_denial_denies_nothing(statement: str, passage: str) -> None:
    assert _word(statement, passage) == "SCOPE DIFFERS"


def test_as_long_as_is_a_condition_and_no_comparison() -> None:
    assert (
        _word("A larger batch raises recall.", "A larger batch raises recall as long as the rate is scaled with it.")
        == "QUALIFIED"
    )


CANAGLIFLOZIN = (
    "Both drug A 100 and 300 mg reduced HbA1c from baseline compared with placebo at week 26 (–0.33, –0.44 and –0.03%)."
)
POTS = "Growth was slower in red pots than in green pots and faster than in blue pots."
RATES = (
    "Complication rates were 68 per 1,000 days (clinically indicated) and 66 per 1,000 days with routine replacement."
)
GLICLAZIDE = (
    "Risk was lower with gliclazide relative to the other agents and similar to that observed with sitagliptin."
)


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Drug A 100 mg reduced HbA1c from baseline compared with placebo at week 26 by 0.33%.", CANAGLIFLOZIN),
        ("Drug A 300 mg reduced HbA1c from baseline by 0.44%.", CANAGLIFLOZIN),
        ("More reached it with 100 mg than with placebo (27.3 and 17.2%).", "More reached it with 100 and 300 mg than with placebo (27.3, 33.7 and 17.2%)."),
        ("Of the 40 plots, three quarters were shaded.", "Of the 40 plots, 30 were shaded."),
        ("Of the 40 plots, 10 were not shaded.", "Of the 40 plots, 30 were shaded."),
        ("Weight fell by 26 % in both groups of patients.", "Weight fell by 12 kg in both groups of patients."),
        ("Mortality is not lower in treated patients.", "Mortality is higher in treated patients."),
    ],
)  # fmt: skip
def test_a_number_of_something_else_refutes_nothing(statement: str, passage: str) -> None:
    assert _word(statement, passage) in ("NOT SURE", None)


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Risk was lower with gliclazide relative to sitagliptin and similar to that observed with the other agents.", GLICLAZIDE),
        ("Risk was lower with sitagliptin relative to the other agents and similar to that observed with gliclazide.", GLICLAZIDE),
        ("Growth was slower in red pots than in blue pots and faster than in green pots.", POTS),
        ("Shade lowers the yield of all tomatoes by 12 percent.", "Shade lowers the yield of tomatoes by 12 percent."),
        ("Shade lowers the yield of every tomato.", "Shade lowers the yield of tomatoes."),
        ("Shade always lowers the yield of tomatoes by 12 percent.", "Shade lowers the yield of tomatoes by 12 percent."),
        ("Complication rates were 66 per 1,000 days with routine replacement.", RATES),
    ],
)  # fmt: skip
def test_what_adds_to_its_sentence_or_mixes_its_things_is_never_supported(statement: str, passage: str) -> None:
    assert _word(statement, passage) in ("NOT SURE", "REFUTED", None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The drug was well tolerated in subjects with Stage 3 disease.", "The drug was well tolerated in subjects with Stage 4 disease."),
        ("Fasting is safe in patients with type 1 diabetes.", "Fasting is safe in patients with type 2 diabetes."),
        ("The drug reduced weight compared with placebo at week 26.", "The drug reduced weight compared with placebo at week 52."),
        ("Fasting raises the risk of hyperglycaemia in adults.", "Fasting raises the risk of hypoglycaemia in adults."),
    ],
)  # fmt: skip
def test_another_index_or_another_state_is_something_else_and_refutes_nothing(one: str, other: str) -> None:
    assert {_word(one, other), _word(other, one)} <= {"SCOPE DIFFERS", "NOT SURE"}
