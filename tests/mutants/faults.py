"""Small faults, each of a kind that has been made before, and the tests that must notice it.

`old` stands exactly once in its file (tests/architecture checks it): change it with the code.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One change of one file."""

    kind: str
    """comparison flipped, off by one, sign, cluster key ignored, family ignored, margin ignored, mask dropped, prompt dropped,
    temperature inverted, fold leaked, seed ignored, unit changed, silence (something that should be said or counted is not)."""
    file: str
    """Below src/evidense."""
    old: str
    new: str
    tests: tuple[str, ...]
    """Files below tests."""


_GATE = ("study/test_gate.py",)
_REPLAY = ("study/test_replay.py",)
_INDEX = ("study/test_index_verdicts.py",)
_DECIDE = ("verbs/test_decide.py",)
_EFFECTS = ("verbs/test_decide_effects.py",)
_CLAIMS = ("claims/test_decide_claims.py", "claims/test_registration.py", "claims/test_estimands.py")
_PROBES = ("dissection/test_probe_estimates.py",)
_PLANTED = ("dissection/test_probe_planted.py",)
_CANDIDATES = ("dissection/test_candidates.py",)
_RULE = ("stats/test_rule.py",)
_RESAMPLING = ("stats/test_resampling.py", "stats/test_estimates.py")
_SEEDED = ("stats/test_seeded.py",)
_BUDGETS = ("stats/test_budgets.py",)
_OVERLAP = ("stats/test_overlap.py",)
_SCORING = ("compute/test_scoring.py",)
_TOPK = ("compute/test_topk.py",)
_POOLING = ("encoders/test_tower.py",)
_TRAINER = ("training/test_trainer.py",)
_STEP = ("training/test_step.py",)
_LOSSES = ("objectives/test_oracles.py",)
_READINGS = ("claims/test_readings.py",)
_KNOWN = ("stats/test_known_intervals.py",)
_KNOWN_STEPS = ("training/test_known_steps.py",)
_EQUIVALENCE = ("claims/test_equivalence.py",)

_VERDICTS = (
    Fault("sign", "compute/comparison/no_harm.py", ".low < -margin and", ".low < margin and", _GATE),
    Fault("comparison flipped", "compute/comparison/no_harm.py", "\"unseen\" if low > -margin", "\"unseen\" if low < -margin", _GATE),
    Fault("margin ignored", "study/gates/gate.py", "low > 0 and v.high > margin", "low > 0 and v.high > 0", _GATE),
    Fault("comparison flipped", "study/gates/gate.py", "(high < 0 or", "(high > 1 or", _GATE),
    Fault("silence", "compute/comparison/no_harm.py", "if high < 0 and", "if high < 0 and not allow_undecided and", _GATE),
    Fault("silence", "study/gates/gate.py", "not failures and bool(rows)", "not failures", _GATE),
    Fault("silence", "study/replay.py", "changed=(*gone, *", "changed=(*", _REPLAY),
    Fault("unit changed", "study/replay.py", "TOLERANCE = 0.001", "TOLERANCE = 0.01", _REPLAY),
    Fault("index ignored", "compute/comparison/index_part.py", "return word if stats.label(part.allowing(estimate), margin) == word else", "return word if word else", _INDEX),
    Fault("index ignored", "compute/comparison/no_harm.py", "return min(verdict.low, low), max(verdict.high, high)", "return verdict.low, verdict.high", _INDEX),
    Fault("one side", "compute/comparison/index_part.py", "- (self.by_index[0] - self.exact[0])", "", _INDEX),
    Fault("wrong metric", "compute/indexes/euclidean.py", "more = np.sqrt(", "more = 0 * np.sqrt(", ("compute/test_indexes.py",)),
    Fault("boundary", "stats/bounded.py", "(total + more * limits[0])", "(total + more * limits[1])", ("stats/test_bounded.py",)),
    Fault("family ignored", "compute/comparison/family.py", "n_collections=n_collections,", "n_collections=1,", _DECIDE),
    Fault("seeds ignored", "compute/comparison/scored.py", "values[0], seeds)", "values[0])", ("e2e/test_seeds.py",)),
    Fault("family ignored", "verbs/decide.py", "len(study.slices) * scored.n_collections", "1", _DECIDE),
    Fault("cluster key ignored", "compute/comparison/scored.py", "(self.collection, self.grouped_by)", "(self.collection)", _DECIDE),
    Fault("silence", "verbs/decide.py", "stats.Bounds.stacked(bounds), by_seed", "None, by_seed", _DECIDE),
    Fault("sign", "compute/comparison/scored.py", "values[1:] - values[0], ", "values[0] - values[1:], ", _DECIDE),
    Fault("family ignored", "verbs/decide_effects.py", "table.scored.n_collections if is_primary else 1", "1", _EFFECTS),
    Fault("margin ignored", "verbs/decide_effects.py", "2 * study.margin if", "study.margin if", _EFFECTS),
    Fault("sign", "compute/comparison/lineup.py", '"stage", {_FINE: 1, _NEITHER: -1}', '"stage", {_FINE: -1, _NEITHER: 1}', _EFFECTS),
    Fault("comparison flipped", "verbs/decide_claims.py", 'joined.word == "HOLDS"', 'joined.word != "FAILS"', _CLAIMS),
    Fault("silence", "parts/registration.py", "for c in h.controls\n", "for c in ()\n", _CLAIMS),
    Fault("off by one", "verbs/decide_claims.py", "least <= layer / last", "least < layer / last", _CLAIMS),
    Fault("cluster key ignored", "verbs/decide_claims.py", "if fewest < MIN_CLUSTERS:", "if fewest < 1:", _CLAIMS),
    Fault("silence", "claims/seed_report/finetuning_keeps_knowledge.py", '"CKA beyond seeds"', '"CKA beyond seed"', _CLAIMS),
    Fault("comparison flipped", "claims/_interval.py", "if estimate.high <= margin:", "if estimate.low <= margin:", _READINGS),
    Fault("sign", "claims/same.py", "or e.high < -m:", "or e.high < m:", _READINGS),
    Fault("sign", "claims/harms.py", "if e.low >= -m:", "if e.low >= m:", _READINGS),
    Fault("margin ignored", "claims/_interval.py", "if estimate.high <= margin:", "if estimate.high <= 0:", _READINGS),
    Fault("sign", "claims/they_interact.py", '"HARMS": -1', '"HARMS": 1', _READINGS),
)  # fmt: skip

_STATISTICS = (
    Fault("sign", "stats/rule.py", "inside = low > -margin or", "inside = low > margin or", _GATE),
    Fault("off by one", "stats/rule.py", "or n_clusters < MIN_CLUSTERS or", "or", _GATE),
    Fault("margin ignored", "stats/rule.py", "if -margin <= estimate.low and estimate.high <= margin and", "if -margin <= estimate.low and", _RULE),
    Fault("off by one", "stats/rule.py", "    if n_clusters >= MIN_CLUSTERS:", "    if n_clusters >= MIN_CLUSTERS - 1:", _RULE),
    Fault("unit changed", "stats/rule.py", "_MISSED = 0.025", "_MISSED = 0.05", _GATE),
    Fault("comparison flipped", "stats/equivalence.py", "if low > margin else", "if high > margin else", _EQUIVALENCE),
    Fault("sign", "stats/equivalence.py", '("above", (-high, -low), margin)', '("above", (-high, -low), -margin)', _EQUIVALENCE),
    Fault("family ignored", "stats/equivalence.py", "ndtri(alpha / 2 / n)", "ndtri(alpha / 2)", _CLAIMS),
    Fault("off by one", "stats/critical.py", "(self._own + count)", "(count)", _RESAMPLING),
    Fault("comparison flipped", "stats/critical.py", "self._statistics >= t", "self._statistics > t", _RESAMPLING),
    Fault("family ignored", "stats/critical.py", "-np.expm1(exponent * np.log1p(-p))", "-np.expm1(np.log1p(-p))", _RESAMPLING),
    Fault("cluster key ignored", "stats/resampling.py", "    sums = cluster_sums(differences.values, differences.labels)\n    mean, se = observed(sums)\n    shape", "    sums = cluster_sums(differences.values, np.arange(differences.n_queries))\n    mean, se = observed(sums)\n    shape", _RESAMPLING),
    Fault("seed ignored", "stats/weights/streams.py", "np.random.SeedSequence(seed, spawn_key=path)", "np.random.SeedSequence(0, spawn_key=path)", _RESAMPLING),
    Fault("seed ignored", "stats/weights/streams.py", "np.random.SeedSequence(seed, spawn_key=path)", "np.random.SeedSequence(seed)", _KNOWN),
    Fault("off by one", "stats/few.py", "largest * (1 + 1 / self.n)\n        return", "largest\n        return", ("stats/test_estimates.py", "stats/test_flat.py")),
    Fault("cluster key ignored", "stats/means.py", "sums = cluster_sums(residuals.values, residuals.labels)", "sums = cluster_sums(residuals.values, np.arange(residuals.n_queries))", _KNOWN),
    Fault("off by one", "stats/crossed.py", "t_seeds = -stdtrit(self.n_seeds - 1,", "t_seeds = -stdtrit(self.n_seeds,", _SEEDED),
    Fault("seed ignored", "stats/crossed.py", "(t_seeds, np.sqrt(self.seeds)), ", "", _SEEDED),
    Fault("family ignored", "stats/populations/seeded.py", "largest(squares(table), n_resamples, rng), size, 1", "largest(squares(table), n_resamples, rng), 1, 1", _SEEDED),
    Fault("comparison flipped", "stats/dependence/clusters.py", "if gain > 0]", "if gain >= 0]", ("stats/test_clusters.py",)),
    Fault("cluster key ignored", "stats/dependence/clusters.py", "if query in groups else []", "if query not in groups else []", ("stats/test_clusters.py",)),
    Fault("cluster key ignored", "stats/dependence/overlap.py", "i for i, g in enumerate(groups)", "i for i, g in enumerate([None] * len(groups))", _OVERLAP),
    Fault("off by one", "stats/populations/pooling.py", "chdtri(k - 2,", "chdtri(k - 1,", _KNOWN),
    Fault("comparison flipped", "stats/populations/budgets.py", "np.where(np.abs(mean) > half,", "np.where(np.abs(mean) > 0,", _BUDGETS),
    Fault("unit changed", "stats/populations/budgets.py", "bought.local_slope(at[0]) / at[0],", "bought.local_slope(at[0]),", _BUDGETS),
    Fault("sign", "stats/populations/budgets.py", "upper.at(asked) - lower.at(asked)", "lower.at(asked) - upper.at(asked)", _BUDGETS),
    Fault("family ignored", "stats/many_looks/looks.py", "1 - (1 - confidence) / looks", "1 - (1 - confidence)", ("stats/test_looks.py",)),
    Fault("sign", "stats/many_looks/winner.py", "float(effects[best]) - max(bias, 0.0)", "float(effects[best]) + max(bias, 0.0)", ("stats/test_winner.py",)),
    Fault("off by one", "stats/jackknife.py", "stdtrit(g - 1, (1", "stdtrit(g, (1", _KNOWN),
    Fault("comparison flipped", "stats/all_pairs.py", "e.p_adjusted <= 1 - confidence", "e.p_adjusted > 1 - confidence", ("stats/test_groups.py",)),
)  # fmt: skip

_SEARCH = (
    Fault("off by one", "compute/search/scoring.py", "np.arange(2, gains.shape[1] + 2)", "np.arange(3, gains.shape[1] + 3)", _SCORING),
    Fault("off by one", "compute/search/scoring.py", "1 + hits.argmax(axis=1)", "2 + hits.argmax(axis=1)", _SCORING),
    Fault("comparison flipped", "compute/search/scoring.py", "self.gains >= max(level, UNJUDGED + 1)", "self.gains > max(level, UNJUDGED + 1)", _SCORING),
    Fault("mask dropped", "compute/search/scoring.py", "judged = self.gains != UNJUDGED\n", "judged = self.gains == self.gains\n", _SCORING),
    Fault("silence", "compute/search/scoring.py", ", np.int32(-1))", ", np.int32(0))", _SCORING),
    Fault("sign", "compute/search/topk.py", "(doc_order[candidates], -exact)", "(-doc_order[candidates], -exact)", _TOPK),
    Fault("off by one", "compute/search/topk.py", "depth + (search.excluded is not None)", "depth", _TOPK),
    Fault("mask dropped", "compute/search/topk.py", "candidates != excluded[:, None]", "candidates >= -1", _TOPK),
    Fault("sign", "compute/search/topk.py", "np.nextafter(self.best - margins,", "np.nextafter(self.best + margins,", _TOPK),
    Fault("mask dropped", "compute/pooling.py", "return states.mean(1)\n    weights =", "return states.mean(1)\n    weights = 1 + 0 *", _POOLING),
    Fault("off by one", "compute/pooling.py", ">= first + skip", ">= first + skip + 1", _POOLING),
    Fault("off by one", "compute/pooling.py", ".shape[1] - 1 - ", ".shape[1] - 2 - ", _POOLING),
    Fault("mask dropped", "compute/pooling.py", ".unsqueeze(-1) == 0, float(\"-inf\")", ".unsqueeze(-1) == 2, float(\"-inf\")", _POOLING),
    Fault("unit changed", "compute/pooling.py", ".clamp(min=1e-9).sqrt()", ".clamp(min=1e-9)", _POOLING),
    Fault("prompt dropped", "compute/texts/text_tower.py", "prompted_texts(items, self.prompt)", "prompted_texts(items, '')", _POOLING),
    Fault("prompt dropped", "compute/texts/plain_texts.py", "[prompt + (item", "[(item", ("encoders/test_python.py",)),
    Fault("prompt dropped", "compute/texts/open_text.py", "sha256_of([self.identity, prompt])", "sha256_of([self.identity])", _POOLING),
)  # fmt: skip

_TRAINING = (
    Fault("temperature inverted", "training/loop/temperature.py", "torch.tensor(-math.log(start)", "torch.tensor(math.log(start)", _TRAINER),
    Fault("temperature inverted", "training/loop/temperature.py", "math.exp(-float(self", "math.exp(float(self", _TRAINER),
    Fault("temperature inverted", "objectives/_contrast.py", " * s.scale", " / s.scale", _LOSSES),
    Fault("mask dropped", "objectives/_contrast.py", "logits.masked_fill(~negative, -torch.inf)", "logits", _LOSSES),
    Fault("off by one", "training/loop/schedule.py", "(step + 1) / n_warm", "step / n_warm", _KNOWN_STEPS),
    Fault("sign", "training/loop/schedule.py", "0.5 - 0.5 * math.cos", "0.5 + 0.5 * math.cos", _KNOWN_STEPS),
    Fault("mask dropped", "training/loop/batches.py", "codes[: b * k]] = True", "codes[: b * k]] = False", _STEP),
    Fault("off by one", "training/loop/queue.py", "1 - self.momentum", "self.momentum", _TRAINER),
    Fault("comparison flipped", "training/loop/queue.py", "held[-self.size :]", "held[: self.size]", _TRAINER),
    Fault("seed ignored", "training/loop/trainer.py", "step_seed(self.job.recipe.seed, self.step)", "step_seed(self.job.recipe.seed, 0)", _KNOWN_STEPS),
    Fault("seed ignored", "training/loop/batches.py", '(seed, "pair", epoch)', '(0, "pair", epoch)', _KNOWN_STEPS),
    Fault("comparison flipped", "training/loop/trainer.py", "or loss < self.best_loss:", "or loss > self.best_loss:", _TRAINER),
    Fault("unit changed", "training/loop/learner.py", "leaves) / self.recipe.accumulate", "leaves)", _KNOWN_STEPS),
    Fault("silence", "training/loop/learner.py", "recipe.max_grad_norm or math.inf", "math.inf", _KNOWN_STEPS),
    Fault("fold leaked", "training/data/portions.py", "np.flatnonzero(~is_held)", "np.arange(len(is_held))", _KNOWN_STEPS),
    Fault("silence", "training/data/negatives.py", "if document not in positives and", "if", _KNOWN_STEPS),
)  # fmt: skip

_NEAR = ("checking/test_near.py", "checking/test_verdicts.py")
_VERDICTS_OF_SOURCES = ("checking/test_verdicts.py", "study/test_asked_findings.py")
_REFERENCES = ("auditing/test_references.py",)
_ABSTAINING = ("stats/test_abstaining.py",)
_STOPPING = ("searching/test_stopping.py",)
_PANEL = ("reviewing/test_panel.py",)

_LITERATURE = (
    Fault("silence", "checking/near.py", 'frozenset({"negation", "direction", "number"})', 'frozenset({"negation", "direction"})', _NEAR),
    Fault("silence", "checking/near.py", 'return ("QUALIFIED" if found else "SUPPORTED"), ""', 'return "SUPPORTED", ""', _NEAR),
    Fault("comparison flipped", "checking/ruled.py", "align(sentence, statement).located) >= COPY", "align(sentence, statement).located) < COPY", _NEAR),
    Fault("silence", "checking/ruled.py", "if _reports(work, span):", "if False:", _VERDICTS_OF_SOURCES),
    Fault("silence", "checking/aggregate.py", 'said >= {"SUPPORTED", "REFUTED"} or ', "", _VERDICTS_OF_SOURCES),
    Fault("cluster key ignored", "checking/independence.py", "return not any(dependence(source, other) for source in sources)", "return True", _VERDICTS_OF_SOURCES),
    Fault("silence", "checking/independence.py", "return tuple(p for p in passages if not any(", "return tuple(p for p in passages if True or any(", _VERDICTS_OF_SOURCES),
    Fault("unit changed", "checking/quantities.py", "scales.append((0.01, 1.0))", "scales.append((1.0, 1.0))", ("checking/test_quantities.py",)),
    Fault("family ignored", "stats/forecasts/abstaining.py", "level = error * part + carried", "level = error", _ABSTAINING),
    Fault("cluster key ignored", "stats/forecasts/abstaining.py", "is_wrong, documents)) for at in thresholds_to_try(confidence)]", "is_wrong, np.arange(len(confidence)))) for at in thresholds_to_try(confidence)]", _ABSTAINING),
    Fault("family ignored", "searching/stopping.py", "return ERROR / 2.0**number", "return ERROR", _STOPPING),
    Fault("off by one", "searching/stopping.py", "most - n_hits), error, n_found + n_hits, most - n_hits, len(left)", "most), error, n_found + n_hits, most - n_hits, len(left)", _STOPPING),
    Fault("off by one", "auditing/references.py", "MIN_ANSWERS = 2", "MIN_ANSWERS = 1", _REFERENCES),
    Fault("margin ignored", "reviewing/panel.py", "score = min(middle, CAP) if", "score = middle if", _PANEL),
    Fault("comparison flipped", "auditing/public_records/tiers.py", "n_verified >= threshold.verified", "n_verified > threshold.verified", ("auditing/test_public_records.py",)),
)  # fmt: skip

_DISSECTION = (
    Fault("sign", "dissection/probes/agreement.py", "kappas[0] - kappas[1]", "kappas[0] + kappas[1]", _PROBES),
    Fault("cluster key ignored", "dissection/probes/agreement.py", "np.unique(clusters, ", "np.unique(np.arange(len(clusters)), ", _PROBES),
    Fault("fold leaked", "dissection/probes/estimates.py", "np.sqrt(1 + k / (k - 1)) * (values - mean)", "(values - mean)", _PROBES),
    Fault("sign", "dissection/probes/estimates.py", "- credit(layer[ABLATED].scores)", "+ credit(layer[ABLATED].scores)", _PROBES),
    Fault("sign", "dissection/probes/pairs_of_encoders.py", "transferred_right - own_right,", "own_right - transferred_right,", _PROBES),
    Fault("fold leaked", "dissection/probes/cross_fit.py", "x = featured(train)", "x = featured(~train)", _PROBES),
    Fault("fold leaked", "dissection/probes/cross_fit.py", "train = task.folds != fold\n", "train = task.folds >= 0\n", _PROBES),
    Fault("fold leaked", "dissection/candidates.py", "[d] == fold and d not in relevant", "[d] >= 0 and d not in relevant", _CANDIDATES),
    Fault("mask dropped", "dissection/candidates.py", " and d not in relevant", "", _CANDIDATES),
    Fault("seed ignored", "dissection/candidates.py", "default_rng([draw.seed, 17])", "default_rng([0, 17])", _CANDIDATES),
    Fault("off by one", "dissection/probes/scores.py", "rank = 1 + (", "rank = (", _PLANTED),
    Fault("unit changed", "dissection/probes/scores.py", "nats / np.log(2)", "nats", _PROBES),
    Fault("fold leaked", "dissection/probes/features.py", "Scale.of(pairs.queries[train])(pairs.queries)", "Scale.of(pairs.queries)(pairs.queries)", _PLANTED),
    Fault("fold leaked", "dissection/probes/controls.py", "np.flatnonzero(folds == fold)", "np.flatnonzero(folds >= fold)", _PLANTED),
    Fault("fold leaked", "dissection/probes/transfer.py", "rows = np.unique(trained.places[train])", "rows = np.unique(trained.places)", ("dissection/test_probe_transfer.py",)),
)  # fmt: skip

FAULTS = (*_VERDICTS, *_STATISTICS, *_SEARCH, *_TRAINING, *_DISSECTION, *_LITERATURE)
