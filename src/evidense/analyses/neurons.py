"""Which neurons carry a score margin: how many, whether tuning moved them, and the published count beside that.

Integrated gradients at both dense modules of each block, query side with the documents fixed and document side with the query fixed.

| estimand | site (always: side, target, subject, role, negatives, n_candidates) | unit | details |
|---|---|---|---|
| completeness | | share of F(x) − F(x'), the worst | median, by_example, most_nodes, token_share (first, between, last) |
| effective neurons | layer, module | neurons (N2 of the weight path) | N1, gini, top_mass, N2_activation_path: [value, low, high]; lorenz |
| effective neurons slope | module | ln(N2) a layer | |
| effective neurons ratio | layer, module, against | ln(N2 ratio), paired by example | ratio [value, low, high], together |
| published count | layer, module | neurons active in some text | by_threshold, rarefaction, mean_per_text |
| published count ratio | layer, module, against | ln(count ratio) | counts |
| agreement of neurons between collections | layer, module, beside | rank correlation over that of halves | between, within |
| neuron overlap | layer, module, against | share of the top k | k, chance; p is the hypergeometric's |

`against` is the base; role "floor" compares a second seed of the tuning with the tuned encoder. `module` is intermediate or output; `layer` 1 … n.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidense.dissection.attribution.attribute import ModuleSelection
from evidense.dissection.candidates import Draw
from evidense.dissection.comparisons import comparisons
from evidense.dissection.neurons.agreement import between_collections
from evidense.dissection.neurons.examples import AttributionSettings, Examples, attributed, examples
from evidense.dissection.neurons.findings import SideFindings, SubjectAttributions, of_pair, of_subject
from evidense.dissection.sentences import differs, layers, with_layer
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import AnalysisWords, Bench, Capability, Case, Sentence, Side
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json


def _sentence(findings: Sequence[Finding]) -> str:
    """Say in which layers more or fewer neurons carry the margin."""
    ratios = with_layer(findings, "effective neurons ratio")
    more, fewer = ([f for f in ratios if differs(f) and f.value * sign > 0] for sign in (1, -1))
    return " and ".join(
        f"{word} neurons carry the score in {layers(layers_so)}"
        for layers_so, word in ((more, "more"), (fewer, "fewer"))
        if layers_so
    )


WORDS = AnalysisWords(
    title="Neurons that carry the score",
    asks="How many neurons share the score margin between a relevant document and another, layer by layer.",
    beware="The published count grows with the number of texts and falls with the single strongest neuron; it does not say how many neurons matter.",
    estimands=(
        Estimand("completeness", "How much of a margin the attribution misses in the worst example: 0 is an exact account."),
        Estimand("effective neurons", "How many equally strong neurons would carry the margin as unevenly as these do."),
        Estimand("effective neurons slope", "Change of the logarithm from one layer to the next.", is_change=True),
        Estimand("effective neurons ratio", "Logarithm of tuned over base: 0 as many, −0.7 half as many.", is_change=True),
        Estimand("published count", "Neurons above a threshold in at least one text, as published; it grows with the number of texts."),
        Estimand("published count ratio", "Logarithm of tuned over base.", is_change=True),
        Estimand("agreement of neurons between collections"),
        Estimand("neuron overlap", "Share of the strongest neurons that both encoders have; chance is dashed."),
    ),
    leads=("effective neurons", "effective neurons ratio", "neuron overlap", "published count",),
    place=80,
    sentence=Sentence(40, _sentence),
)  # fmt: skip


@dataclass(frozen=True)
class Neurons:
    """Attribute score margins to the neurons of every block, and say how concentrated they are."""

    name: str = "neurons"
    source: str = "Sundararajan et al. 2017, eq. 2; Yao et al. 2025 (the count); Hill 1973 (effective numbers)"
    needs: frozenset[Capability] = frozenset({"vectors", "layers", "gradients"})
    version: int = 3
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(
        default_factory=lambda: {
            "sides": ["query", "document"], "n_queries": 32, "n_queries_document": 8, "target": "margin", "negatives": "random",
            "n_candidates": 2, "top": 0.05, "pattern": [],
        }
    )  # fmt: skip
    """n_queries: examples of the query side; n_queries_document: of the document side, whose texts are longer; target: margin, log-softmax or
    norm; negatives: random, or a ranker's name; top: share of neurons called the strongest; pattern: [intermediate, output], regular
    expressions of what stands after the block's number, where the family is not known."""

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of each side.

        Raises:
            InvalidInput: the base cannot be attributed on any side.
        """
        options = {**self.options, **case.options}
        out: list[Finding] = []
        for side in options["sides"]:
            n = int(options["n_queries" if side == "query" else "n_queries_document"])
            draw = Draw(int(options["n_candidates"]), 2, n, str(options["negatives"]), case.seed)
            out += _side(case, bench, (side, draw), options)
        if all(finding.value is None for finding in out):
            raise InvalidInput(str(out[0].details["reason"]))
        return out


def _side(case: Case, bench: Bench, what: tuple[Side, Draw], options: Mapping[str, Json]) -> Iterator[Finding]:
    side, draw = what
    drawn = examples(case, bench, draw)
    where = {"negatives": drawn.negatives, "n_candidates": drawn.n_candidates}
    table = SideFindings(case, side, str(options["target"]), drawn.clusters, where, float(options["top"]))
    pattern = tuple(options["pattern"])
    settings = AttributionSettings(
        side, options["target"], ModuleSelection(pattern=(pattern[0], pattern[1]) if pattern else None)
    )
    attributions: dict[str, SubjectAttributions] = {}
    for number, subject in enumerate(case.subjects):
        bench.tell(f"neurons of the {side} side", number, len(case.subjects))
        try:
            attributions[subject.label] = SubjectAttributions(subject, attributed(subject, bench, drawn, settings))
        except (InvalidInput, UnknownName) as error:
            yield table.without_value("effective neurons", {"subject": subject.label, "role": subject.role}, str(error))
            continue
        yield from of_subject(table, attributions[subject.label])
    for pair in comparisons(case, "tuned and seed"):
        against, other = pair.against.label, pair.subject.label
        is_of_another_tuning = pair.is_floor and pair.against is not case.of("tuned")[0]
        if against in attributions and other in attributions and not is_of_another_tuning:
            yield from of_pair(table, attributions[against], attributions[other], pair.role)
    if case.beside is not None:
        there = examples(replace(case, collection=case.beside), bench, draw)
        yield from _beside(table, bench, (case.beside.name, there, settings), attributions)


def _beside(
    table: SideFindings,
    bench: Bench,
    what: tuple[str, Examples, AttributionSettings],
    seen: Mapping[str, SubjectAttributions],
) -> Iterator[Finding]:
    """The same neurons on another collection, of this name."""
    name, there, settings = what
    for number, subject_attributions in enumerate(seen.values()):
        bench.tell(f"neurons on {name}", number, len(seen))
        other = SubjectAttributions(
            subject_attributions.subject, attributed(subject_attributions.subject, bench, there, settings)
        )
        yield from between_collections(table, subject_attributions, (name, other, there.clusters))


PART = Neurons()
