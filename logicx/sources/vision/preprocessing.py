"""Images as a model takes them: read, scaled, cut, normalised, in batches.

For models whose own preprocessing is not at hand. Needs Pillow, no torchvision.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from logicx.errors import DataError, FileError, OptionError
from logicx.sources.vision.decoding import ENDINGS
from logicx.sources.vision.frames import Frame
from logicx.sources.vision.images import Folder, refuse_missing
from logicx.sources.vision.photographs import Photographs
from logicx.sources.vision.settings import GROUNDS, ORIENTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image
    from torch import Tensor

    from logicx.banks.bank import ConceptBank

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
RESAMPLING = ("bilinear", "bicubic", "lanczos")


class ImageBatches:
    """Images in batches, read anew each time they are asked for; one batch is held.

    By default every image is scaled to the model's size whatever its proportions, so that the
    places of a map lie where the cells of a bank do. With `resize`, as most models were trained,
    the shorter side is scaled and the middle is cut out: then masks must be cut alike (a bank's
    settings `resize` and `crop`), else maps and cells are of other places.

    Args:
        images: A folder, of which all images are taken by path; or paths, in their order.
        size: Height and width that the model is given, or the one number for both.
        root: The folder that paths are relative to and cannot leave; without it, paths are the
            caller's own and may lead anywhere.
        mean: Mean of each channel, of pixels from 0 to 1; by default ImageNet's.
        std: Standard deviation of each channel.
        batch: Images in a batch, from 1.
        resize: Length that the shorter side is scaled to before `size` is cut out of the middle.
        resample: `bilinear`, `bicubic` or `lanczos`, as Pillow does it.
        device: Where the batches lie, such as `cuda`.
        orientation: Whether photographs are turned by their EXIF notes, as a bank's setting.
        transparent: What is shown where they are transparent, as a bank's setting.

    Shape: each batch is `float32[at most batch, 3, height, width]`.

    Raises:
        FileError: Images are missing (all are named), or there is no Pillow.
        DataError: A path leads out of `root`.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from PIL import Image
        >>> with TemporaryDirectory() as folder:
        ...     Image.new("RGB", (40, 30), (255, 0, 0)).save(folder + "/red.png")
        ...     batches = ImageBatches(folder, 8, mean=(0, 0, 0), std=(1, 1, 1))
        ...     [one] = batches
        >>> batches.paths[0].name, one.shape, one[0, :, 0, 0]
        ('red.png', torch.Size([1, 3, 8, 8]), tensor([1., 0., 0.]))
    """

    def __init__(
        self,
        images: str | PathLike[str] | Sequence[str | PathLike[str]],
        size: int | tuple[int, int],
        *,
        root: str | PathLike[str] | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        batch: int = 32,
        resize: int | None = None,
        resample: str = "bilinear",
        device: str | torch.device = "cpu",
        orientation: str = "stored",
        transparent: str = "white",
    ) -> None:
        """Find the images; none is read yet."""
        height, width = (size, size) if isinstance(size, int) else size
        if min(height, width, batch) < 1:
            raise OptionError(f"size and batch are from 1, not {size} and {batch}")
        if resize is not None and resize < max(height, width):
            raise OptionError(
                f"resize={resize} is too small to cut {height} x {width} out of",
                hint="the shorter side must be as long as what is cut out",
            )
        if resample not in RESAMPLING:
            raise OptionError(f"resample is {', '.join(RESAMPLING)}, not {resample!r}")
        if len(mean) != 3 or len(std) != 3 or not all(one > 0 for one in std):
            raise OptionError(
                f"mean and std are of three channels, and std is above 0, not {mean} and {std}"
            )
        for name, value, known in (
            ("orientation", orientation, ORIENTATIONS),
            ("transparent", transparent, GROUNDS),
        ):
            if value not in known:
                raise OptionError(f"{name} is one of {', '.join(known)}, not {value!r}")
        self.paths = _paths(images, root)
        self._photographs = Photographs(orientation, transparent)
        self._size, self._resize = (height, width), resize
        self._resample = resample
        self._mean = torch.tensor(list(mean), dtype=torch.float32).reshape(3, 1, 1)
        self._std = torch.tensor(list(std), dtype=torch.float32).reshape(3, 1, 1)
        self._batch = batch
        self._device = device

    @staticmethod
    def of_bank(
        bank: ConceptBank, folder: str | PathLike[str], size: int | tuple[int, int], **options: Any
    ) -> ImageBatches:
        """The images of a bank in its order, from the folder that its paths are relative to.

        They are cut, turned and laid on a ground as the bank's settings say, if no option does.

        Raises:
            DataError: The bank does not know its images.
        """
        names = bank.source.get("images")
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise DataError(
                f"bank {bank.name!r} does not say which images it was compiled from",
                hint="compile it anew from the images, or give ImageBatches their paths",
            )
        stated = bank.source.get("settings") or {}
        alike = {key: stated[key] for key in ("orientation", "transparent") if key in stated}
        if stated.get("resize"):
            alike["resize"] = stated["resize"]
        return ImageBatches(names, size, root=folder, **{**alike, **options})

    @property
    def frame(self) -> Frame:
        """What of an image the model sees."""
        return Frame(self._size, self._resize or 0, self._size if self._resize else ())

    @property
    def notes(self) -> list[str]:
        """What was odd about the images read so far."""
        return self._photographs.notes

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self.paths) // self._batch)

    def __iter__(self) -> Iterator[Tensor]:
        """The batches in order.

        Raises:
            FileError: An image is damaged, or is gone.
        """
        for first in range(0, len(self.paths), self._batch):
            some = [self._one(path) for path in self.paths[first : first + self._batch]]
            pixels = torch.from_numpy(np.stack(some)).movedim(3, 1).float() / 255
            yield ((pixels - self._mean) / self._std).to(self._device)

    def _one(self, path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """An image of the model's size: `uint8[height, width, 3]`."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise FileError(f"cannot read {path}: {error.strerror or error}") from error
        image, _ = self._photographs.read(data, path, str(path))
        height, width = self._size
        if self._resize is None:
            return np.asarray(self._scaled(image, width, height), np.uint8)
        (down, across), (top, left), _ = self.frame.cut((image.height, image.width))
        image = self._scaled(image, across, down)
        return np.asarray(image.crop((left, top, left + width, top + height)), np.uint8)

    def _scaled(self, image: Image, width: int, height: int) -> Image:
        from PIL.Image import Resampling

        if image.size == (width, height):
            return image
        return image.resize((width, height), Resampling[self._resample.upper()])


def _paths(
    images: str | PathLike[str] | Sequence[str | PathLike[str]], root: str | PathLike[str] | None
) -> list[Path]:
    if isinstance(images, (str, PathLike)):
        if root is not None:
            raise OptionError("root means nothing where a folder is named", hint="leave it away")
        whole = Folder(Path(images))
        paths = [whole.path / name for name in whole.listed("", ENDINGS)]
        if not paths:
            raise DataError(f"{images} holds no image", hint=f"it looks for {', '.join(ENDINGS)}")
        return paths
    names = [str(one) for one in images]
    if root is None:
        paths, base = [Path(one) for one in names], Path()
    else:
        folder = Folder(Path(root))
        base = folder.path
        paths = [base / folder.check(one, f"image {i:,}") for i, one in enumerate(names)]
    missing = [name for name, path in zip(names, paths, strict=True) if not path.is_file()]
    refuse_missing(missing, "images", base)
    return paths
