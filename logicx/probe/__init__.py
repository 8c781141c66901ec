"""Recording the activations of a torch model: `record`, and what its batches are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.faces import face

_HOMES = {
    "Batch": "logicx.probe.hooks",
    "ImageBatches": "logicx.sources.vision.preprocessing",
    "Layer": "logicx.probe.recording",
    "Recording": "logicx.probe.recording",
    "layers": "logicx.probe.recording",
    "record": "logicx.probe.recording",
}
"""Where each public name lives; torch is imported when a name is first used."""

if TYPE_CHECKING:
    from logicx.probe.hooks import Batch
    from logicx.probe.recording import Layer, Recording, layers, record
    from logicx.sources.vision.preprocessing import ImageBatches
else:
    __getattr__, __dir__ = face(__name__, _HOMES)

__all__ = [
    "Batch",
    "ImageBatches",
    "Layer",
    "Recording",
    "layers",
    "record",
]
