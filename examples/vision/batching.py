"""Batches of photographs for a torch model: scaled, cut to a square, normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from logicx.vision.images import decode


class ImageBatches:
    """Images in batches, read anew each time they are asked for.

    Every image is scaled to a square whatever its proportions, so that the cells of a bank's grid
    lie where the network's places do.

    Args:
        paths: The images.
        side: Height and width that the model is given.
        mean, std: Of the pixels from 0 to 1, by channel.
        batch: Images in a batch.

    Shape: each batch is `float32[at most batch, 3, side, side]`.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        side: int,
        mean: Sequence[float] = (0.5, 0.5, 0.5),
        std: Sequence[float] = (0.25, 0.25, 0.25),
        batch: int = 32,
    ) -> None:
        """Read nothing yet."""
        self._paths = paths
        self._side = side
        self._mean = torch.tensor(mean).reshape(3, 1, 1)
        self._std = torch.tensor(std).reshape(3, 1, 1)
        self._batch = batch

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self._paths) // self._batch)

    def __iter__(self) -> Iterator[Tensor]:
        """The batches in order.

        Raises:
            FileError: An image is damaged.
        """
        for first in range(0, len(self._paths), self._batch):
            some = self._paths[first : first + self._batch]
            yield torch.stack([self._one(path) for path in some])

    def _one(self, path: Path) -> Tensor:
        image = decode(path.read_bytes(), path).convert("RGB")
        if image.size != (self._side, self._side):
            image = image.resize((self._side, self._side), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image, np.uint8)).permute(2, 0, 1)
        return (pixels.float() / 255 - self._mean) / self._std
