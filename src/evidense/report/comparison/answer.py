"""Answer: what somebody reads in the first ten seconds: one sentence a system, its gate, and what to beware of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evidense.boundary.numerals import count, short, size
from evidense.compute.comparison.no_harm import Why, n_different, passes_no_harm, why_open
from evidense.records import Finding, Json, Ranking, Verdict
from evidense.report.comparison.looks import best_sentence
from evidense.report.comparison.notes import Note, notes_on
from evidense.report.comparison.seeds import over_seeds
from evidense.report.contents import Contents
from evidense.report.rendering import full_name, without_sample
from evidense.stats.rule import different_queries, groups_to_see, identical_sentence

MOST_SAID = 5
"""Systems whose sentence stands in the box; of more the rest is folded, what harms last."""
NAMED = 3
"""Collections that a sentence names before it counts."""


@dataclass(frozen=True)
class SystemAnswer:
    """The sentence of one system; `lead` is its first words, `tone` the colour that goes with them."""

    system: str
    lead: str
    sentence: Markup
    tone: str
    passes: bool


def answer(contents: Contents, system: str) -> SystemAnswer:
    """Say in one sentence where a system helps, harms, and what is not known."""
    verdicts = contents.worst_first(system)
    by_word = {
        w: [v.collection for v in verdicts if v.verdict == w]
        for w in ("HARMS", "UNDECIDED", "SAME", "HELPS", "IDENTICAL")
    }
    passes = passes_no_harm(verdicts)
    lead, tone = _lead(by_word, passes, len(verdicts))
    sentence = _beside_the_mean(contents, system, tone) + _sentence(by_word, verdicts, contents.study.margin)
    return SystemAnswer(system, lead, sentence, tone, passes and not contents.is_used_up)


def _beside_the_mean(contents: Contents, system: str, tone: str) -> Markup:
    """Return the beginning of a sentence whose word differs from that of the mean over the collections: it says why both are right."""
    pooled = contents.pooled.get(system)
    label = str(pooled.details.get("label", "")) if pooled is not None and len(contents.collections) > 1 else ""
    if label not in ("HELPS", "HARMS") or _TONES[label] == tone:
        return Markup("")
    shown = "gain" if label == "HELPS" else "loss"
    n = len(contents.collections)
    return Markup("a {} is shown for the mean of the {} collections, but not for every single one: ").format(shown, n)


_TONES = {"HELPS": "helps", "HARMS": "harms", "SAME": "same", "IDENTICAL": "same", "UNDECIDED": "undecided"}


def best(finding: Finding) -> SystemAnswer:
    """Say which of several candidates is the best, and what it is worth."""
    label = str(finding.details["label"])
    lead, _, sentence = best_sentence(finding).partition(": ")
    return SystemAnswer(
        str(finding.site["system"]), lead.upper(), Markup("{}.").format(sentence), _TONES[label], label == "HELPS"
    )


def said_first(answers: Sequence[SystemAnswer]) -> tuple[list[SystemAnswer], list[SystemAnswer], str]:
    """Return the sentences of the box, those that are folded, harms before gains before the rest, and how often the folded ones begin alike."""
    if len(answers) <= MOST_SAID + 1:
        return list(answers), [], ""
    urgent = {"harms": 0, "helps": 1}
    ordered = sorted(answers, key=lambda said: urgent.get(said.tone, 2))
    first, folded = ordered[:MOST_SAID], ordered[MOST_SAID:]
    leads = Counter(said.lead for said in folded)
    return first, folded, ", ".join(f"{n} {lead}" for lead, n in leads.items())


def _lead(by_word: dict[str, list[str]], passes: bool, n: int) -> tuple[str, str]:
    if by_word["HARMS"]:
        return ("NOT YET", "harms") if by_word["HELPS"] else ("NO", "harms")
    if len(by_word["IDENTICAL"]) == n:
        return "IDENTICAL", "same"
    if not passes:
        return "NOT SURE YET", "undecided"
    if by_word["HELPS"]:
        return "YES", "helps"
    return ("NO HARM", "undecided") if by_word["UNDECIDED"] else ("SAME", "same")


def _sentence(by_word: dict[str, list[str]], verdicts: Sequence[Verdict], margin: float) -> Markup:
    n, m = len(verdicts), short(margin)
    if len(by_word["IDENTICAL"]) == n:
        open_here = [v for v in verdicts if why_open(v, margin) == "unseen"]
        if open_here and n == 1:
            sentence = identical_sentence(n_different(verdicts[0]), margin, verdicts[0].n)
            return Markup("{}.").format(sentence.removeprefix("identical "))  # the lead says it
        missing = Markup("; {}").format(_too_few_to_rely(open_here, n)) if open_here else Markup("")
        return Markup("every query has the same value {}{}.").format(_everywhere(n), missing)
    parts = [
        Markup("{} {}").format(verb, names(by_word[word], n))
        for word, verb in (("HELPS", "helps"), ("HARMS", "harms"))
        if by_word[word]
    ]
    text = Markup("it ") + Markup(" and ").join(parts) if parts else Markup("")
    undecided: dict[Why | None, list[Verdict]] = {}
    for v in verdicts:
        if v.verdict == "UNDECIDED":
            undecided.setdefault(why_open(v, v.margin), []).append(v)
    few, floor, open_, closed = (
        [v.collection for v in undecided.get(why, ())] for why in ("few", "floor", "interval", None)
    )
    still = by_word["SAME"] + by_word["IDENTICAL"]
    more = []
    if still:
        more.append(Markup("no difference beyond {} {}").format(m, _on(still, n)))
    if few:
        more.append(Markup("too few queries to decide {}").format(_on(few, n)))
    if floor:
        more.append(Markup("the baseline scores too little to lose anything {}").format(_on(floor, n)))
    if open_:
        where = Markup("on any of the {} collections").format(n) if len(open_) == n > 1 else _on(open_, n)
        more.append(Markup("a loss beyond {} is not ruled out {}").format(m, where))
    if unseen := undecided.get("unseen"):
        more.append(_too_few_to_rely(unseen, n))
    if closed:
        more.append(Markup("no loss beyond {}, gain unsure {}").format(m, _on(closed, n)))
    return Markup("; ").join([*([text] if text else []), *more]) + "."


def _too_few_to_rely(verdicts: Sequence[Verdict], n: int) -> Markup:
    """Say where no interval shows a loss beyond the margin, and how many queries are too few to rely on that."""
    margin = verdicts[0].margin
    counts = [different_queries(n_different(v), v.n) for v in verdicts]
    where = _on([v.collection for v in verdicts], n)
    needed = Markup("{} are needed at this margin, or a gain that is shown").format(count(groups_to_see(margin)))
    if len(verdicts) == 1:
        return Markup("the interval shows no loss beyond {} {}, but {} are too few to rely on that: {}").format(
            short(margin), where, counts[0], needed
        )
    sizes = sorted(n_different(v) for v in verdicts)
    between = f"{count(sizes[0])} to {count(sizes[-1])}" if sizes[0] < sizes[-1] else count(sizes[0])
    return Markup(
        "the intervals show no loss beyond {} {}, but {} queries each are too few to rely on that: {}"
    ).format(short(margin), where, between, needed)


def _everywhere(n: int) -> str:
    return f"on all {n} collections" if n > 1 else "on this collection"


def _on(collections: Sequence[str], n: int) -> Markup:
    if len(collections) == n > 1:
        return Markup("{}").format(_everywhere(n))
    return Markup("on {}").format(names(collections, n))


def names(collections: Sequence[str], n: int) -> Markup:
    """Return the collections by name, or by number where they are many."""
    if len(collections) == n > NAMED:
        return Markup("all {} collections").format(n)
    shown = [
        Markup("<bdi>{}</bdi>").format(without_sample(c))
        for c in collections[: NAMED if len(collections) > NAMED + 1 else NAMED + 1]
    ]
    left = len(collections) - len(shown)
    if left:
        return Markup(", ").join(shown) + Markup(" and {} more").format(left)
    return shown[0] if len(shown) == 1 else Markup(", ").join(shown[:-1]) + Markup(" and ") + shown[-1]


def title(contents: Contents) -> Markup:
    """Return who is compared with whom."""
    systems = contents.systems
    who = _titled(systems[0]) if len(systems) == 1 else Markup("{} systems").format(len(systems))
    return who + Markup(" vs {}").format(_titled(contents.baseline))


def _titled(name: str) -> Markup:
    """Return a system with its full name as tooltip, where the study gives it a short one."""
    full = full_name(name)
    return (
        Markup('<bdi title="{}">{}</bdi>').format(full, name) if full != name else Markup("<bdi>{}</bdi>").format(name)
    )


def family(contents: Contents) -> str:
    """Return what the intervals are adjusted over."""
    n, k = len(contents.collections), len(contents.systems)
    collections = f"{n} collection{'s' if n != 1 else ''}"
    looks = f", at each of {count(contents.study.looks)} planned looks" if contents.study.looks > 1 else ""
    seeds = f", {over}" if (over := over_seeds(contents)) else ""
    if k == 1:
        return (f"adjusted over {collections}" if n > 1 else "one comparison") + looks + seeds
    return f"adjusted over {len(contents.verdicts)} comparisons ({collections} × {k} systems){looks}{seeds}"


# --- what to beware of


def warnings(contents: Contents, system: str) -> list[Markup]:
    """Return one sentence for everything that could make the comparison unfair, with the system and, if some only, where."""
    n = len(contents.collections)
    return [_warning(note, n) for note in notes_on(contents, system)]


def _warning(note: Note, n: int) -> Markup:
    where = Markup(" {}").format(_on(note.collections, n)) if len(note.collections) < n else Markup("")
    return Markup("<bdi>{}</bdi>{}: {}").format(note.system, where, note.text)


# --- size, which never enters the verdict


def costs(contents: Contents, system: str) -> list[str]:
    """Return dimensions and size, baseline → system."""
    base_cost, system_cost = (_cost(contents, s) for s in (contents.baseline, system))
    return [_arrow(base_cost[key], system_cost[key]) for key in base_cost if base_cost[key] or system_cost[key]]


def _arrow(base: str, system: str) -> str:
    return f"{base or '—'} → {'same' if base == system else system or '—'}"


def _cost(contents: Contents, system: str) -> dict[str, str]:
    setup = _setup(contents.ranking_of(system))
    size_bytes = setup.get("bytes_per_vector")
    return {
        "dims": f"{count(setup['n_dims'])} dimensions" if setup.get("n_dims") else "",
        "size": f"{size(size_bytes * 1e6)} a million documents" if size_bytes else "",
    }


def _setup(ranking: Ranking | None) -> Mapping[str, Json]:
    return ranking.setup if ranking else {}
