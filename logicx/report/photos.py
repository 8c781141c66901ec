"""The images of a bank, read from their folder as they are shown."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Protocol

import numpy as np

from logicx.errors import DataError, FileError, LogicxError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.bank import ConceptBank

LONGER = 640
"""Images are shrunk to this longer side, in pixels: a sheet shows no more."""


class Photos(Protocol):
    """Images by their place in a bank."""

    def read(self, images: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Some of them, each `uint8[height, width, 3]`, RGB."""


class FolderPhotos:
    """The images of a bank, in a folder.

    Args:
        bank: A bank that holds the paths of its images.
        folder: The folder that they are relative to.

    Raises:
        DataError: The bank holds no paths.
        FileError: There is no such folder, or Pillow is not installed.
    """

    def __init__(self, bank: ConceptBank, folder: Path) -> None:
        """Check that there is something to read."""
        try:
            import PIL  # noqa: F401
        except ImportError:
            raise FileError(
                "images are read by Pillow, which is not installed",
                hint='pip install "logicx[vision]"',
            ) from None
        names = bank.source.get("images")
        if not names:
            raise DataError(
                f"bank {bank.name!r} does not say which images it was compiled from",
                hint="compile it from images: recipes folder, broden",
            )
        if not folder.is_dir():
            raise FileError(f"no folder {folder}", hint="set images=FOLDER to the bank's images")
        self._names: list[str] = [str(one) for one in names]
        self._folder = folder

    def read(self, images: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Some images, turned upright and shrunk to at most `LONGER`.

        Raises:
            FileError: Images that are missing, damaged, or outside the folder, all at once.
        """
        found: list[NDArray[np.uint8]] = []
        wrong: list[LogicxError] = []
        for image in images:
            try:
                found.append(self._read(self._names[image]))
            except LogicxError as error:
                wrong.append(error)
        if wrong:
            first, *more = wrong
            first.also = tuple(more)
            raise first
        return found

    def _read(self, name: str) -> NDArray[np.uint8]:
        from PIL import Image, ImageOps

        path = self._folder / name
        root = self._folder.resolve()
        is_absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor != ""
        if is_absolute or not path.resolve().is_relative_to(root):
            raise FileError(f"the bank names {name!r}, which is outside {self._folder}")
        if not path.is_file():
            raise FileError(f"no image {path}", hint="set images=FOLDER to the bank's images")
        try:
            with Image.open(path) as opened:
                opened.draft("RGB", (LONGER, LONGER))
                upright = ImageOps.exif_transpose(opened).convert("RGB")
                upright.thumbnail((LONGER, LONGER))
                return np.array(upright, np.uint8)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise FileError(f"{path} is no image that can be read: {error}") from error
