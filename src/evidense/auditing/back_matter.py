"""Back matter: what a paper says of its making, of its authors and of its funding: no finding, by section and by words."""

import re

_SECTIONS = re.compile(
    r"\b(?:acknowledge?ments?|competing|conflicts? of interests?|disclosures?|declarations?|fundings?|financial support|authors?['’]? contributions?"
    r"|authors?['’]* information|contributors|abbreviations|ethics|ethical approval|data availability|availability of data|supplementary"
    r"|supporting information|pre-publication history|registration number|trial registration|references|appendix)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\b(?:has|have|had) (?:\w+ ){0,2}(?:received|accepted) [^.]{0,60}\b(?:research support|grants?|fees?|honorari\w+|funding|consultan\w+|payments?)\b"
    r"|\b(?:conflicts? of interest|competing interests?|speakers?['’]? bureau|advisory (?:board|panel)s?|stock options|shareholders?)\b"
    r"|\b(?:is|are|was|were) (?:an? )?(?:(?:full-time|former|current) )?(?:employees?|consultants?|employed) (?:of|by|for|to)\b"
    r"|\b(?:was|were) (?:\w+ )?(?:supported|funded|sponsored|financed) by\b|\b(?:editorial|writing) (?:support|assistance)\b"
    r"|\b(?:previously|partly|also)? ?presented,? (?:in part,? )?(?:in abstract form|as an? (?:abstract|poster)|at the \d|at the (?:annual|american|european))"
    r"|\b(?:we|the authors) (?:\w+ )?(?:thank|acknowledge|are grateful|are indebted)\b",
    re.IGNORECASE,
)
_IS_A = re.compile(
    r"^\W*[\w-]+(?: \([^)]*\))? (?:is|are) (?:an? |the )?(?:\w[\w-]*,? ){0,8}"
    r"(?:inhibitors?|agonists?|antagonists?|analogues?|analogs?|drugs?|agents?|packages?|library|software|tools?|hormones?|proteins?|enzymes?|genes?|compounds?)"
    r"(?: (?:in|under) (?:clinical )?development\b| (?:that|which|for|used|of)\b|\.?$)",
    re.IGNORECASE,
)


def is_back_matter(sentence: str, section: str = "") -> bool:
    """Say whether a sentence, or the section that it stands in, tells of making, interests, funding or thanks.

    >>> is_back_matter("G. B. has received research support from a firm."), is_back_matter("Patients have received more drugs.")
    (True, False)
    """
    return _SECTIONS.search(section) is not None or _WORDS.search(sentence) is not None


def says_what_it_is(sentence: str) -> bool:
    """Say whether a sentence tells of what sort a thing is.

    >>> says_what_it_is("Canagliflozin is a sodium glucose co-transporter 2 inhibitor in development."), says_what_it_is("It is a better drug.")
    (True, False)
    """
    return _IS_A.search(sentence) is not None and not re.match(
        r"\W*(?:it|this|that|these|they|there)\b", sentence, re.IGNORECASE
    )
