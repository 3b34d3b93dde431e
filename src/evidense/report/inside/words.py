"""Words: what each analysis and each of its figures shows, what to see in it, and what not to conclude."""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """One analysis: its title, what it asks, what not to conclude, and the estimands that are shown before the others."""

    title: str
    asks: str
    beware: str
    leads: tuple[str, ...]


ANALYSES: dict[str, About] = {
    "probes": About(
        "Relevance, layer by layer",
        "How often a probe on one layer chooses the relevant document among N. Chance is 1/N; only what lies above the controls is relevance.",
        "High accuracy of a trained probe is not knowledge that the encoder uses; accuracies with different N are not comparable as they stand.",
        ("accuracy", "relevance gain", "change in accuracy", "change in relevance gain"),
    ),
    "published_probe": About(
        "The published probe",
        "The probe of the published study: one linear layer over the question and N passages side by side.",
        "It adds a term of the question to a term of each passage, so it cannot see whether they belong together: no statement about relevance.",
        ("accuracy", "change in accuracy"),
    ),
    "similarity": About(
        "How alike the layers are",
        "Whether two encoders place the same items alike: 1 is the same up to rotation and scale, 0 is what unrelated items would give.",
        "Two spaces can differ much and rank alike, and look alike and rank differently: see “Rankings”.",
        ("CKA", "CKA of all layers", "CKA beyond seeds"),
    ),
    "space": About(
        "The shape of the space",
        "How vectors fill their space at every layer: how even, how many directions, how near relevant pairs lie, how many hubs.",
        "A rounder space is not in itself a better retriever.",
        ("hard-negative margin", "change of hard-negative margin", "uniformity", "effective rank"),
    ),
    "gap": About(
        "The gap between pictures and texts",
        "How far the two modalities lie apart, and what closing the gap does to retrieval.",
        "A gap can be wide and harmless: what counts is the effect of closing it.",
        ("modality gap", "effect of closing the gap", "centroid share"),
    ),
    "drift": About(
        "How far the weights moved",
        "The change of each layer’s weights, as a share of their size. Weights are known exactly, so there is no interval.",
        "A weight that moved far need not matter, and one that moved little can: see “Patching”.",
        ("drift", "rank of the change"),
    ),
    "rankings": About(
        "Rankings",
        "Whether base and tuning are the same retriever: scores, lists and gold ranks, which no rotation of the space can change.",
        "Different lists are not better or worse lists; the comparison of retrieval says that.",
        ("top-10 overlap", "RBO", "gold rank change", "prediction flips", "wins lost", "wins gained"),
    ),
    "neurons": About(
        "Neurons that carry the score",
        "How many neurons share the score margin between a relevant document and another, layer by layer.",
        "The published count grows with the number of texts and falls with the single strongest neuron; it does not say how many neurons matter.",
        ("effective neurons", "effective neurons ratio", "neuron overlap", "published count"),
    ),
    "patching": About(
        "Patching: which parts carry the change",
        "Parts of the tuned encoder are put into the base, and back: what each gains or loses, as a share of what tuning changed.",
        "Shares do not add up to 1, since parts act together.",
        ("patching effect", "tuning difference"),
    ),
    "pruning": About(
        "Pruning: does retrieval need these neurons?",
        "Retrieval with the attributed neurons silenced, beside as many random neurons and neurons as active.",
        "Above 0: the attributed neurons matter more than the control’s. It does not say that they hold a fact.",
        ("pruning",),
    ),
    "editing": About(
        "Editing knowledge, then fine-tuning",
        "Facts are written into a copy of the encoder, and both copies are tuned alike: does the edit carry over?",
        "Facts that fine-tuning data teach again say nothing of what an edit does by itself.",
        (),
    ),
}  # fmt: skip

SEE: dict[str, str] = {
    "accuracy": "Share of queries whose relevant document the probe chooses. Look at how far a line lies above its own dotted controls, not only above chance.",
    "change in accuracy": "Accuracy of one encoder minus the base’s, on the same queries.",
    "relevance gain": "Accuracy minus that of the same probe without the query: what the query adds. 0 means that the probe judges documents only.",
    "change in relevance gain": "What tuning changed in what the query adds.",
    "selectivity": "Accuracy minus that on labels without meaning: near 0, a probe only memorises.",
    "change in selectivity": "What tuning changed in selectivity.",
    "log-loss": "Bits that a query’s answer still costs when the probe is known; lower is better, log₂ N is chance.",
    "change in log-loss": "Below 0: the tuned encoder’s layer makes the answer cheaper.",
    "CKA": "1: the layer places items as the base’s does, up to rotation and scale. 0: as unrelated items.",
    "CKA of all layers": "Each layer of one encoder against each of the other: dark means alike. A dark diagonal: layers kept their place.",
    "CKA beyond seeds": "CKA with the base minus CKA of two seeds of the tuning. Below 0: it moved more than another seed would have.",
    "RSA": "Correlation of all distances between items in one space with those in the other.",
    "Procrustes": "Share of variance that the best rotation explains, on items that did not choose it.",
    "moved": "Share of variance that the base’s states explain as they are, but for a shift. 1: nothing moved.",
    "rotated": "What a rotation explains in addition: the space turned, its distances stayed.",
    "re-mapped": "What any other linear map explains in addition: directions were weighed anew.",
    "new": "What no linear map of the base’s states explains.",
    "mutual neighbours": "Share of nearest neighbours that both spaces have; chance is dashed.",
    "alignment": "Mean squared distance of a query and its relevant document; lower is nearer.",
    "hard-negative margin": "How much nearer the relevant document is than the nearest other one. Above 0: it comes first.",
    "uniformity": "How evenly vectors cover the sphere; lower is more even.",
    "cross uniformity": "How evenly queries lie among documents; lower is more even.",
    "effective rank": "Directions that the vectors effectively use.",
    "participation ratio": "Directions that carry the variance; 1 is a line.",
    "IsoScore": "1: variance is the same in all directions. 0: all of it in one.",
    "mean cosine": "Cosine of two items drawn at random: far above 0, all vectors point the same way.",
    "top variance": "Share of variance in the leading directions.",
    "first variance": "Share of variance in the first direction.",
    "hub skewness": "Above 0: few documents are near to very many queries.",
    "hub Gini": "How unevenly documents are somebody’s neighbours: 0 evenly, 1 one document for all.",
    "hub rate": "Share of nearest neighbours that are hubs.",
    "drift": "0: untouched. 1: the change is as large as the weights were.",
    "rank of the change": "In how many directions the weights changed, of those they could; low is a change like LoRA’s.",
    "effective neurons": "How many equally strong neurons would carry the margin as unevenly as these do.",
    "effective neurons ratio": "Logarithm of tuned over base: 0 as many, −0.7 half as many.",
    "effective neurons slope": "Change of the logarithm from one layer to the next.",
    "published count": "Neurons above a threshold in at least one text, as published; it grows with the number of texts.",
    "published count ratio": "Logarithm of tuned over base.",
    "neuron overlap": "Share of the strongest neurons that both encoders have; chance is dashed.",
    "completeness": "How much of a margin the attribution misses in the worst example: 0 is an exact account.",
    "patching effect": "Share of what tuning changed that this part brings, or takes away with it. 1 is all of it.",
    "patching difference": "The same in the measure itself.",
    "tuning difference": "What tuning changed in all: the whole that the shares are of.",
    "pruning": "Above 0: silencing the attributed neurons costs more than silencing the control’s.",
    "deletion": "Above 0: the margin, or gold rank, falls faster without the attributed neurons.",
    "insertion": "Above 0: the attributed neurons alone bring more back.",
    "top-10 overlap": "Share of the first ten that both lists hold.",
    "RBO": "Overlap of two lists, the first places counting most.",
    "gold rank change": "Below 0: the relevant document moved up; −1 is to half its rank.",
    "prediction flips": "Share of queries whose first document turned right or wrong.",
    "wins lost": "Share of queries whose relevant document was first and no longer is.",
    "wins gained": "Share of queries whose relevant document is first and was not.",
    "modality gap": "Distance between the mean picture and the mean text.",
    "effect of closing the gap": "The measure with the means taken off, minus as it is. Above 0: the gap harms.",
}  # fmt: skip


def about(analysis: str) -> About:
    """Return what is said of an analysis; of one that is not known here, its own name."""
    return ANALYSES.get(analysis, About(analysis.replace("_", " "), "", "", ()))


def see(estimand: str) -> str:
    """Return the one sentence of a figure; of a change, what its estimand means and that 0 is no change.

    >>> see("change of uniformity")
    'What one encoder has more of than the other; 0 is no change. How evenly vectors cover the sphere; lower is more even.'
    """
    if estimand in SEE:
        return SEE[estimand]
    for before in ("change of ", "change in "):
        if estimand.startswith(before):
            bare = estimand.removeprefix(before).removesuffix(" over seeds")
            than = (
                "What tuning changed beyond what another seed changes; 0 is no more than a seed does."
                if estimand.endswith(" over seeds")
                else _CHANGE
            )
            return f"{than} {SEE.get(bare, '')}".strip()
    if estimand.endswith(" beyond seeds"):
        return f"Tuned against base, minus two seeds of the tuning. {SEE.get(estimand.removesuffix(' beyond seeds'), '')}".strip()
    return SEE.get(estimand.partition(",")[0], "")


_CHANGE = "What one encoder has more of than the other; 0 is no change."
