"""Judge net: an encoder that reads evidence and claim together, and a small head over its first token and its mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evidense.boundary.strangers import foreign
from evidense.compute.models.architecture import config_of, filled
from evidense.compute.models.guard import load_guarded
from evidense.compute.quiet import quiet

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_DROPOUT = 0.1


def built_net(config: Any) -> "torch.nn.ModuleDict":
    """Build an encoder of this config and a head for three stances; weights are random."""
    from torch import nn
    from transformers import AutoModel

    encoder = AutoModel.from_config(config, add_pooling_layer=False, trust_remote_code=False)
    width = config.hidden_size
    head = nn.Sequential(nn.Dropout(_DROPOUT), nn.Linear(2 * width, width), nn.Tanh(), nn.Linear(width, 3))
    return nn.ModuleDict({"encoder": encoder, "head": head})


def loaded_net(
    folder: Path, settings: Mapping[str, Any], tensors: "Mapping[str, torch.Tensor]"
) -> "torch.nn.ModuleDict":
    """Build the net of a folder's config.json and fill it; it is built only if these tensors fill all of it.

    Raises:
        InvalidInput: the config is none, or of a type that has no such encoder.
        IncompleteWeights: weights are missing.
    """
    config = config_of(folder / "config.json", settings, len(tensors))
    advice = "Expected an encoder such as BERT; take another start."
    with quiet(), foreign(str(folder), advice):
        net = filled(lambda: built_net(config), lambda built: built, tensors, str(folder))
        load_guarded(net, tensors, str(folder))
        return net.float().eval().requires_grad_(False)


def pooled(net: "torch.nn.ModuleDict", batch: "Mapping[str, Tensor]") -> "Tensor":
    """Return for each pair the vector of the first token, and the mean of all that are no padding: twice the width."""
    import torch

    hidden = net["encoder"](**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
    return torch.cat([hidden[:, 0], mean], dim=1)


def on_device(net: "torch.nn.ModuleDict", batch: Mapping[str, Any]) -> "dict[str, Tensor]":
    """Return padded arrays of a batch as tensors where the weights are."""
    import torch

    device = next(net.parameters()).device
    return {field: torch.from_numpy(np.asarray(values, dtype=np.int64)).to(device) for field, values in batch.items()}
