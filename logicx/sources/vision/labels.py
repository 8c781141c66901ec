"""What every reader of labelled images gives: an image at a time, and the concepts so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from logicx.banks.naming import check_names
from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.sources.vision.images import Folder


SHOWN = 10
"""Classes that a note names."""


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

    @property
    def images(self) -> Sequence[str]:
        """Their paths."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of the files read so far."""

    def labelled(self, i: int) -> Labelled:
        """An image; they are asked for in order, and then the vocabulary is complete."""


@dataclass
class Vocabulary:
    """Concepts, numbered from 1 as they are found.

    Example:
        >>> words = Vocabulary()
        >>> [words.number("water", "object"), words.number("water", "scene")]
        [1, 2]
        >>> words.names()
        ['water', 'water (scene)']
        >>> [words.number("crt", "object", full=(one, "crt")) for one in ("screen", "tube")]
        [3, 4]
        >>> words.names()[2:]
        ['crt (screen)', 'crt (tube)']
    """

    labels: list[Label] = field(default_factory=list)
    _numbers: dict[tuple[Label, tuple[str, ...]], int] = field(default_factory=dict)

    def number(self, name: str, category: str, full: Sequence[str] = ()) -> int:
        """Number of a concept, which is a new one where it was not met before.

        Args:
            name: What it is called where no other is called so.
            category: Its category.
            full: All its names, by which it is told from others that are called so.
        """
        key = Label(name, category), tuple(full)
        if key not in self._numbers:
            self.labels.append(key[0])
            self._numbers[key] = len(self.labels)
        return self._numbers[key]

    def add(self, name: str, category: str, where: str, hint: str = "") -> int:
        """Number of a new concept.

        Raises:
            DataError: The category has a concept of that name.
        """
        if (Label(name, category), ()) in self._numbers:
            raise DataError(f"{where}: the {category} {name!r} is named twice", hint=hint)
        return self.number(name, category)

    def names(self) -> list[str]:
        """What the concepts are called: where categories share a name, all but the first say which.

        Raises:
            DataError: A name is no printable text, or cannot be told from another.
        """
        taken: set[str] = set()
        names = []
        apart = self._told_apart()
        for number, (name, category) in enumerate(self.labels, 1):
            called = apart.get(number, name)
            names.append(f"{called} ({category})" if called in taken else called)
            taken.add(names[-1])
        check_names(names, [one.category for one in self.labels])
        return names

    @property
    def notes(self) -> list[str]:
        """Which classes share the name that each would be called by."""
        told = [*self._told_apart().values()]
        if not told:
            return []
        listed = ", ".join(told[:SHOWN]) + (", ..." if len(told) > SHOWN else "")
        return [f"{len(told):,} classes that share their first name are told apart: {listed}"]

    def _told_apart(self) -> dict[int, str]:
        """Names of the concepts that share name and category with another, by number."""
        groups: dict[Label, list[tuple[int, tuple[str, ...]]]] = {}
        for (label, full), number in self._numbers.items():
            groups.setdefault(label, []).append((number, full))
        found: dict[int, str] = {}
        for (name, _), members in groups.items():
            if len(members) < 2:
                continue
            others = [[one for one in full if one != name] for _, full in members]
            for (number, _), own in zip(members, others, strict=True):
                alone = [one for one in own if sum(one in rest for rest in others) == 1]
                tail = alone[0] if alone else ", ".join(own)
                found[number] = f"{name} ({tail})" if tail else name
        return found
