"""Asked: which sources an audit asks, under which names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from evidense import registry
from evidense.auditing.audited import AskedSource, AuditedReference, tally
from evidense.auditing.references import MIN_ANSWERS
from evidense.auditing.references_of import NamedSource
from evidense.auditing.shipped_works import DISPLAY_NAME, SOURCE, shipped_answer
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import Source
from evidense.study.audit.order import FOLDER, Order
from evidense.values import Answer, ReadDocument

_BROAD_FIRST = ("crossref", "openalex", "semantic_scholar", "datacite", "europepmc", "arxiv")
"""Whom a title is asked for first: most are settled by one answer. arXiv wants three seconds between two requests."""
_NOTHING = "no reference was left that it could be asked for"


def sources_of(order: Order) -> list[NamedSource]:
    """Return the sources of an audit.

    Raises:
        UnknownName, InvalidInput: as `named_sources`.
    """
    return named_sources(order.sources)


def named_sources(named: Sequence[str]) -> list[NamedSource]:
    """Return the sources that are named, each once, in their order; without any named every index of the shelf, those that hold most first.

    Raises:
        UnknownName: no source has this name.
        InvalidInput: a folder is named without its path, or an index with one that it does not take.
    """
    indexes = sorted((name for name in registry.names("sources") if name != FOLDER), key=_breadth)
    spellings = list(dict.fromkeys(named)) or indexes
    labels = _labels(spellings)
    return [NamedSource(labels[text], _part(text), text) for text in spellings]


def _breadth(name: str) -> tuple[int, str]:
    return (_BROAD_FIRST.index(name) if name in _BROAD_FIRST else len(_BROAD_FIRST)), name


def at_hand(order: Order, document: ReadDocument) -> list[Answer | None]:
    """Return what the records that ship with Evidense say of each reference; nothing where sources are named."""
    return [None if order.sources else shipped_answer(reference) for reference in document.references]


def silent_of(sources: Sequence[NamedSource]) -> list[AskedSource]:
    """Return the indexes of the shelf that are not among the sources of an audit."""
    named = {source.part.name for source in sources}
    parts: list[Source] = [registry.part("sources", n) for n in registry.names("sources") if n not in {*named, FOLDER}]
    return [AskedSource(part.name, part.display_name, part.covers, {}, "not named by --sources") for part in parts]


def gate_remark(gate: Sequence[str], sources: Sequence[NamedSource]) -> str:
    """Say why a gate on NOT FOUND cannot see it; "" where it can, or does not name it."""
    n_sources = sum(source.part.offers != {"retractions"} for source in sources)
    if "NOT FOUND" not in gate or n_sources >= MIN_ANSWERS:
        return ""
    return f"the gate cannot see NOT FOUND: that needs {MIN_ANSWERS} sources that answer, and {n_sources} was named; name another with --sources"


def counted(
    sources: Sequence[NamedSource],
    audited: Sequence[AuditedReference],
    unread: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[AskedSource]:
    """Count how each source answered, over all references; the records that ship among them where they said something.

    `unread` says of each source which texts in it could not be read.
    """
    answers: dict[str, list[Answer]] = {source.label: [] for source in sources}
    for reference in audited:
        for answer in reference.asked:
            answers.setdefault(answer.source, []).append(answer)
    known = {s.label: AskedSource(s.label, s.display_name, s.part.covers) for s in sources}
    shipped = AskedSource(SOURCE, DISPLAY_NAME, "works of the seed report")
    counts = [tally(known.get(name, shipped), given) for name, given in answers.items()]
    flaws = {source.label: (*_flaws(source), *unread.get(source.label, ())) for source in sources}
    counts = [replace(count, flaws=flaws.get(count.name, ())) for count in counts]
    lists = {source.label for source in sources if source.part.offers == {"retractions"}}
    n_known = sum(any(a.reference.identifiers.get(kind) for kind in ("doi", "pmid")) for a in audited)
    return [count if count.states else _unanswering(count, n_known if count.name in lists else 0) for count in counts]


def _unanswering(source: AskedSource, n_without_notice: int) -> AskedSource:
    """Say of a source that gave no answer what that means: a list of notices was read and has none, of an index nothing was asked."""
    if n_without_notice:
        return replace(source, states={"not there": n_without_notice}, detail="no notice about these works")
    return replace(source, detail=_NOTHING)


def _flaws(source: NamedSource) -> tuple[str, ...]:
    """Return what of a source's files could not be read; a source over the network has none."""
    flaws = getattr(source.part, "flaws", None)
    return tuple(flaws(source.spelling)) if flaws is not None else ()


def names_of(sources: Sequence[NamedSource]) -> dict[str, str]:
    """Return how people write the names of the sources that answers bear."""
    return {source.label: source.display_name for source in sources} | {SOURCE: DISPLAY_NAME}


def paths_of(order: Order) -> list[Path]:
    """Return the files and folders that an audit reads: the file, and those of its sources."""
    named = (text.partition(":")[2].strip() for text in order.sources)
    return [order.file, *(Path(path).expanduser() for path in named if path)]


def _part(spelling: str) -> Source:
    name, _, _ = spelling.partition(":")
    known = registry.names("sources")
    if name not in known:
        is_path = bool(spelling) and Path(spelling).expanduser().exists()
        hint = f"There is a folder or file of this name: write {FOLDER}:{spelling}." if is_path else ""
        raise UnknownName.among("source", name, known, hint)
    part: Source = registry.part("sources", name)
    if not part.recognises(spelling):
        forms = " or ".join(f"'{form}'" for form in getattr(part, "spellings", (name,)))
        raise InvalidInput(f"'{spelling}' is no spelling of the source {name}; expected {forms}; correct it")
    return part


def _labels(spellings: Sequence[str]) -> dict[str, str]:
    """Name each source for people: a folder by its own name, with a number where two are alike; never its whole path."""
    seen: Counter[str] = Counter()
    labels = {}
    for text in spellings:
        name, _, rest = text.partition(":")
        label = f"{name}:{Path(rest).name or rest}" if name == FOLDER else name
        seen[label] += 1
        labels[text] = f"{label} {seen[label]}" if seen[label] > 1 else label
    return labels
