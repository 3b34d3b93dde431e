"""Card: writes the README.md of a checkpoint in the hub's format: recipe, data, budget, diagnostics, verdicts, how to load it.

Wall time is left out, so that equal recipes write equal cards.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from evidense.boundary.disk import write_atomically
from evidense.boundary.numerals import interval, signed
from evidense.boundary.shown import shown
from evidense.compute.models.files import read_json
from evidense.records import Checkpoint, Json, Outcome, Recipe, canonical_json

Form = Literal["text", "two towers", "image-text"]
"""Format of a checkpoint: sentence-transformers, two towers of Evidense, or an image-text model of transformers."""

_LIBRARIES = {
    "text": ("sentence-transformers", "sentence-similarity"),
    "two towers": ("evidense", "zero-shot-image-classification"),
    "image-text": ("transformers", "zero-shot-image-classification"),
}
_LOADING = {
    "text": (
        "from sentence_transformers import SentenceTransformer",
        'model = SentenceTransformer("path/to/this/folder")',
        'vectors = model.encode_query(["a text"])',
    ),
    "two towers": (
        "import evidense as ev",
        'result = ev.compare("BASELINE", "path/to/this/folder", on="COLLECTION")',
        "print(result)",
    ),
    "image-text": (
        "from transformers import AutoModel, AutoProcessor",
        'model = AutoModel.from_pretrained("path/to/this/folder")',
        'processor = AutoProcessor.from_pretrained("path/to/this/folder")',
    ),
}
_ELSEWHERE = {"data", "data_sha256", "start", "start_sha256", "architecture", "objective", "seed", "budget"}
"""Fields of a Recipe that the card shows elsewhere."""
_ALWAYS = {"batch_size", "n_steps", "learning_rate", "tuned"}
"""Fields that are shown even if they have their default."""
_SHOWN = ("loss_nats", "accuracy", "alignment", "uniformity", "temperature", "grad_norm", "false_negatives", "held_out")


def write_card(
    folder: Path,
    recipe: Recipe,
    checkpoint: Checkpoint,
    verdicts: Sequence[Outcome] = (),
    diagnostics: Sequence[Mapping[str, Json]] = (),
) -> None:
    """Write the card into the folder of a checkpoint, with the licence that the folder names, else "unknown".

    Raises:
        StoreError: the disk is full.
    """
    text = shown(card(recipe, checkpoint, verdicts, diagnostics, form_of(folder)))
    if known := read_json(folder / "two_towers.json").get("licence"):
        text = text.replace("license: unknown", f"license: {str(known).lower()}", 1)
    write_atomically(folder / "README.md", text.encode())


def form_of(folder: Path) -> Form:
    """Return the format of a checkpoint's folder."""
    if (folder / "two_towers.json").is_file():
        return "two towers"
    return "text" if (folder / "modules.json").is_file() else "image-text"


def card(
    recipe: Recipe,
    checkpoint: Checkpoint,
    verdicts: Sequence[Outcome] = (),
    diagnostics: Sequence[Mapping[str, Json]] = (),
    form: Form = "text",
) -> str:
    """Return the text of the card; `diagnostics` has one entry per step, from the checkpoint's blob."""
    sections = [
        _front(recipe, form),
        f"# {_title(recipe)}\n\nCheckpoint `{checkpoint.id}` of recipe `{recipe.id}`.",
        "## Load it\n\n```python\n" + "\n".join(_LOADING[form]) + "\n```",
        "## Recipe\n\n" + _table(("setting", "value"), _recipe_rows(recipe)),
        "## Data\n\n" + _data(recipe),
        "## Budget\n\n" + _table(("", "spent"), _budget_rows(recipe, checkpoint)),
        "## Diagnostics\n\n" + _diagnostics(diagnostics),
        "## Warnings\n\n" + ("\n".join(f"- {_cell(w)}" for w in checkpoint.warnings) or "None."),
        "## Verdicts\n\n" + _verdicts(recipe, checkpoint, verdicts),
    ]
    return "\n\n".join(sections) + "\n"


def _front(recipe: Recipe, form: Form) -> str:
    library, task = _LIBRARIES[form]
    tags = ["evidense"] + [recipe.objective] * bool(recipe.objective)
    lines = [f"library_name: {library}", f"pipeline_tag: {task}", "license: unknown", "tags:"]
    return "\n".join(["---", *lines, *(f"- {tag}" for tag in tags), "---"])


def _title(recipe: Recipe) -> str:
    if not recipe.objective:
        return "An untrained encoder"
    return f"An encoder trained by {recipe.objective} from " + ("a given start" if recipe.start else "scratch")


def _recipe_rows(recipe: Recipe) -> list[tuple[str, str]]:
    """Return the settings that differ from the default Recipe, and those that are always shown."""
    plain = Recipe().content()
    architecture = f"`{_cell(canonical_json(dict(recipe.architecture)))}`" if recipe.architecture else "the start's"
    rows = [
        ("start", f"`{_cell(recipe.start)}`" if recipe.start else "none (random weights)"),
        ("architecture", architecture),
        ("objective", recipe.objective or "none"),
        ("seed", str(recipe.seed)),
    ]
    return rows + [
        (name, f"`{_cell(canonical_json(value))}`")
        for name, value in recipe.content().items()
        if name not in _ELSEWHERE and (value != plain.get(name) or name in _ALWAYS)
    ]


def _data(recipe: Recipe) -> str:
    if not recipe.data:
        return "None."
    sums = [*recipe.data_sha256, *[""] * len(recipe.data)]
    rows = [(f"`{_cell(n)}`", f"`{sha}`" if sha else "unknown") for n, sha in zip(recipe.data, sums, strict=False)]
    return _table(("pairs", "sha256"), rows)


def _budget_rows(recipe: Recipe, checkpoint: Checkpoint) -> list[tuple[str, str]]:
    requested = [("asked for", f"`{_cell(canonical_json(dict(recipe.budget)))}`")] if recipe.budget else []
    return [
        *requested,
        ("steps", f"{checkpoint.n_steps:,}" + (f" ({_cell(checkpoint.stopped)})" if checkpoint.stopped else "")),
        ("pairs", f"{checkpoint.n_pairs:,}"),
        ("tokens", f"{checkpoint.n_tokens:,}"),
        ("pixels", f"{checkpoint.n_pixels:,}"),
        ("FLOPs", f"{checkpoint.flops:.3g}"),
    ]


def _diagnostics(diagnostics: Sequence[Mapping[str, Json]]) -> str:
    if not diagnostics:
        return "They lie beside the checkpoint's record in the store, one entry a step."
    rows = []
    for name in _SHOWN:
        values = [float(entry[name]) for entry in diagnostics if isinstance(entry.get(name), int | float)]
        if values:
            rows.append((name, f"{values[0]:.4g}", f"{values[-1]:.4g}"))
    return _table(("", "first", "last"), rows)


def _verdicts(recipe: Recipe, checkpoint: Checkpoint, verdicts: Sequence[Outcome]) -> str:
    if not verdicts:
        base = recipe.start or "BASELINE"
        return (
            "None was decided yet. This decides whether it helps:\n\n"
            f"```sh\nevidense compare {base} checkpoint:{checkpoint.id[:12]} --on COLLECTION\n```"
        )
    rows = [
        (v.claim, v.verdict, v.collection, f"{signed(v.effect)} {interval(v.low, v.high)} {v.measure}", f"{v.n:,}", v.baseline)
        for v in verdicts
    ]  # fmt: skip
    return _table(("claim", "verdict", "on", "effect", "queries", "against"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _cell(value: str) -> str:
    return " ".join(value.replace("|", "\\|").split())
