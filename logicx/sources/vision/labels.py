"""What every reader of labelled images gives: an image at a time, and the concepts so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from logicx.banks.naming import check_names
from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.sources.vision.images import Folder


class Label(NamedTuple):
    """A concept of a data set."""

    name: str
    category: str


class Labelled(NamedTuple):
    """One image and its labels, on the mask grid.

    Args:
        path: The image, relative to the folder of images.
        planes: Label maps, which may overlap: concept numbers from 1; 0 where nothing is said.
        whole: Numbers of the concepts that hold at the whole image.
        colors: The map of colours, if there is one: it says nothing of whether a cell is labelled.

    Shape: `planes: int[height, width]` each, `colors: int[height, width]`.
    """

    path: str
    planes: Sequence[NDArray[np.integer]]
    whole: Sequence[int] = ()
    colors: NDArray[np.integer] | None = None


class Reader(Protocol):
    """A data set of labelled images."""

    folder: Folder
    vocabulary: Vocabulary
    images: Sequence[str]
    notes: Sequence[str]

    def read(self) -> Iterator[Labelled]:
        """The images in order; the vocabulary is complete at the end."""


@dataclass
class Vocabulary:
    """Concepts, numbered from 1 as they are found.

    Example:
        >>> words = Vocabulary()
        >>> [words.number("water", "object"), words.number("water", "scene")]
        [1, 2]
        >>> words.names()
        ['water', 'water (scene)']
    """

    labels: list[Label] = field(default_factory=list)
    _numbers: dict[Label, int] = field(default_factory=dict)

    def number(self, name: str, category: str) -> int:
        """Number of a concept, which is a new one where it was not met before."""
        label = Label(name, category)
        if label not in self._numbers:
            self.labels.append(label)
            self._numbers[label] = len(self.labels)
        return self._numbers[label]

    def add(self, name: str, category: str, where: str) -> int:
        """Number of a new concept.

        Raises:
            DataError: The category has a concept of that name.
        """
        if Label(name, category) in self._numbers:
            raise DataError(f"{where}: the {category} {name!r} is named twice")
        return self.number(name, category)

    def names(self) -> list[str]:
        """What the concepts are called: where categories share a name, all but the first say which.

        Raises:
            DataError: A name is no printable text, or cannot be told from another.
        """
        taken: set[str] = set()
        names = []
        for name, category in self.labels:
            names.append(f"{name} ({category})" if name in taken else name)
            taken.add(names[-1])
        check_names(names, [one.category for one in self.labels])
        return names
