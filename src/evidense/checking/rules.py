"""Rules: what a statement says otherwise than one passage: another number, direction, denial, name or scope, or without its condition."""

from evidense.checking.comparing.copies import closest, is_copied, of_copy
from evidense.checking.comparing.mismatch import NEAR_ONLY, ORDER, Mismatch, MismatchRule
from evidense.checking.comparing.paraphrases import of_paraphrase
from evidense.checking.comparing.wordings import plain

__all__ = ["NEAR_ONLY", "Mismatch", "MismatchRule", "mismatches"]


def mismatches(claim: str, evidence: str) -> tuple[Mismatch, ...]:
    """Return how a statement differs from one passage, each rule and pair of words once.

    >>> mismatches("Aspirin raised mortality by 12%.", "In adults, aspirin lowered mortality by 15%.")
    (Mismatch(rule='direction', claim='raised', evidence='lowered'),
    Mismatch(rule='number', claim='12%', evidence='15%'),
    Mismatch(rule='condition', claim='', evidence='In adults'))
    >>> pairs = [
    ...     ("Recall rose by 12%.", "Recall rose by 15%."), ("Smoking causes cancer.", "Cancer causes smoking."),
    ...     ("Pruning helps recall.", "Pruning does not help recall."), ("It gains 3 points on NQ.", "It gains 3 points on TriviaQA."),
    ...     ("We report MRR on all tasks.", "We report MAP on all tasks."), ("Scores on the dev set are low.", "Scores on the test set are low."),
    ...     ("BERT-base gains little here.", "BERT-large gains little here."), ("It extends life in mice.", "It extends life in rats."),
    ...     ("Aspirin prevents stroke.", "Ibuprofen prevents stroke."), ("Pruning helps recall.", "Pruning helps recall if queries are long."),
    ... ]
    >>> [mismatches(claim, passage)[0].rule for claim, passage in pairs]
    ['number', 'direction', 'negation', 'dataset', 'metric', 'split', 'model', 'population', 'entity', 'condition']
    """
    claim, evidence = plain(claim), plain(evidence)
    sentence = closest(claim, evidence)
    found = of_copy(claim, sentence, evidence) if is_copied(claim, sentence) else of_paraphrase(claim, evidence)
    return tuple(sorted(dict.fromkeys(found), key=lambda mismatch: ORDER.index(mismatch.rule)))
