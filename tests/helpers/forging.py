"""Files forged with intent: the tensors and the manifest changed, and all hashes computed anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from logicx.banks import storage

Tensors = dict[str, np.ndarray]
Manifest = dict[str, Any]


def taken_apart(path: Path) -> tuple[Tensors, Manifest, str]:
    """Tensors (copies that may be written to), manifest and kind of a file."""
    with safetensors.safe_open(path, framework="numpy") as opened:
        header = json.loads(opened.metadata()[storage.KEY])
        tensors = {name: opened.get_tensor(name).copy() for name in opened.keys()}  # noqa: SIM118
    return tensors, header["manifest"], header["kind"]


def put_together(path: Path, tensors: Tensors, manifest: Any, kind: str, says: Any = None) -> None:
    """A file of these parts, whose hashes are right.

    Args:
        path: The file.
        tensors: Its tensors.
        manifest: Its manifest.
        kind: `bank` or `units`.
        says: A manifest to write in its place, of which the hash is not.
    """
    hashes = {name: storage._tensor_hash(array) for name, array in tensors.items()}
    header = {
        "kind": kind,
        "format_version": storage.FORMAT_VERSIONS[kind],
        "manifest": manifest if says is None else says,
        "tensors": hashes,
        "content": storage._content(manifest, hashes),
    }
    safetensors.numpy.save_file(tensors, path, {storage.KEY: json.dumps(header)})


def forge(path: Path, change: Callable[[Tensors, Manifest], None]) -> None:
    """Change what a file holds, so that its hashes are right again."""
    tensors, manifest, kind = taken_apart(path)
    change(tensors, manifest)
    put_together(path, tensors, manifest, kind)
