"""Methods: how it was computed, in the words of the findings themselves."""

import evidense
from evidense.boundary.numerals import count, level
from evidense.report.analysis_words import words_of
from evidense.report.comparison import methods
from evidense.report.contents import Contents


def paragraph(contents: Contents) -> str:
    """Return the methods in words, each number of it from the records."""
    study, findings = contents.study, contents.inside
    analyses = list(dict.fromkeys(str(f.site["analysis"]) for f in findings))
    collections = list(dict.fromkeys(str(f.site.get("collection", "")) for f in findings))
    subjects = list(dict.fromkeys(str(f.site["subject"]) for f in findings if f.site.get("subject")))
    sizes = [f.n for f in findings if f.n and f.low != f.high]
    n = (
        f"{count(min(sizes))} to {count(max(sizes))}"
        if sizes and min(sizes) != max(sizes)
        else count(max(sizes, default=0))
    )
    names = ", ".join(a.replace("_", " ") for a in analyses)
    sentences = [
        f"We looked inside {', '.join(subjects)} on {', '.join(collections)} by {len(analyses)} analyses ({names}), n {n}.",
        "Layer 0 is the embeddings, layer l the output of block l; states were read in one pass and pooled as the figures say.",
        "Differences are paired by query; queries that share a relevant document or a group form one cluster, which is resampled or left out "
        "as a whole.",
        f"Intervals are of {level(study.confidence)}; a layer is said to differ where the interval that holds over all layers of its figure "
        f"together excludes 0 (maximum statistic; {count(study.n_resamples)} resamples, seed {study.seed}).",
    ]
    if any(row.get("states") == "float16" for row in study.dissect):
        sentences.append(
            "States were kept as float16 with a scale for each row, rounded to 11 bits, a relative error of at most 2⁻¹¹."
        )
    sentences += [words.methods for a in analyses if (words := words_of(a)).methods]
    if contents.ledger:
        sentences.append(
            "Each claim’s estimand, margin, controls and family were registered, and hashed into the study, before test data were read; "
            "a claim HOLDS or FAILS only where its whole interval lies on one side of the margin and every control passed."
        )
    return " ".join(sentences)


def bibtex(contents: Contents) -> str:
    """Return the entries to cite: Evidense, and what the comparison cites."""
    return methods.bibtex(contents, evidense.__version__) if contents.study.measures else ""
