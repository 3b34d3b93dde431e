"""Draw what queries share: `python docs/figures/shared_documents.py` counts the real judgements anew and writes shared_documents.svg."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "stats"))

import judged
import numpy as np

from evidense.stats import Overlap, cluster_queries, overlap_of

EXAMPLE = {"q1": {"a": 1, "b": 1}, "q2": {"b": 1, "c": 1}, "q3": {"c": 1, "d": 1, "e": 1, "f": 1}, "q4": {"g": 1}}
"""q1 and q2 have one of two documents in common, q2 and q3 one of two and four; q4 shares nothing."""
NAMES = ("nfcorpus", "trec-covid", "scidocs", "dbpedia-entity", "climate-fever")
BARS = (("each query by itself", "#8c959f"), ("linked queries as one", "#9a6700"), ("in use: in proportion", "#1a7f37"))
LEFT, SPAN, TOP, BAR, GAP = 470, 250, 58, 13, 17


def example() -> list[str]:
    """Four queries, their documents, and how much each pair shares."""
    queries, documents = list(EXAMPLE), sorted({d for docs in EXAMPLE.values() for d in docs})
    overlap = overlap_of(queries, EXAMPLE, {})
    assert isinstance(overlap, Overlap)
    shares = (overlap.rows @ overlap.rows.T).toarray()
    at = {q: (84, 80 + 60 * i) for i, q in enumerate(queries)} | {
        d: (250, 62 + 33 * i) for i, d in enumerate(documents)
    }
    out = ['<text x="16" y="30" font-weight="600">what queries share</text>']
    for q, docs in EXAMPLE.items():
        out += [f'<path d="M{at[q][0]} {at[q][1]}L{at[d][0]} {at[d][1]}" stroke="#8c959f"/>' for d in docs]
    for name, (x, y) in at.items():
        word, colour = ("query " + name[1:], "#0969da") if name in EXAMPLE else ("document " + name, "#57606a")
        side = f'x="{x - 10}" text-anchor="end"' if name in EXAMPLE else f'x="{x + 10}"'
        out.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/><text {side} y="{y + 4}">{word}</text>')
    for i in range(len(queries) - 1):
        y = 80 + 60 * i + 34
        out.append(f'<text x="76" y="{y}" text-anchor="end" fill="#57606a">share {shares[i, i + 1]:.2f}</text>')
    return out


def counts(name: str) -> tuple[int, int, int]:
    """Queries, groups of linked queries, and effective queries."""
    ids, qrels = judged.judgements(name)
    overlap = judged.grouping(name)
    assert isinstance(overlap, Overlap)
    return len(ids), len(np.unique(cluster_queries(ids, qrels, {}))), overlap.effective


def bars() -> list[str]:
    """How many independent queries five collections have, counted in three ways, as shares of their queries."""
    out = [f'<text x="{LEFT - 120}" y="30" font-weight="600">independent queries, counted in three ways</text>']
    for row, name in enumerate(NAMES):
        top = TOP + row * (3 * BAR + GAP)
        out.append(f'<text x="{LEFT - 8}" y="{top + 24}" text-anchor="end">{name}</text>')
        numbers = counts(name)
        for at, (n, (_, colour)) in enumerate(zip(numbers, BARS, strict=True)):
            width = max(SPAN * n / numbers[0], 1.5)
            y = top + at * BAR
            out.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{colour}"/>')
            out.append(f'<text x="{LEFT + width + 5:.1f}" y="{y + 10}" font-size="11">{n:,}</text>')
    y = TOP + len(NAMES) * (3 * BAR + GAP) + 8
    for at, (words, colour) in enumerate(BARS):
        x = LEFT - 120 + 150 * at
        out.append(
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/><text x="{x + 15}" y="{y}" font-size="11">{words}</text>'
        )
    return out


if __name__ == "__main__":
    height = TOP + len(NAMES) * (3 * BAR + GAP) + 26
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {height}" font-family="sans-serif" font-size="12" fill="#1f2328" role="img">'
    title = "<title>Queries that share documents, and how many independent queries real collections have</title>"
    back = f'<rect width="800" height="{height}" fill="#ffffff"/>'
    (Path(__file__).parent / "shared_documents.svg").write_text(
        "\n".join([head, title, back, *example(), *bars(), "</svg>"]) + "\n"
    )
