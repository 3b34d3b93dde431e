"""A training of a study in several processes: one that is killed begins again, and a refusal is that of the process that refuses."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from evidense.errors import InvalidInput
from evidense.records import Recipe
from evidense.store import Store
from evidense.study.runners.local import ThisProcess
from evidense.study.runners.tasks import Runner, Task
from evidense.study.trained.together import train_together
from evidense.verbs.train import train
from study.dying import refuse_one, train_or_die
from training.text_world import save_bert


def test_a_training_whose_second_process_is_killed_begins_again(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    task = Task("trained", lambda _: (train_together, (2, store, train_or_die, (tmp_path,))))
    with Runner(ThisProcess(store)) as runner:
        assert dict(runner.run([task])) == {"trained": "2"}


def test_what_one_process_refuses_is_said_and_not_that_another_missed_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is too small; expected more"):
        train_together(2, str(tmp_path / "store"), refuse_one, (tmp_path,))


def test_a_recipe_for_more_processes_than_run_is_refused_with_the_command_to_type(tmp_path: Path) -> None:
    save_bert(tmp_path / "bert")
    (tmp_path / "pairs.csv").write_text("query,document\na,b\nc,d\n")
    recipe = Recipe(
        start=str(tmp_path / "bert"), objective="infonce", data=(str(tmp_path / "pairs.csv"),), n_steps=1, n_processes=2
    )
    with pytest.raises(InvalidInput, match=r"2 processes .* has 1; .* torchrun --standalone --nproc-per-node 2"):
        train(recipe, Store(tmp_path / "store"))
    assert Recipe(n_processes=0).id == Recipe().id != Recipe(n_processes=2).id
