"""Venues: whether two spellings are one conference or journal; aliases, abbreviations, series and preprint servers."""

import re
from functools import lru_cache

from evidense.texts.letters import decode_latex, words

_ALIASES: dict[str, tuple[str, ...]] = {
    "aaai": (
        "aaai conference",
        "association for the advancement of artificial intelligence",
        "national conference on artificial intelligence",
    ),
    "aamas": ("autonomous agents and multi", "autonomous agents and multiagent"),
    "acl": ("annual meeting of the association for computational linguistics",),
    "aistats": ("artificial intelligence and statistics",),
    "ccs": ("conference on computer and communications security",),
    "chi": ("conference on human factors in computing", "human factors in computing systems"),
    "cikm": ("information and knowledge management",),
    "coling": ("conference on computational linguistics",),
    "colm": ("conference on language modeling",),
    "colt": ("conference on learning theory", "computational learning theory"),
    "conll": ("computational natural language learning",),
    "corl": ("conference on robot learning",),
    "cvpr": ("computer vision and pattern recognition",),
    "eacl": ("european chapter of the association for computational linguistics",),
    "eccv": ("european conference on computer vision",),
    "ecir": ("european conference on information retrieval", "advances in information retrieval"),
    "emnlp": ("empirical methods in natural language", "empirical methods for natural language"),
    "fat": ("fairness accountability and transparency",),
    "focs": ("foundations of computer science",),
    "iccv": ("international conference on computer vision",),
    "icassp": ("acoustics speech and signal processing",),
    "icdm": ("conference on data mining",),
    "icde": ("conference on data engineering",),
    "iclr": ("conference on learning representations",),
    "icml": ("international conference on machine learning", "conference on machine learning"),
    "icra": ("robotics and automation",),
    "icse": ("conference on software engineering",),
    "ictir": ("theory of information retrieval",),
    "ijcai": ("joint conference on artificial intelligence", "joint conferences on artificial intelligence"),
    "ijcnlp": ("joint conference on natural language processing",),
    "interspeech": ("conference of the international speech communication association",),
    "iros": ("intelligent robots and systems",),
    "jmlr": ("journal of machine learning research",),
    "kdd": ("knowledge discovery and data mining", "knowledge discovery data mining"),
    "lrec": ("language resources and evaluation",),
    "miccai": ("medical image computing",),
    "mm": ("conference on multimedia",),
    "naacl": ("north american chapter of the association for computational linguistics",),
    "neurips": ("neural information processing systems", "nips"),
    "osdi": ("operating systems design and implementation",),
    "pnas": ("proceedings of the national academy of sciences",),
    "recsys": ("conference on recommender systems",),
    "rss": ("robotics science and systems",),
    "sigir": ("research and development in information retrieval",),
    "sigmod": ("management of data",),
    "soda": ("symposium on discrete algorithms",),
    "sosp": ("symposium on operating systems principles",),
    "soups": ("symposium on usable privacy and security",),
    "stoc": ("symposium on theory of computing",),
    "tacl": ("transactions of the association for computational linguistics",),
    "tmlr": ("transactions on machine learning research",),
    "tog": ("transactions on graphics",),
    "tois": ("transactions on information systems",),
    "tpami": ("transactions on pattern analysis and machine intelligence", "pami"),
    "uai": ("uncertainty in artificial intelligence",),
    "usenix security": ("usenix security",),
    "vldb": ("very large data bases", "vldb endow"),
    "wacv": ("winter conference on applications of computer vision",),
    "wsdm": ("web search and data mining",),
    "www": ("world wide web conference", "the web conference", "international world wide web", "world wide web"),
}
_ACRONYMS = {
    **{name: name for name in _ALIASES},
    "nips": "neurips",
    "pami": "tpami",
    "facct": "fat",
    "pvldb": "vldb",
    "thewebconf": "www",
}
_PREPRINT = re.compile(
    r"arxiv|\bcorr\b|biorxiv|medrxiv|chemrxiv|psyarxiv|preprint|openreview|ssrn|research square|techrxiv|hal[- ]?\d|\beprint",
    re.IGNORECASE,
)
_SERIES = re.compile(
    r"lecture notes in|\blncs\b|\blnai\b|proceedings of machine learning research|\bpmlr\b|ceur workshop|communications in computer and information science|"
    r"advances in intelligent systems|^ieee$|^acm$|springer|elsevier|curran associates|association for computational linguistics$|openreview",
    re.IGNORECASE,
)
_PERIODICAL = re.compile(r"\b(?:journal|transactions|letters|magazine)\b", re.IGNORECASE)
_MEETING = re.compile(r"\b(?:conference|symposium|workshop|meeting|congress)\b", re.IGNORECASE)
_EMPTY = frozenset(
    (
        "a an and annual at conf conference de edition endow endowment european for ieee cvf acm in int "
        "international journal j meeting of on part proc proceedings symposium symp the transactions trans "
        "vol volume workshop workshops findings usenix aaai isca first second third fourth fifth sixth "
        "seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth "
        "nineteenth twentieth twenty thirteenth thirtieth thirty "
    ).split()
)
"""Words that say nothing about which venue it is."""


def is_preprint(venue: str) -> bool:
    """Say whether a venue is a preprint server, or a note that there is none yet."""
    return bool(_PREPRINT.search(venue))


def same_venue(cited: str, known: str) -> bool | None:
    """Say whether two spellings are one venue; None where it cannot be told: one is empty, a preprint server, or only a series.

    >>> same_venue("NeurIPS", "Advances in Neural Information Processing Systems 34")
    True
    >>> same_venue("Mach. Learn.", "Machine Learning"), same_venue("ICML", "ICLR"), same_venue("CVPR", "arXiv")
    (True, False, None)
    >>> same_venue("Journal of Machine Learning Theory", "International Conference on Machine Learning")
    False
    """
    cited, known = decode_latex(cited), decode_latex(known)
    if not words(cited) or not words(known) or is_preprint(cited) or is_preprint(known):
        return None
    names, known_names = _conferences(cited), _conferences(known)
    if names and known_names:
        return bool(names & known_names)
    has_alike_words = _agree(_significant(cited), _significant(known)) and not _is_journal_and_meeting(cited, known)
    if has_alike_words or _is_acronym(cited, known) or _is_acronym(known, cited):
        return True
    return None if _SERIES.search(cited) or _SERIES.search(known) else False


def _is_journal_and_meeting(one: str, other: str) -> bool:
    """One is called a journal, the other a conference: of the same words they are still two venues."""
    signs = [(bool(_PERIODICAL.search(name)), bool(_MEETING.search(name))) for name in (one, other)]
    return set(signs) == {(True, False), (False, True)}


def is_known_venue(venue: str) -> bool:
    """Say whether a spelling names a venue of the table, a workshop of one, or a series.

    >>> is_known_venue("ICLR 2024 Workshop on Agents"), is_known_venue("Symposium on Neural Scaling Laws")
    (True, False)
    """
    return bool(_conferences(decode_latex(venue)) or _SERIES.search(venue))


@lru_cache(maxsize=4096)
def _conferences(venue: str) -> frozenset[str]:
    """The venues of the table that a spelling names; workshops and companions of one are not it."""
    text = " ".join(words(venue))
    by_phrase = {name for name, phrases in _ALIASES.items() if any(phrase in text for phrase in phrases)}
    if "north american chapter" in text or "european chapter" in text:
        by_phrase.discard("acl")
    if "winter conference" in text or "european conference on computer vision" in text:
        by_phrase -= {"iccv"}
    by_acronym = {_ACRONYMS[word] for word in text.split() if word in _ACRONYMS} if not by_phrase else set()
    return frozenset(by_phrase or by_acronym)


def _significant(venue: str) -> tuple[str, ...]:
    kept = tuple(w for w in words(venue) if w not in _EMPTY and not re.fullmatch(r"\d+(?:st|nd|rd|th)?", w))
    return kept or tuple(words(venue))


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Word by word one abbreviates the other, or all words of the shorter (at least two) stand in the longer in order."""
    if len(one) == len(other):
        return all(_abbreviates(a, b) or _abbreviates(b, a) for a, b in zip(one, other, strict=True))
    short, long = sorted((one, other), key=len)
    if len(short) < 2:
        return False
    rest = iter(long)
    return all(any(_abbreviates(a, b) or _abbreviates(b, a) for b in rest) for a in short) and len(long) <= 2 * len(
        short
    )


def _abbreviates(short: str, long: str) -> bool:
    """The same first letter, and all letters of the shorter in order in the longer: "mach" and "machine", "natl" and "national"."""
    if short == long:
        return True
    if len(short) < 2 or len(short) >= len(long) or short[0] != long[0]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short) and (long.startswith(short[:3]) or len(short) <= 4)


def _is_acronym(short: str, long: str) -> bool:
    """One word of two to eight capitals is made of the initials of the other's words."""
    match = re.search(r"\b([A-Z][A-Za-z]?[A-Z]{1,6})\b", short)
    if match is None or len(words(short)) > 3:
        return False
    initials = [w[0] for w in words(long) if w not in {"of", "the", "on", "in", "and", "for", "a", "an", "to", "at"}]
    acronym = match[1].lower()
    return any(acronym == "".join(initials[i : i + len(acronym)]) for i in range(len(initials)))
