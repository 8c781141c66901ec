"""Recording the activations of a torch model: `record`, and what its batches are made of."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logicx.probe.hooks import Batch
    from logicx.probe.recording import Layer, Recording, layers, record
    from logicx.sources.vision.preprocessing import ImageBatches

_HOMES = {
    "Batch": "logicx.probe.hooks",
    "ImageBatches": "logicx.sources.vision.preprocessing",
    "Layer": "logicx.probe.recording",
    "Recording": "logicx.probe.recording",
    "layers": "logicx.probe.recording",
    "record": "logicx.probe.recording",
}
"""Where each public name lives; torch is imported when a name is first used."""

__all__ = ["Batch", "ImageBatches", "Layer", "Recording", "layers", "record"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'logicx.probe' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
