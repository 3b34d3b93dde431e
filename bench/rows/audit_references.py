"""2,000 references decided, against a search for the likest of all titles."""

from collections.abc import Sequence
from importlib import metadata

import numpy as np
from rapidfuzz import fuzz, process

from bench.lines import N_RUNS, Line, alternate, cpu_s
from bench.records import works
from evidense.auditing.references import decide
from evidense.sources._held import Held
from evidense.texts.names import Name
from evidense.texts.titles import title_words
from evidense.values import Answer, Reference, Work

N, TENTH = 2_000, 10


def measure() -> list[Line]:
    """Decide on answers of two indexes that hold every work: by identifier, and up to five works by title."""
    references, indexes = world()
    titles = [work.title for index in indexes for work in index.works]
    answers = [_answers(reference, indexes) for reference in references]
    peer_s, ours_s = alternate(
        lambda: _nearest(references[::TENTH], titles), lambda: _decided(references, answers), warm_up=False
    )
    whole_s = cpu_s(lambda: _decided(references, [_answers(reference, indexes) for reference in references]))
    ratio_s = cpu_s(lambda: [process.extractOne(r.title, titles, scorer=fuzz.ratio) for r in references])
    verdicts = [decide(reference, given).verdict for reference, given in zip(references, answers, strict=True)]
    counted = ", ".join(f"{verdicts.count(verdict):,} {verdict}" for verdict in sorted(set(verdicts)))
    scaled = f"rapidfuzz {metadata.version('rapidfuzz')}, {len(titles):,} titles, default scorer, on every tenth reference, its time × {TENTH}"
    return [Line(
        job="2,000 references decided against cached answers", peer="rapidfuzz extractOne over all titles", target="≤ 1/5 of its time", bound=0.2,
        sense="ours/peer ≤", peer_value=peer_s * TENTH, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(scaled, f"with the scorer `ratio` it takes {ratio_s:.2f} CPU-s; ours with the search of both indexes {whole_s:.2f} CPU-s", counted),
    )]  # fmt: skip


def world() -> tuple[list[Reference], list[Held]]:
    """Return references, one in four with a wrong word in the title, year or author, and two indexes in their dialects."""
    rng, invented = np.random.default_rng(2), works(N)
    references, held = [], ([], [])
    for number, (title, authors, year) in enumerate(invented):
        doi = {"doi": f"10.1234/work.{number}"}
        full = tuple(f"{given} {family}" for family, given in authors)
        initials = tuple(f"{family}, {given[0]}." for family, given in authors)
        held[0].append(Work("index_a", doi, title, full, year, "Machine Learning"))
        held[1].append(Work("index_b", doi, title.lower(), initials, year + number % 2, "Mach. Learn."))
        written, wrong = title.title(), int(rng.integers(0, 12))
        cited = "Wrong" + written[written.index(" ") :] if wrong == 0 else written
        names = tuple(f"{family}, {given}" for family, given in authors[: -1 if wrong == 1 else None])
        references.append(Reference(
            f"key{number}", "article", cited, names, year=year + 5 * (wrong == 2), venue="Machine Learning", identifiers=doi if number % 3 else {}
        ))  # fmt: skip
    return references, [Held("index_a", held[0]), Held("index_b", held[1])]


def _answers(reference: Reference, indexes: Sequence[Held]) -> list[Answer]:
    asked = [index.by_identifier(reference) for index in indexes]
    return [*(answer for answer in asked if answer), *(index.by_title(reference.title) for index in indexes)]


def _nearest(references: Sequence[Reference], titles: Sequence[str]) -> object:
    return [process.extractOne(reference.title, titles) for reference in references]


def _decided(references: Sequence[Reference], answers: Sequence[Sequence[Answer]]) -> object:
    """Decide with nothing remembered of titles and names."""
    title_words.cache_clear()
    Name.of.cache_clear()
    return [decide(reference, given) for reference, given in zip(references, answers, strict=True)]
