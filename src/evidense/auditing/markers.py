"""Markers: words by which English asks, doubts, denies, counts and sets conditions."""

import re
from collections.abc import Iterable

from evidense.texts.tokens import Token, tokens, value

_ASKING = (
    r"(?:aim|seek|sought|ask|investigat|examin|explor|test|stud(?:y|ie)|want|wish|hypothesi[sz]|hope|plan|intend|attempt|tr(?:y|ied)\b|evaluat|"
    r"assess|determin|set out|question|consider|analy[sz]|address|propose to|wonder)\w*"
)
_US = (
    r"(?:we|i|authors?|researchers?|(?:this|the|our|present|current) (?:\w+ )?(?:paper|work|study|article|report|review|trial|analysis|"
    r"experiment)s?)"
)
_AIM = re.compile(
    r"(?<!regardless of )(?<!of )\bwhether\b(?! or not$)"
    rf"|\b{_US}\b[^.;]{{0,60}}?\b{_ASKING}"
    r"|\b(?:aim|goal|objective|purpose|question|hypothesis|intention)s?\b[^.;]{0,60}?(?:\b(?:is|was|are|were|to|that|of)\b|:)"
    r"|\bit (?:is|was|has been) hypothesi[sz]ed\b"
    r"|\b(?:remains?|is|are|was|were) (?:still |largely |as yet |currently )?(?:open|unclear|unknown|uncertain|debated|controversial)\b"
    r"|\b(?:aim|seek|sought|intend|design|wish|attempt)(?:s|ed|ing)? to\b"
    r"|^(?:here|thus|therefore|specifically|next|first|finally|then)?,? ?(?:in order )?to (?:further |better )?"
    r"(?:determine|investigate|examine|assess|evaluate|explore|test|study|compare|identify|establish|ascertain|clarify|understand|see|find out|learn|"
    r"elucidate|address|characteri[sz]e|quantify|measure|estimate|define|describe|analy[sz]e|review)\b(?!.*, (?:we|the|this|it|they|i)\b)",
    re.IGNORECASE,
)  # fmt: skip
_ANSWERING = re.compile(
    r"(?<!\bto )\b(?:find(?! out)|found|finds|show|showed|shown|shows|showing|demonstrat\w+|reveal\w*|observ\w+|report(?:s|ed)|conclud\w+|"
    r"confirm\w*|established|"
    r"indicat\w+|suggest\w*|prov(?:e|es|ed|en))\b(?!.*\b(?:whether|if|how)$)[^.;]*$",
    re.IGNORECASE,
)  # fmt: skip
_HEDGE = re.compile(
    r"\b(?:may|might|could|can|would|should|possibl[ey]|perhaps|probabl[ey]|likely|unlikely|potential(?:ly)?|presumabl[ey]|apparent(?:ly)?|"
    r"seeming(?:ly)?|putative(?:ly)?|suggest(?:s|ed|ing|ive)?|appear(?:s|ed|ing)?|seem(?:s|ed)?|indicat(?:es?|ed|ing)|tend(?:s|ed)? to|in part|"
    r"partly|partial(?:ly)?|some(?:times|what)?|often|generally|in general|mostly|largely|mainly|usually|typically|frequently|commonly|roughly|"
    r"about|approximately|around|nearly|almost|up to|at least|at most|preliminary|hint(?:s|ed)?|arguabl[ey]|in principle|to some extent|"
    r"in (?:most|many|some) cases|on average|to our knowledge|relatively|"
    r"tentative(?:ly)?|suspected|assumed?|hypothesi[sz]ed?|speculat\w+|postulat\w+|implicat(?:es?|ed)|"
    r"(?:we|i|authors|they) (?:(?:believe|think|suspect|conjecture|assume|expect|estimate)d?\b|(?:propose|argue)d? that)|"
    r"(?:is|are|was|were) (?:thought|believed|expected|considered|estimated|supposed|said|reported) to|consistent with|probability|"
    r"possibility|chance)\b",
    re.IGNORECASE,
)  # fmt: skip
_DOUBT = re.compile(
    r"^\W*(?:[\w-]+ly )?(?:may|might|could|would|should|possibl[ey]|perhaps|probabl[ey]|likely|unlikely|potential(?:ly)?|presumabl[ey]|apparent(?:ly)?|"
    r"seeming(?:ly)?|putative(?:ly)?|suggest(?:s|ed)?|appear(?:s|ed)?|seem(?:s|ed)?|tend(?:s|ed)? to|hint(?:s|ed)?|arguabl[ey]|in principle|"
    r"tentative(?:ly)?|suspected|assumed?|hypothesi[sz]ed?|speculat\w+|postulat\w+|preliminary|to our knowledge|"
    r"(?:we|i|authors|they) (?:believe|think|suspect|conjecture|assume|expect)d?\b|"
    r"(?:is|are|was|were) (?:thought|believed|expected|considered|estimated|supposed|said|reported) to)\b",
    re.IGNORECASE,
)  # fmt: skip
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|fail(?:s|ed|ing|ure)? (?:to|of)|lack(?:s|ed|ing)?|hardly|barely|rarely|scarcely|"
    r"false|untrue|seldom|nothing|nobody|"
    r"nowhere|absence|absent|devoid|free of|non|instead of|rather than|contrary to|except|den(?:y|ies|ied))\b|n['’]t\b",
    re.IGNORECASE,
)  # fmt: skip
_PREFIX = re.compile(r"(?:un|in|im|il|ir|dis|non|in)(?=\w{4})")
_CLAUSE = re.compile(
    r"\b(?:if|when|whenever|only|solely|exclusively|unless|except|provid(?:ed|ing) that|assuming|(?:as|so) long as|according to|under|"
    r"although|though|"
    r"however|but|despite|"
    r"in spite of|even|different from|limited to|restricted to|where|whereas|while|until|in case|in the (?:absence|presence|context|case|setting) of|"
    r"depend(?:s|ent|ing)? (?:up)?on|conditional (?:up)?on|subject to|given that|once)\b",
    re.IGNORECASE,
)  # fmt: skip
_PHRASE = re.compile(
    r"^(?:and |,? ?)(?:given|after|before|during|with|within|among|amongst|for|on|in|at|by|such as|as compared|compared (?:to|with)|relative to|"
    r"versus|vs|especially|particularly|i\.e|via|through|following|upon|across|over|from|between|throughout|since|because|as|than|using|"
    r"regardless|irrespective|independent(?:ly)?|beyond|above|below|against|per|who|whose|which|of|without|ex|only)\b.*\w",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_OWN_CLAUSE = re.compile(
    r"^\W*and (?!(?:given|after|before|during|with|within|without|among|for|on|in|at|by|only|if|when|whenever|unless|except|provided|assuming|under|"
    r"although|though|where|while|until|once|because|since|as|not|even|especially|particularly|also|thus|to|than|then|therefore|hence|that|which|who)\b)"
    r"(?:[\w'’-]+,? ){1,12}?(?<!to )(?:is|are|was|were|has|have|had|does|do|did|can|could|may|might|will|would|should|must|"
    r"(?:achiev|improv|increas|reduc|decreas|outperform|perform|show|demonstrat|provid|yield|remain|requir|need|us|help|gain|los|obtain|produc|reach|"
    r"work|fail|caus|affect|depend|contain|includ|exceed|match|lead|mak|tak|giv|allow|enabl|suffer|benefit|rank|retriev|learn|differ|vary|vari|"
    r"appear|seem|tend|contribut|prevent|promot|inhibit|induc)(?:e|es|s|d|ed|ies)?|rose|fell|grew|made|gave|took|led|lost|kept|became)\b",
    re.IGNORECASE,
)  # fmt: skip


def is_own_clause(run: str) -> bool:
    """Say whether a run is "and" with a subject and a verb of its own, which sets what stands before it no condition.

    >>> is_own_clause("and late interaction on average achieves more"), is_own_clause("and only if it rains"), is_own_clause("and saves time")
    (True, False, False)
    """
    return bool(_OWN_CLAUSE.match(run))


def is_aim(run: str) -> bool:
    """Say whether a run asks what follows it: "we aim to determine whether"; one that goes on to answer does not."""
    found = list(_AIM.finditer(run))
    return bool(found) and not _ANSWERING.search(run[found[0].end() :])


def is_hedge(run: str) -> bool:
    """Say whether a run doubts, or bounds roughly."""
    return bool(_HEDGE.search(run))


def is_doubt(run: str) -> bool:
    """Say whether a run begins with a word that doubts what follows, and sets it no condition.

    >>> is_doubt("may shorten"), is_doubt("in most cases"), is_doubt("if it may rain")
    (True, False, False)
    """
    return bool(_DOUBT.match(run))


def hedges(text: str) -> tuple[str, ...]:
    """Return the words that hedge a text, in order, each once.

    >>> hedges("It may help, or may partly harm.")
    ('may', 'partly')
    """
    return tuple(dict.fromkeys(match[0].lower() for match in _HEDGE.finditer(text)))


def is_condition(run: str) -> bool:
    """Say whether a run is a clause or a phrase that says under which circumstances."""
    if is_own_clause(run):
        return False
    return begins_clause(run) or (bool(_CLAUSE.search(run) or _PHRASE.match(run)) and not is_aim(run))


def begins_condition(run: str) -> bool:
    """Say whether a run begins as a clause or a phrase of condition, whatever it goes on to ask."""
    return bool(_CLAUSE.match(run) or _PHRASE.match(run))


def begins_clause(run: str) -> bool:
    """Say whether a run begins with a clause of condition or contrast: "if …", ", but …"."""
    return bool(_CLAUSE.match(run))


def n_negations(run: str) -> int:
    """Count the words of a run that deny."""
    return len(_NEGATION.findall(run))


def denies_by_prefix(key: str, others: Iterable[str]) -> bool:
    """Say whether a word is another one denied: "insignificant" beside "significant"."""
    match = _PREFIX.match(key)
    stem = key[match.end() :][:6] if match else ""
    return bool(stem) and any(other.startswith(stem) for other in others)


def numbers(run: str) -> list[str]:
    """Return the numbers of a run as digits, with signs of percent and order; digits of names ("IL-6", "p53") are none."""
    run = re.sub(r"(?i)\bhalf\b", "50%", run)
    found = tokens(run)
    return [value(t.key) for i, t in enumerate(found) if _is_number(found, i, run)]


def _is_number(found: list[Token], i: int, run: str) -> bool:
    token = found[i]
    if token.kind == "number":
        return not re.search(r"[^\W\d_]['’]?[-‐‑]$", run[: token.start])
    if token.kind == "word":
        return value(token.key) not in (token.key, "1") or bool(re.match(r"\d", token.key)) or token.key in _WORDS
    return token.key in "%<>≤≥±"


_WORDS = frozenset(
    "twice double doubled doubles triple tripled twofold threefold fourfold fivefold tenfold dozen billion thirds quarter".split()
)


def digits_in_names(run: str) -> list[str]:
    """Return the digits of all words of a run."""
    return re.findall(r"\d+", run)


def without_digits(run: str) -> str:
    """Return a run without its digits."""
    return re.sub(r"\d+", "", run)
