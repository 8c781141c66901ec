"""Hashes by which a recording that goes on is known to be of the same model and data."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

SAMPLE = 1024
"""Numbers of each parameter that are compared."""


def fingerprint_of_model(model: nn.Module) -> str:
    """Hash of the name, the shape and a sample of each parameter and buffer.

    Cost: milliseconds, however large the model. A change of a few weights may go unseen.
    """
    found = sha256()
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if nn.parameter.is_lazy(tensor) or not _is_plain(tensor):
            found.update(f"{name} {tensor.dtype} ".encode())
            continue
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        flat = tensor.detach().reshape(-1)
        if len(flat) > SAMPLE:
            flat = flat[torch.linspace(0, len(flat) - 1, SAMPLE, dtype=torch.float64).long()]
        _add(found, flat)
    return found.hexdigest()


def fingerprint(value: Any) -> str:
    """Hash of the tensors, arrays and plain values of a batch; of other objects, of their class."""
    found = sha256()
    _add(found, value)
    return found.hexdigest()


def _is_plain(tensor: Tensor) -> bool:
    return tensor.layout == torch.strided and not tensor.is_quantized


def _add(found: Any, value: Any) -> None:
    if isinstance(value, Tensor) and _is_plain(value):
        found.update(f"{value.dtype}{tuple(value.shape)} ".encode())
        flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
        found.update(flat.view(torch.uint8).numpy())
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        found.update(f"{value.dtype.str}{value.shape} ".encode())
        found.update(value.tobytes())
    elif isinstance(value, Mapping):
        found.update(f"mapping {len(value)} ".encode())
        for key, one in value.items():
            _add(found, key)
            _add(found, one)
    elif isinstance(value, (tuple, list)):
        found.update(f"list {len(value)} ".encode())
        for one in value:
            _add(found, one)
    elif isinstance(value, (str, bytes, int, float, complex, type(None))):
        found.update(f"{type(value).__name__} {value!r} ".encode())
    else:
        found.update(f"{type(value).__name__} ".encode())
