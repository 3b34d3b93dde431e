"""Number types of weights: float32, or bfloat16 where the spelling says @dtype=bf16."""

from collections.abc import Mapping
from pathlib import Path

from evidense.errors import InvalidInput

_NAMES = {"bf16": "bfloat16", "bfloat16": "bfloat16", "fp32": "float32", "float32": "float32"}


def dtype_name(options: Mapping[str, str]) -> str:
    """Return torch's name of the number type that the option `dtype` asks for; float32 without it.

    Raises:
        InvalidInput: another number type.

    >>> dtype_name({"dtype": "bf16"}), dtype_name({})
    ('bfloat16', 'float32')
    """
    spelling = options.get("dtype", "float32")
    if spelling not in _NAMES:
        raise InvalidInput(f"dtype={spelling} is not supported; expected float32 or bf16")
    return _NAMES[spelling]


def is_emulated(dtype: str) -> bool:
    """Say whether this machine's processor has no instructions for a number type."""
    return dtype == "bfloat16" and not has_bf16()


def has_bf16() -> bool:
    """Say whether this machine's processor multiplies bfloat16 itself."""
    import torch

    check = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return bool(check and check()) and any(flag in flags for flag in ("avx512_bf16", "amx_bf16"))
