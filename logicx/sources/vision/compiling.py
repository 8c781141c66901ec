"""Banks from labelled images, in one pass over the images and in bounded memory."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.signatures import GroupCells, Incidence
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError
from logicx.sources.vision.decoding import DamagedFile
from logicx.sources.vision.grouping import group_cells, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from logicx.sources.vision.labels import Labelled, Reader
    from logicx.sources.vision.settings import ImageSettings

IN_MEMORY = 1 << 26
"""Bytes of grouped cells that are kept in memory; more go to a temporary file."""
SHOWN = 10
"""Concepts that are left out and named in the bank's notes."""


class Spool:
    """Groups of cells, put aside until it is known which concepts stay; a context manager.

    Their sets stay in memory (a few thousand numbers an image); what holds at each cell goes to a
    temporary file once it is large.
    """

    def __init__(self) -> None:
        """Open the file."""
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._parts: list[tuple[Incidence, np.dtype[Any], int, bool]] = []

    def __enter__(self) -> Spool:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the file."""
        self._file.close()

    def add(self, group: GroupCells) -> None:
        """Put a group aside.

        Raises:
            FileError: There is no room for it.
        """
        try:
            self._file.write(np.ascontiguousarray(group.numbers).tobytes())
            if group.valid is not None:
                self._file.write(np.packbits(group.valid).tobytes())
        except OSError as error:
            raise FileError(
                f"cannot write a temporary file to {tempfile.gettempdir()}: {error.strerror}",
                hint="the variable TMPDIR names another folder for such files",
            ) from error
        part = (group.sets, group.numbers.dtype, len(group.numbers), group.valid is not None)
        self._parts.append(part)

    def groups(self) -> Iterator[GroupCells]:
        """The groups in order."""
        self._file.seek(0)
        for sets, dtype, n_cells, has_valid in self._parts:
            numbers = np.frombuffer(self._file.read(n_cells * dtype.itemsize), dtype)
            valid = None
            if has_valid:
                bits = np.frombuffer(self._file.read((n_cells + 7) // 8), np.uint8)
                valid = np.unpackbits(bits, count=n_cells).astype(bool)
            yield GroupCells(sets, numbers, valid)


def compile_images(
    reader: Reader,
    settings: ImageSettings,
    *,
    name: str = "images",
    source: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ConceptBank:
    """The bank of a data set of labelled images.

    Args:
        reader: The data set.
        settings: As the reader was given.
        name: What to call the bank.
        source: Further facts for `bank.source`.
        progress: Called with images done and images in all.

    Raises:
        FileError: A file is missing or damaged.
        DataError: Labels contradict themselves, or no concept is left.

    Cost: one pass over the files; memory for the sets of concepts of each image.
    """
    with Spool() as spool:
        paths, n_images, bad = _read(reader, settings, spool, progress)
        labels, names = reader.vocabulary.labels, reader.vocabulary.names()
        of_category = _of_category([one.category for one in labels], settings)
        stays = of_category & (n_images >= settings.min_images)
        if not stays.any():
            raise DataError(
                f"none of {len(names):,} concepts occurs in {settings.min_images:,} images"
            )
        rare = [names[i] for i in np.flatnonzero(of_category & ~stays)]
        new_numbers = np.where(stays, np.cumsum(stays) - 1, -1).astype(np.int32)
        kept = np.flatnonzero(stays)
        return ConceptBank.from_groups(
            (without(group, new_numbers) for group in spool.groups()),
            [names[i] for i in kept],
            universe=Universe.pixels(len(paths), *settings.grid),
            categories=[labels[i].category for i in kept],
            name=name,
            source={
                **(source or {}),
                "settings": settings.stated(),
                "images": paths,
                "files": reader.folder.n_read,
                "sha256": reader.folder.sha256,
                "notes": [
                    *reader.notes,
                    *reader.vocabulary.notes,
                    *_bad_notes(bad),
                    *_notes(rare, settings),
                ],
                **({"left_out": [*bad]} if bad else {}),
                **_photographs(paths, reader.folder.marks),
            },
        )


def _read(
    reader: Reader,
    settings: ImageSettings,
    spool: Spool,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[str], NDArray[np.int64], dict[str, str]]:
    """Put all images aside; their paths, the images that each concept occurs in, and bad ones.

    Raises:
        FileError: Files are damaged; all of them are counted.
    """
    n_images = np.zeros(0, np.int64)
    paths: list[str] = []
    bad: dict[str, str] = {}
    for i, path in enumerate(reader.images):
        try:
            labelled = reader.labelled(i)
        except DamagedFile as error:
            bad[path] = error.message
            continue
        if not bad or settings.skip_bad:
            group = _group(labelled, settings)
            spool.add(group)
            n_images = _padded(n_images, reader)
            n_images[np.unique(group.sets.indices)] += 1
            paths.append(labelled.path)
        if progress is not None:
            progress(i + 1, len(reader.images))
    if bad and not (settings.skip_bad and paths):
        raise FileError(
            f"{len(bad):,} of {len(reader.images):,} images have files that are damaged: "
            f"{_listed([*bad.values()], '; ')}",
            hint="mend them, or leave such images out: skip_bad=true in the recipe",
        )
    return paths, _padded(n_images, reader), bad


def _photographs(paths: list[str], marks: dict[str, str]) -> dict[str, str]:
    """By which the photographs are known again, where all were read."""
    known = [marks[one] for one in paths if one in marks]
    return {"photographs": "".join(known)} if len(known) == len(paths) else {}


def _padded(n_images: NDArray[np.int64], reader: Reader) -> NDArray[np.int64]:
    return np.pad(n_images, (0, len(reader.vocabulary.labels) - len(n_images)))


def _of_category(categories: list[str], settings: ImageSettings) -> NDArray[np.bool_]:
    """Whether each concept is of a category that is wanted."""
    wanted = settings.categories
    unknown = set(wanted) - set(categories)
    if unknown:
        known = ", ".join(sorted(set(categories)))
        raise DataError(f"the images have no category {min(unknown)!r}", hint=f"they have: {known}")
    return np.array([not wanted or one in wanted for one in categories], bool)


def _group(labelled: Labelled, settings: ImageSettings) -> GroupCells:
    valid: NDArray[np.bool_] | None = None
    if settings.unlabelled == "invalid" and len(labelled.planes):
        valid = np.any([plane != 0 for plane in labelled.planes], axis=0).reshape(-1)
    colors = [] if labelled.colors is None else [labelled.colors]
    n_cells = settings.grid[0] * settings.grid[1]
    return group_cells([*labelled.planes, *colors], labelled.whole, n_cells, valid)


def _notes(rare: list[str], settings: ImageSettings) -> list[str]:
    if not rare:
        return []
    n = settings.min_images
    where = "in no image" if n == 1 else f"in fewer than {n:,} images"
    return [f"{len(rare):,} concepts that occur {where} are left out: {_listed(rare)}"]


def _bad_notes(bad: dict[str, str]) -> list[str]:
    if not bad:
        return []
    return [f"{len(bad):,} images are left out, as files are damaged: {_listed([*bad])}"]


def _listed(names: list[str], joint: str = ", ") -> str:
    return joint.join(names[:SHOWN]) + (f"{joint}..." if len(names) > SHOWN else "")
