"""Each loss once more as plain loops over rows: what the papers say, without a matrix."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from evidense.parts import Representations

Options = Mapping[str, Any]
Rows = list[int]


def candidates(r: Representations) -> list[Tensor]:
    hard_negatives = [] if r.negatives is None else [row for rows in r.negatives for row in rows]
    return [*r.documents, *hard_negatives, *([] if r.queue is None else r.queue)]


def roles(r: Representations, i: int) -> tuple[Rows, Rows, Rows]:
    """Return the places of a query's positives, of its own hard negatives, and of all its negatives."""
    b, k, n = len(r.queries), r.n_positives, 0 if r.negatives is None else r.negatives.shape[1]
    out = {c for c in range(len(candidates(r))) if r.excluded is not None and r.excluded[i, c]}
    positives = list(range(i * k, i * k + k))
    hard = [c for c in range(b * k + i * n, b * k + i * n + n) if c not in out]
    return positives, hard, [c for c in range(len(candidates(r))) if c not in positives and c not in out]


def dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum()


def cosine_of(a: Tensor, b: Tensor) -> Tensor:
    return dot(a, b) / (a.norm() * b.norm())


def mean(values: list[Tensor]) -> Tensor:
    return sum(values, torch.zeros((), dtype=torch.float64)) / max(1, len(values))


def told_apart(own: list[Tensor], others: list[Tensor]) -> Tensor:
    """Return −log of the softmax of each score of `own` among itself and the others, averaged."""
    return mean([-torch.log(s.exp() / (s.exp() + sum(o.exp() for o in others))) for s in own])


def infonce(r: Representations, options: Options) -> Tensor:
    losses = []
    for i, query in enumerate(r.queries):
        s = [dot(query, c) * r.scale for c in candidates(r)]
        positives, _, others = roles(r, i)
        losses.append(told_apart([s[c] for c in positives], [s[c] for c in others]))
    return mean(losses)


def clip(r: Representations, options: Options) -> Tensor:
    back = []
    for d, document in enumerate(r.documents):
        mine = d // r.n_positives
        others = [j for j in range(len(r.queries)) if j != mine and d in roles(r, j)[2]]
        back.append(
            told_apart(
                [dot(r.queries[mine], document) * r.scale], [dot(r.queries[j], document) * r.scale for j in others]
            )
        )
    return (infonce(r, options) + mean(back)) / 2


def siglip(r: Representations, options: Options) -> Tensor:
    losses = []
    for i, query in enumerate(r.queries):
        logits = [dot(query, c) * r.scale + r.bias for c in candidates(r)]
        positives, _, others = roles(r, i)
        losses.append(sum(-torch.log(torch.sigmoid(logits[c])) for c in positives))
        losses[-1] = losses[-1] + sum(-torch.log(torch.sigmoid(-logits[c])) for c in others)
    return mean(losses)


def group_of(r: Representations) -> list[tuple[int, int | None, Tensor]]:
    """Return (query, place among its candidates or None for the query itself, vector) of every member and extra; −1 = nobody's."""
    members: list[tuple[int, int | None, Tensor]] = [(i, None, q) for i, q in enumerate(r.queries)]
    n = len(r.documents)
    return members + [(c // r.n_positives if c < n else -1, c, v) for c, v in enumerate(candidates(r))]


def barred(r: Representations, x: tuple, y: tuple) -> bool:
    """Say whether a member is no negative of another, since the contents are equal."""
    if r.excluded is None:
        return False
    (i, place_of_x, _), (j, place_of_y, _) = x, y
    k = r.n_positives
    if place_of_y is None and place_of_x is None:
        return any(all(r.excluded[p, q * k + m] for m in range(k)) for p, q in ((i, j), (j, i)))
    if place_of_y is None:
        return bool(r.excluded[j, place_of_x])
    there = place_of_x is not None and place_of_y < len(r.documents) and r.excluded[j, place_of_x]
    return bool(r.excluded[i, place_of_y] or there)


def group_loss(r: Representations, n_anchors: int) -> Tensor:
    members, losses = group_of(r), []
    for number, x in enumerate(members[:n_anchors]):
        friends = [y for place, y in enumerate(members) if y[0] == x[0] and place != number]
        others = [y for y in members if y[0] != x[0] and not barred(r, x, y)]
        losses.append(told_apart(*([dot(x[2], y[2]) * r.scale for y in side] for side in (friends, others))))
    return mean(losses)


def span(r: Representations, options: Options) -> Tensor:
    return group_loss(r, len(r.queries))


def views(r: Representations, options: Options) -> Tensor:
    return group_loss(r, len(r.queries) + len(r.documents))


def margin(r: Representations, options: Options) -> Tensor:
    losses = []
    for i, query in enumerate(r.queries):
        positives, hard, others = roles(r, i)
        against = others if options["in_batch"] else hard
        s = [dot(query, c) for c in candidates(r)]
        losses.append(mean([torch.relu(options["margin"] + s[n] - s[p]) for p in positives for n in against]))
    return mean(losses)


def cosine(r: Representations, options: Options) -> Tensor:
    losses = []
    for i, query in enumerate(r.queries):
        c = [cosine_of(query, other) for other in candidates(r)]
        positives, hard, others = roles(r, i)
        n = 0 if r.negatives is None else r.negatives.shape[1]
        start = len(r.documents) + i * n
        goal = [1.0] + [0.0] * n if r.targets is None else r.targets[i]
        errors = [mean([(c[p] - goal[0]) ** 2 for p in positives])] + [(c[h] - goal[1 + h - start]) ** 2 for h in hard]
        other_pairs = [c[o] ** 2 for o in others if o not in hard]
        if r.targets is None and other_pairs:
            errors += [mean(other_pairs)] * options["negatives"]
        losses.append(mean(errors))
    return mean(losses)


def distill(r: Representations, options: Options) -> Tensor:
    losses = []
    for i, query in enumerate(r.queries):
        s = [dot(query, c) * r.scale for c in candidates(r)]
        positives, hard, _ = roles(r, i)
        start = len(r.documents) + i * r.negatives.shape[1] - 1
        teacher = r.targets[i]
        for p in positives:
            if options["kind"] == "margin_mse":
                losses.append(mean([((s[p] - s[h]) - (teacher[0] - teacher[h - start])) ** 2 for h in hard]))
            else:
                t = torch.softmax(torch.stack([teacher[0], *(teacher[h - start] for h in hard)]) / options["teacher_temperature"], 0)  # fmt: skip
                q = torch.softmax(torch.stack([s[p], *(s[h] for h in hard)]), 0)
                losses.append(sum(a * (a.log() - b.log()) for a, b in zip(t, q, strict=True)))
    return mean(losses)


def align_uniform(r: Representations, options: Options) -> Tensor:
    def gap(x: Tensor, y: Tensor) -> Tensor:
        return ((x / x.norm() - y / y.norm()) ** 2).sum()

    def spread(anchors: list[tuple], others: list[tuple]) -> Tensor:
        pairs = [gap(x[2], y[2]) for x in anchors for y in others if x[0] != y[0] and not barred(r, x, y)]
        return mean([torch.exp(-options["t"] * d) for d in pairs]).log() if pairs else torch.tensor(0.0)

    b, k = len(r.queries), r.n_positives
    queries, others_of_group = group_of(r)[:b], group_of(r)[b:]
    close = mean([gap(q, r.documents[i * k + m]) ** (options["alpha"] / 2) for i, q in enumerate(r.queries) for m in range(k)])  # fmt: skip
    far = (spread(queries, queries) + spread(others_of_group[: b * k], others_of_group)) / 2
    return options["alignment"] * close + options["uniformity"] * far


def mlm(r: Representations, options: Options) -> Tensor:
    return mean([-torch.log(row.exp()[label] / row.exp().sum()) for row, label in zip(r.logits, r.labels, strict=True)])


LOSSES: dict[str, Callable[[Representations, Options], Tensor]] = {
    **dict.fromkeys(("infonce", "crop", "ict", "simcse"), infonce),
    **{f.__name__: f for f in (clip, siglip, span, views, margin, cosine, distill, align_uniform, mlm)},
}
"""Objective → its reference."""
