"""Methods: the paragraph and the references that a paper can take over as they are."""

from evidense.boundary.numerals import count, level, short
from evidense.measures import parse
from evidense.report.comparison.seeds import sentence
from evidense.report.contents import Contents
from evidense.report.rendering import full_name
from evidense.report.words import groups_text
from evidense.stats import MIN_CLUSTERS
from evidense.stats.rule import groups_to_see


def paragraph(contents: Contents) -> str:
    """Return the methods in words, each number of it from the records."""
    study, n = contents.study, len(contents.collections)
    systems = ", ".join(map(_introduced, contents.systems))
    several = len(contents.verdicts) > 1
    sentences = [
        f"We compared {systems} with {_introduced(contents.baseline)} on {n} collection{'s' if n != 1 else ''} ({_sizes(contents)}) "
        f"by {study.primary}, computed per query with ir-measures (MacAvaney et al., 2022).",
        _dependence(contents),
        f"Intervals ({level(study.confidence)}) come from a studentised cluster bootstrap and p-values from cluster sign-flips "
        f"({count(study.n_resamples)} resamples, seed {study.seed}{_few(contents)}).",
    ]
    if several:
        sentences.append(
            f"Both hold simultaneously for the family of {len(contents.verdicts)} comparisons: those that share queries are "
            "adjusted by the maximum statistic (Westfall and Young, 1993; Boytsov et al., 2013), collections by Šidák’s inequality."
        )
    sentences += [seeds] if (seeds := sentence(contents)) else []
    sentences += _indexes(contents)
    if study.looks > 1:
        sentences.append(f"The error is shared by {count(study.looks)} planned looks at these queries (Bonferroni).")
    if contents.winners:
        sentences.append(
            "The best candidate is the one with the largest observed mean; its interval holds simultaneously over all candidates, and its "
            "effect is shrunken by the bootstrap's mean overestimate of the best (Sun and Bull, 2005)."
        )
    sentences.append(_rule(study.margin))
    if contents.pooled and n > 1:
        sentences.append(
            "The mean over these collections weighs each collection equally and says nothing of others."
            + (" Queries that several of them share are resampled together." if _share(contents) else "")
        )
    if contents.beyond:
        sentences.append(
            f"For new collections we report the plain mean over {_families(contents)} independent families of collections, with its interval and a "
            "prediction interval from the confidence distribution of the variance between them (Nagashima et al., 2019)."
        )
    if any("judged_only" in str(m) for m in contents.measures):
        sentences.append("Values over judged documents only follow Sakai (2007).")
    return " ".join(sentences)


def _dependence(contents: Contents) -> str:
    by = contents.study.clusters
    if by == "queries":
        return "Differences are paired by query, and each query counts as independent of the others."
    if by and by != "components":
        return f"Differences are paired by query; queries with the same {by} form one cluster, which is resampled and flipped as a whole."
    said = (
        "Differences are paired by query; queries that share a relevant document or a group key form one cluster, which is "
        "resampled and flipped as a whole."
    )
    if any("effective_queries" in v.details for v in contents.verdicts.values()):
        return (
            "Differences are paired by query. Queries that share a group key, or all of their relevant documents, form one cluster, which is "
            "resampled and flipped as a whole; where queries share some of their relevant documents, the standard error takes their dependence "
            "in proportion to what they share, with its strength estimated from the differences; sign-flips go by document (a dependent wild bootstrap, "
            "Shao, 2010)."
        )
    return said


def _rule(margin: float) -> str:
    m = short(margin)
    return (
        f"With a margin of ±{m}, a system is the SAME where the whole interval lies within the margin "
        f"(from at least {count(groups_to_see(margin))} groups of queries), else HELPS (HARMS) "
        "where it lies above (below) zero, else UNDECIDED; "
        f"fewer than {MIN_CLUSTERS} clusters are never decided, and IDENTICAL means that every difference is zero."
    )


def _introduced(name: str) -> str:
    """Return a name as a paper brings it in: a short one with the full one behind it."""
    return name if full_name(name) == name else f"{name} ({full_name(name)})"


def _sizes(contents: Contents) -> str:
    n = {v.collection: v for v in contents.verdicts.values()}
    return "; ".join(f"{_introduced(c)}: {count(v.n)} queries, {groups_text(v.n_clusters)}" for c, v in n.items())


def _share(contents: Contents) -> bool:
    return any(len(f.details.get("family") or ()) > 1 for f in contents.shared.values())


def _indexes(contents: Contents) -> list[str]:
    """Say how approximate indexes were allowed for; nothing where there are none."""
    if not contents.recalls:
        return []
    return [
        f"Systems with an approximate index (built by faiss, Douze et al., 2024) were also searched exactly on {_checked(contents)}; a word is "
        "given only where the interval of the difference by exact search leads to it, too. Intervals of an index’s recall and of what it changes "
        "are Gaffke’s (Learned-Miller and Thomas, 2019)."
    ]


def _checked(contents: Contents) -> str:
    """Say on how many queries indexes were compared with exact search."""
    findings = contents.recalls.values()
    if all(f.n == f.details["n_queries"] for f in findings):
        return "all queries"
    return f"{count(max(f.n for f in findings))} sampled queries of each collection"


def _families(contents: Contents) -> str:
    return count(next(int(f.details["n_families"]) for f in contents.beyond.values()))


def _few(contents: Contents) -> str:
    exact = any("exact" in f.test for f in contents.differences.values())
    return "; where fewer than ten differences are not zero, all sign patterns" if exact else ""


def bibtex(contents: Contents, version: str) -> str:
    """Return the entries that the paragraph cites."""
    entries = [_EVIDENSE.replace("VERSION", version), _IR_MEASURES]
    entries += [_WESTFALL, _BOYTSOV] if len(contents.verdicts) > 1 else []
    entries += [_DOUZE, _LEARNED_MILLER] if contents.recalls else []
    entries += [_SUN] if contents.winners else []
    entries += [_NAGASHIMA] if contents.beyond else []
    entries += [_SAKAI] if any("judged_only" in m for m in contents.measures) else []
    entries += [_JARVELIN] if parse(contents.study.primary).NAME == "nDCG" else []
    return "\n\n".join(entries)


_EVIDENSE = """@software{evidense,
  title   = {Evidense: claims about dense retrievers, put to the test},
  author  = {{The Evidense authors}},
  version = {VERSION}
}"""
_IR_MEASURES = """@inproceedings{macavaney2022irmeasures,
  title     = {Streamlining Evaluation with ir-measures},
  author    = {MacAvaney, Sean and Macdonald, Craig and Ounis, Iadh},
  booktitle = {Advances in Information Retrieval (ECIR)},
  year      = {2022}
}"""
_WESTFALL = """@book{westfall1993resampling,
  title     = {Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment},
  author    = {Westfall, Peter H. and Young, S. Stanley},
  publisher = {Wiley},
  year      = {1993}
}"""
_BOYTSOV = """@inproceedings{boytsov2013deciding,
  title     = {Deciding on an Adjustment for Multiplicity in {IR} Experiments},
  author    = {Boytsov, Leonid and Belova, Anna and Westfall, Peter},
  booktitle = {Proceedings of the 36th International ACM SIGIR Conference},
  year      = {2013}
}"""
_DOUZE = """@misc{douze2024faiss,
  title         = {The Faiss library},
  author        = {Douze, Matthijs and Guzhva, Alexandr and Deng, Chengqi and Johnson, Jeff and Szilvasy, Gergely and others},
  year          = {2024},
  eprint        = {2401.08281},
  archiveprefix = {arXiv}
}"""
_LEARNED_MILLER = """@misc{learnedmiller2019interval,
  title         = {A New Confidence Interval for the Mean of a Bounded Random Variable},
  author        = {Learned-Miller, Erik and Thomas, Philip S.},
  year          = {2019},
  eprint        = {1905.06208},
  archiveprefix = {arXiv}
}"""
_SUN = """@article{sun2005reduction,
  title   = {Reduction of selection bias in genomewide studies by resampling},
  author  = {Sun, Lei and Bull, Shelley B.},
  journal = {Genetic Epidemiology},
  volume  = {28},
  number  = {4},
  pages   = {352--367},
  year    = {2005}
}"""
_NAGASHIMA = """@article{nagashima2019prediction,
  title   = {Prediction intervals for random-effects meta-analysis: A confidence distribution approach},
  author  = {Nagashima, Kengo and Noma, Hisashi and Furukawa, Toshi A.},
  journal = {Statistical Methods in Medical Research},
  volume  = {28},
  number  = {6},
  pages   = {1689--1702},
  year    = {2019}
}"""
_SAKAI = """@inproceedings{sakai2007alternatives,
  title     = {Alternatives to {Bpref}},
  author    = {Sakai, Tetsuya},
  booktitle = {Proceedings of the 30th International ACM SIGIR Conference},
  pages     = {71--78},
  year      = {2007}
}"""
_JARVELIN = """@article{jarvelin2002cumulated,
  title   = {Cumulated gain-based evaluation of {IR} techniques},
  author  = {J{\\"a}rvelin, Kalervo and Kek{\\"a}l{\\"a}inen, Jaana},
  journal = {ACM Transactions on Information Systems},
  volume  = {20},
  number  = {4},
  pages   = {422--446},
  year    = {2002}
}"""
