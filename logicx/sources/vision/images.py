"""Images and masks from files: a folder that no path leaves, decoding, the mask grid."""

from __future__ import annotations

import hashlib
import io
import os
import re
import warnings
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError, is_plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
MASK_FORMATS = ("PNG", "BMP", "TIFF", "GIF")
ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
MASK_ENDINGS = (".png", ".bmp", ".tif", ".tiff", ".gif")
SHOWN = 10
"""Missing files that an error lists."""


class Folder:
    """A folder of input files, of which everything that is read is hashed.

    Paths in data files are relative, are written with "/", and cannot leave the folder.

    Args:
        path: The folder.

    Raises:
        FileError: There is no such folder.
    """

    def __init__(self, path: Path) -> None:
        """Find the folder."""
        if not path.is_dir():
            is_file = path.exists()
            raise FileError(
                f"{path} is no folder" if is_file else f"no folder {path}",
                hint="data= names the folder that holds the images" if is_file else "",
            )
        self.path = path
        self._real = path.resolve()
        self._real_parents: dict[str, bool] = {}
        self._hash = hashlib.sha256()
        self.n_read = 0

    def check(self, name: str, where: str) -> str:
        """The path, if it stays inside the folder.

        Args:
            name: The path.
            where: What names it, such as `index.csv, line 7`.

        Raises:
            DataError: It is absolute, climbs with "..", or leads out by a link.
        """
        is_relative = (
            bool(name)
            and (name.isprintable() or is_plain_text(name))
            and "\\" not in name
            and not name.startswith("/")
            and not re.match("[A-Za-z]:", name)
            and ".." not in name.split("/")
        )
        if not is_relative:
            raise DataError(
                f"{where}: the path {name!r} is refused",
                hint='paths are relative to the folder, with "/" and without ".."',
            )
        path = f"{self.path}/{name}"
        parent = os.path.dirname(path)
        if parent not in self._real_parents:
            self._real_parents[parent] = self._is_inside(parent)
        is_inside = self._real_parents[parent]
        if is_inside and os.path.islink(path):
            is_inside = self._is_inside(path)
        if not is_inside:
            raise DataError(f"{where}: the path {name!r} leads out of {self.path}")
        return name

    def _is_inside(self, path: str) -> bool:
        return Path(path).resolve().is_relative_to(self._real)

    def has(self, name: str) -> bool:
        """Whether there is a file of that path."""
        return os.path.isfile(f"{self.path}/{name}")

    def read(self, name: str) -> bytes:
        """The bytes of a file, which count towards the hash.

        Raises:
            FileError: It cannot be read.
        """
        path = self.path / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise FileError(f"no file {path}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FileError(f"cannot read {path}: {reason}") from error
        self._hash.update(f"{name}\0{len(data)}\0".encode())
        self._hash.update(hashlib.sha256(data).digest())
        self.n_read += 1
        return data

    @property
    def sha256(self) -> str:
        """Hash over the paths and contents of all files read so far."""
        return self._hash.hexdigest()

    def listed(self, below: str, endings: Sequence[str]) -> list[str]:
        """Files below a folder by path, except hidden ones.

        Raises:
            FileError: There is no such folder.
        """
        root = self.path / self.check(below, "settings") if below else self.path
        if not root.is_dir():
            raise FileError(f"no folder {root}")
        found = [
            one.relative_to(self.path).as_posix()
            for one in root.rglob("*")
            if one.suffix.lower() in endings and one.is_file()
        ]
        return sorted(one for one in found if not any(p.startswith(".") for p in one.split("/")))


def refuse_missing(missing: Sequence[str], what: str, root: Path) -> None:
    """Raise a `FileError` that counts the missing files and lists the first.

    Args:
        missing: Their paths.
        what: What they are, in the plural, such as `label maps`.
        root: The folder they are missing from.
    """
    if not missing:
        return
    listed = ", ".join(missing[:SHOWN])
    more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
    raise FileError(f"{root}: {len(missing):,} {what} are missing: {listed}{more}")


def refuse_doubled(names: Iterable[str], what: str) -> None:
    """Raise a `DataError` at the first name that is given twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{what} is given twice: {name}")
        seen.add(name)


def stem(path: str) -> str:
    """A path without its ending."""
    return str(PurePosixPath(path).with_suffix(""))


def decode(data: bytes, where: Path | str, formats: Sequence[str] = IMAGE_FORMATS) -> Image:
    """An image from the bytes of its file, decoded completely.

    Raises:
        FileError: It is damaged, is no image of these formats, or is enormous.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise FileError(
            f"{where}: reading images needs Pillow", hint='pip install "logicx[vision]"'
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=tuple(formats))
            image.load()
    except UnidentifiedImageError:
        raise FileError(f"{where} is no image ({', '.join(formats)})") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise FileError(f"{where} has more than {Image.MAX_IMAGE_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's decoders raise what comes: OSError, SyntaxError, ...
        raise FileError(f"{where} is damaged: {error}") from error
    return image


def mask_values(data: bytes, where: Path | str) -> NDArray[Any]:
    """The values of a mask: palette numbers or grey levels, or colours.

    Shape: `-> uint8|uint16|int32[height, width]` or `uint8[height, width, 3]`.

    Raises:
        FileError: It is damaged or no mask.
    """
    image = decode(data, where, MASK_FORMATS)
    if image.mode in ("RGBA", "RGBX"):
        image = image.convert("RGB")
    if image.mode not in ("1", "L", "P", "I", "I;16", "I;16B", "I;16L", "RGB"):
        raise FileError(f"{where}: a mask cannot have the colour mode {image.mode}")
    values = np.asarray(image)
    return values.astype(np.uint8) if values.dtype == bool else values


def pack_colors(values: NDArray[Any]) -> NDArray[np.int32]:
    """Colours as numbers, r + 256 g + 65,536 b.

    Example:
        >>> pack_colors(np.array([[[1, 2, 0]]], np.uint8)).tolist()
        [[513]]
    """
    r, g, b = (values[..., k].astype(np.int32) for k in range(3))
    packed: NDArray[np.int32] = r + (g << 8) + (b << 16)
    return packed


def at_grid(values: NDArray[Any], grid: Sequence[int]) -> NDArray[Any]:
    """A label map reduced to the grid: each cell takes the pixel that holds its centre.

    Cell `i` of `n` takes the pixel `floor((i + 1/2) * size / n)`; a map of the grid's size is
    taken as it is.

    Example:
        >>> at_grid(np.arange(16).reshape(4, 4), (2, 2)).tolist()
        [[5, 7], [13, 15]]
    """
    if values.shape[:2] == tuple(grid):
        return values
    rows, columns = (
        (2 * np.arange(n) + 1) * size // (2 * n)
        for n, size in zip(grid, values.shape[:2], strict=True)
    )
    reduced: NDArray[Any] = values[rows[:, None], columns]
    return reduced
