"""100 statements checked against 16 papers, against encoding the sentences of the papers once with all-MiniLM-L6-v2."""

from importlib import resources

import numpy as np

from bench.lines import Line, cpu_s
from bench.records import vocabulary
from bench.texts import MODEL
from evidense import registry
from evidense.auditing.passages import SourceText
from evidense.checking.decide import Judges, decide
from evidense.checking.library import LibraryWork, WorkLibrary
from evidense.values import Work

N_STATEMENTS, N_PAPERS, N_SENTENCES, TENTH = 100, 16, 250, 10


def measure() -> list[Line]:
    """Check statements of which half copy a sentence with a word swapped; the peer encodes every tenth sentence."""
    from sentence_transformers import SentenceTransformer

    papers, statements = world()
    package, _, folder = MODEL.partition("/")
    model = SentenceTransformer(str(resources.files(package) / folder), device="cpu")
    sentences = [sentence for paper in papers for sentence in paper]
    model.encode(sentences[:32])
    peer_s = cpu_s(lambda: model.encode(sentences[::TENTH]))
    words: list[str] = []
    ours_s = cpu_s(lambda: words.extend(_checked(papers, statements)))
    counted = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
    notes = (
        f"{len(sentences):,} sentences; every tenth was encoded, the peer's time × {TENTH}",
        f"ours with reading nothing from disk, entailer features, no encoder; {counted}",
    )
    return [Line(
        job=f"{N_STATEMENTS} statements checked against {N_PAPERS} papers", peer="sentence-transformers, every sentence encoded once",
        target="≤ 3 × its time", bound=3.0, sense="ours/peer ≤", peer_value=peer_s * TENTH, ours_value=ours_s, unit="CPU-s", n_runs=1, notes=notes,
    )]  # fmt: skip


def world() -> tuple[list[list[str]], list[str]]:
    """Return papers as sentences, and statements: copies with a word swapped, and sentences that no paper has."""
    rng, words = np.random.default_rng(5), vocabulary()
    chance = 1 / np.arange(10, len(words) + 10)

    def sentence() -> str:
        drawn = words[rng.choice(len(words), int(rng.integers(10, 30)), p=chance / chance.sum())]
        return f"The {' '.join(drawn[:3])} is {' '.join(drawn[3:])}."

    papers = [[sentence() for _ in range(N_SENTENCES)] for _ in range(N_PAPERS)]
    copies = [
        papers[n % N_PAPERS][n].replace(" is ", " is not " if n % 2 else " is ", 1) for n in range(N_STATEMENTS // 2)
    ]
    return papers, [*copies, *(sentence() for _ in range(N_STATEMENTS - len(copies)))]


def _checked(papers: list[list[str]], statements: list[str]) -> list[str]:
    """Return the words of all statements; each has one paper for its source, the others may corroborate it."""
    works = [
        LibraryWork(f"p{n}", Work("made", title=f"Paper {n}"), SourceText.of_abstract(f"p{n}", " ".join(paper)))
        for n, paper in enumerate(papers)
    ]
    judges = Judges(WorkLibrary(tuple(works)), registry.part("entailers", "features").open("features"))
    return [decide(text, (f"p{n % N_PAPERS}",), "claim", judges).word for n, text in enumerate(statements)]
