"""The images of a bank, read from their folder as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from logicx.errors import DataError, FileError, LogicxError
from logicx.sources.vision.frames import Frame
from logicx.sources.vision.images import Folder, mark_of, marks_of
from logicx.sources.vision.photographs import Photographs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank

LONGER = 640
"""Images are shrunk to this longer side, in pixels: a sheet shows no more."""
HINT = "set images=FOLDER to the images that the bank was compiled from"


class Photos(Protocol):
    """Images by their place in a bank."""

    def read(self, images: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Some of them, each `uint8[height, width, 3]`, RGB."""


class FolderPhotos:
    """The images of a bank, in a folder.

    Args:
        bank: A bank that holds the paths of its images.
        folder: The folder that they are relative to.

    Attributes:
        others: Those read so far that are other files than the bank was compiled from.

    Raises:
        DataError: The bank holds no paths.
        FileError: There is no such folder.
    """

    def __init__(self, bank: ConceptBank, folder: Path) -> None:
        """Check that there is something to read."""
        names = bank.source.get("images")
        if not names:
            raise DataError(
                f"bank {bank.name!r} does not say which images it was compiled from",
                hint="compile it from images: recipes folder, broden",
            )
        try:
            self._folder = Folder(folder)
        except FileError as error:
            error.hint = HINT
            raise
        self.others: list[str] = []
        self._marks = marks_of(bank.source)
        self._names: list[str] = [str(one) for one in names]
        stated = bank.source.get("settings") or {}
        self._photographs = Photographs(
            stated.get("orientation", "stored"), stated.get("transparent", "white")
        )
        self._frame = Frame((1, 1), stated.get("resize", 0), stated.get("crop", ()))

    def read(self, images: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Some images, shrunk to at most `LONGER`; turned and cut as for the bank.

        Raises:
            DataError: A path leads out of the folder.
            FileError: Images that are missing or damaged, all at once.
        """
        names = [self._folder.check(self._names[i], "the bank") for i in images]
        marks = dict(zip(self._names, self._marks, strict=False))
        found: list[NDArray[np.uint8]] = []
        wrong: list[LogicxError] = []
        for name in names:
            try:
                data = self._folder.read(name)
                if marks.get(name, mark_of(data)) != mark_of(data) and name not in self.others:
                    self.others.append(name)
                image, _ = self._photographs.read(data, self._folder.path / name, name)
                if self._frame.resize:
                    box = self._frame.box((image.height, image.width))
                    left, top, right, bottom = (round(one) for one in box)
                    image = image.crop((left, top, right, bottom))
                image.thumbnail((LONGER, LONGER))
                found.append(np.array(image, np.uint8))
            except LogicxError as error:
                wrong.append(error)
        if wrong:
            first, *more = wrong
            first.also = tuple(more)
            wrong[-1].hint = wrong[-1].hint or HINT
            raise first
        return found

    @property
    def notes(self) -> list[str]:
        """What a person should know of the images read so far."""
        if not self.others:
            return []
        first, *more = self.others
        others = f" (and {len(more):,} more)" if more else ""
        return [f"{first}{others} is another file than the bank was compiled from"]
