"""Lists of images, as releases keep their splits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.banks.tables import read_lines
from logicx.errors import FileError
from logicx.sources.vision.images import unique

if TYPE_CHECKING:
    from logicx.sources.vision.images import Folder


def listed_stems(folder: Folder, name: str) -> list[str]:
    """The first word of each line of a list.

    Raises:
        FileError: There is no such list, or it is empty.
        DataError: An image is listed twice.
    """
    folder.check(name, "settings")
    where = folder.path / name
    if not folder.has(name):
        there = sorted(one.stem for one in where.parent.glob("*.txt"))
        hint = f"there are: {', '.join(there)}" if there else ""
        raise FileError(f"no file {where}", hint=hint)
    folder.read(name)
    words = [line.split() for line in read_lines(where)]
    stems = [one[0] for one in words if one]
    if not stems:
        raise FileError(f"{where} lists no image")
    named = ((one, one, f"line {i}") for i, one in enumerate(stems, 1))
    return [*unique(named, f"{where}: an image")]
