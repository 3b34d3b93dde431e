"""Questions: the facets of a question and their terms, by rule: quoted terms, noun phrases, synonyms of a short list.

The rules are simple and shown; whoever knows better edits the plan.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidense.errors import InvalidInput
from evidense.texts.languages import SMALL_WORDS

MOST_WORDS = 100
_LONGEST_PHRASE = 3
"""Words of a phrase that an index is asked for in one piece; of a longer one the last two stand apart."""
_WORD = re.compile(r"[^\W_]+(?:[-'’+][^\W_]+)*")
_QUOTED = re.compile(r"[\"“”„«]([^\"“”„«»]{2,120})[\"“”»]")
_ENGLISH = frozenset(
    (
        "a an the what which who whom whose when where why how do does did is are was were be been being can could may might must shall "
        "should will would has have had of to in on for with without by from at as into onto over under between among against about across "
        "through during within than then that this these those and or but nor not no if whether it its they them their there we our us you "
        "your i my me he she so such very more most less least much many any some all each every both other another only also just still "
        "yet too"
    ).split()
)
_SAYING = frozenset(
    (
        "add adds added affect affects affected improve improves improved improvement help helps helped hurt hurts work works compare "
        "compares compared differ differs matter matters use uses used using make makes made know known say says said show shows shown give "
        "gives given get gets changed cause causes caused lead leads reduce reduces reduced increase increases increased find finds found "
        "effect effects role impact influence evidence difference differences study studies research literature paper papers question best "
        "better good well long far happen happens need needs explain "
        "harm harms harmed lower lowers lowered raise raises raised benefit benefits"
    ).split()
)
_AUXILIARY = frozenset("do does did can could may might will would should".split())
_VERB_OR_NOUN = frozenset(
    "change changes move moves travel travels travelling spread spreads grow grows rise rises fall falls".split()
)
"""Verbs where a question with an auxiliary has no other: "How do lakes change?"."""
_PREDICATES = frozenset(
    (
        "necessary unnecessary needed required useful useless effective ineffective efficient worse worst bad safe unsafe dangerous harmful harmless "
        "beneficial helpful important possible impossible feasible sufficient insufficient enough superior inferior appropriate reliable unreliable "
        "accurate valid true false worthwhile worth advisable justified recommended suitable preferable desirable successful likely unlikely "
        "different similar equal equivalent"
    ).split()
)
"""What a question asks of a thing: at the end of a phrase it is no word of the topic ("are devices necessary?")."""
_OTHER_LANGUAGES = {
    "German": "der die das und ist ein eine wie was wer wo wann welche welcher welches warum für mit von auf zwischen nicht bei dem den durch am an vom zum "
    "zur meisten mehr mehrere gegen gibt hilft schadet hängt kann können man es wirkt wirken wirksam",
    "French": "le la les des une et est comment quel quelle pourquoi pour avec dans sur entre du au aux que qui ne pas",
    "Spanish": "el los las una y es cómo qué cuál por para con en sobre entre del que no se",
    "Italian": "il lo gli una e è come quale perché per con nel sulla tra del della che non di",
    "Portuguese": "o os as uma e é como qual por para com em sobre entre do da que não se",
}
_SYNONYMS = (
    "dense retrieval|dense passage retrieval|embedding-based retrieval|neural retrieval|bi-encoder|dual encoder",
    "alignment-driven fine-tuning|alignment tuning|supervised fine-tuning|instruction tuning|fine-tuning",
    "fine-tuning|supervised fine-tuning",
    "contrastive pre-training|contrastive learning|contrastive language-image pre-training",
    "pre-training|pre-trained",
    "multimodal|multi-modal|cross-modal|vision-language|image-text",
    "language model|large language model|LLM",
    "hard negatives|hard negative|negative mining",
    "retrieval-augmented generation|RAG",
    "cross-encoder|reranker|re-ranking",
    "sentence embeddings|text embeddings|sentence representations",
    "question answering|open-domain question answering",
)
_JOINED = re.compile(r"\b(pre|fine|multi|bi|cross|re|co|sub|over|under|non|self)-(\w)", re.IGNORECASE)


@dataclass(frozen=True)
class SearchFacet:
    """One side of a question: terms of which any will do, the question's own first."""

    name: str
    terms: tuple[str, ...]


def facets_of(question: str) -> tuple[SearchFacet, ...]:
    """Return the facets of a question.

    >>> [f.name for f in facets_of("What does alignment-driven fine-tuning add to contrastive pre-training in multimodal dense retrieval?")]
    ['alignment-driven fine-tuning', 'contrastive pre-training', 'multimodal', 'dense retrieval']

    Raises:
        InvalidInput: it is empty, in another language, very long, or has no term that could be searched for.
    """
    check(question)
    phrases = [phrase for phrase in _QUOTED.findall(question) if _WORD.search(phrase)]
    rest = _QUOTED.sub(" . ", question)
    for phrase in _noun_phrases(rest):
        phrases += _divided(phrase)
    names = list(
        {" ".join(_WORD.findall(phrase)).lower(): " ".join(_WORD.findall(phrase)) for phrase in phrases}.values()
    )
    if not names:
        raise InvalidInput(
            f"the question '{question[:80]}' has no term that could be searched for; expected a topic, as in 'What do hard negatives add to dense "
            "retrieval?'; name one, in quotation marks if need be"
        )
    return tuple(SearchFacet(name, terms_of(name)) for name in names)


def terms_of(name: str) -> tuple[str, ...]:
    """Return a term with its synonyms, and each with the joined spelling of its hyphens.

    >>> terms_of("pre-training")
    ('pre-training', 'pretraining', 'pre-trained', 'pretrained')
    """
    key = _key(name)
    lines = [line.split("|") for line in _SYNONYMS]
    known = next((line for line in lines if _key(line[0]) == key), None) or next(
        (line for line in lines if key in map(_key, line)), []
    )
    terms = [name, *(term for term in known if _key(term) != key)]
    spelt = [form for term in terms for form in (term, _JOINED.sub(r"\1\2", term))]
    return tuple({form.lower(): form for form in spelt}.values())


def check(question: str) -> None:
    """Refuse what is no question that the rules can read.

    Raises:
        InvalidInput: it is empty, very long, or in another language.
    """
    words = [word.lower() for word in _WORD.findall(question)]
    if not words:
        raise InvalidInput("the question is empty; expected a topic in words; write it in quotation marks")
    if len(words) > MOST_WORDS:
        raise InvalidInput(
            f"the question has {len(words):,} words; expected one question of at most {MOST_WORDS}; shorten it, or give --plan FILE"
        )
    language = language_of(words)
    if language:
        raise InvalidInput(
            f"the question seems to be in {language}; expected English, which the indexes' abstracts are in; translate it, or give its facets with "
            "--plan FILE"
        )


def language_of(words: Sequence[str]) -> str:
    """Return the language of a question that is not in English, as far as its small words and letters tell; "" otherwise.

    >>> language_of("wie wirkt sich das auf die Suche aus".split())
    'German'
    """
    letters = [letter for word in words for letter in word if letter.isalpha()]
    if letters and sum(ord(letter) > 0x24F for letter in letters) > len(letters) / 2:
        return "another script"
    n_english = sum(word in _ENGLISH for word in words)
    counts = Counter({name: sum(word in table for word in words) for name, table in _small_words().items()})
    name, n_words = counts.most_common(1)[0]
    return name if n_words >= 2 and n_words > n_english else ""


def _small_words() -> dict[str, frozenset[str]]:
    return {name: known | set(_OTHER_LANGUAGES.get(name, "").split()) for name, known in SMALL_WORDS.items()}


def _noun_phrases(text: str) -> Iterator[list[str]]:
    """Yield the runs of words that are neither small words nor verbs of asking, nor divided by punctuation."""
    for clause in re.split(r"[^\w\s\-'’+]+", text):
        run: list[str] = []
        words = [word.lower() for word in _WORD.findall(clause)]
        is_verb = bool(_AUXILIARY & set(words)) and not _SAYING & set(words)
        for word in [*_WORD.findall(clause), ""]:
            divides = word.lower() in _VERB_OR_NOUN and is_verb and run
            if word and not divides and word.lower() not in _ENGLISH and word.lower() not in _SAYING:
                run.append(word)
                continue
            while run and run[-1].lower() in _PREDICATES:
                run.pop()
            if run:
                yield run
            run = []


def _divided(words: Sequence[str]) -> list[str]:
    """Divide a phrase at terms of the list, and a long one before its last two words."""
    for size in range(len(words), 0, -1):
        for start in range(len(words) - size + 1):
            phrase = " ".join(words[start : start + size])
            if _is_listed(phrase):
                before, after = words[:start], words[start + size :]
                return [*(_divided(before) if before else ()), phrase, *(_divided(after) if after else ())]
    if len(words) > _LONGEST_PHRASE:
        return [" ".join(words[:-2]), " ".join(words[-2:])]
    return [" ".join(words)]


def _is_listed(phrase: str) -> bool:
    return any(_key(term) == _key(phrase) for line in _SYNONYMS for term in line.split("|"))


def _key(term: str) -> str:
    return re.sub(r"[\s-]+", "", term.lower()).removesuffix("s")
