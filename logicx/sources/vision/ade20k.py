"""ADE20K's full annotations: objects, levels of parts, scenes.

Beside each image `X.jpg` lie `X_seg.png` (objects), `X_parts_1.png`, `X_parts_2.png`, ... (parts,
and parts of parts) and what names them:

- `X.json` (release 2021_17_01): a pixel's class is R // 10 * 256 + G, and the file names each class
  (`name_ndx`, `name`); the scene is the last of its `scene`;
- `X_atr.txt` (release 2016_07_26), a line per object or part: "instance # part level # occluded #
  class # raw name # attributes". Instance k of a level is the k-th of the values that B has in that
  level's map, 0 aside. The scene is the folder below the letter, as in `training/s/street`.

A class is called by the first of its names ("car" of "car, auto, automobile"); classes that share
their first name are told apart by the next that only one of them has, as "screen (crt screen)".
Objects are of the category `object`, parts of any level of the category `part`, scenes of `scene`.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.strict_json import strict_json
from logicx.errors import DataError, FileError
from logicx.sources.vision.decoding import mask_values
from logicx.sources.vision.images import Folder, refuse_missing, stem, unique
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels, check_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.pixels import Seen
    from logicx.sources.vision.settings import AdeSettings

ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
"""Of the release of 2021, files of some scenes are not UTF-8."""


class Named(NamedTuple):
    """What an image's annotations say.

    Args:
        by_class: Names by class number (newer release), or None.
        by_instance: Names by part level and instance number (older release).
        scene: The scene and what it lies in, the last first; nothing if none is stated.
    """

    by_class: Mapping[int, str] | None
    by_instance: Mapping[tuple[int, int], str]
    scene: tuple[str, ...]


class Ade20k:
    """Images with ADE20K's full annotations, wherever they lie below a folder.

    Raises:
        FileError: There is no image, or maps or annotations are missing.
    """

    def __init__(self, path: Path, settings: AdeSettings) -> None:
        """Find the files."""
        self.folder = Folder(path)
        self.vocabulary = Vocabulary()
        self._settings = settings
        found = self.folder.listed("", (".jpg", ".jpeg", ".png", ".json", ".txt"))
        self._files = unique(
            ((_folded(one), one, one) for one in found), f"{path}: a file, but for capitals,"
        )
        images = [one for one in found if one.lower().endswith((".jpg", ".jpeg"))]
        unique(((stem(one), one, one) for one in images), f"{path}: the stem of an image")
        self.images = images[: settings.first or None]
        if not self.images:
            raise FileError(f"{path} holds no image", hint="ADE20K's images end in .jpg")
        stems = [stem(one) for one in self.images]
        files = self._files
        missing = [f"{one}_seg.png" for one in stems if f"{one}_seg.png" not in files]
        refuse_missing(missing, "label maps", path)
        missing = [
            f"{one}.json (or {one}_atr.txt)"
            for one in stems
            if f"{one}.json" not in files and f"{one}_atr.txt" not in files
        ]
        refuse_missing(missing, "annotations", path)

    @cached_property
    def _pixels(self) -> Pixels:
        return Pixels(self.folder, "", self._settings, self.vocabulary)

    @property
    def notes(self) -> list[str]:
        """What was odd about the images read so far."""
        return self._pixels.notes

    def labelled(self, i: int) -> Labelled:
        """An image with its objects, parts and scene."""
        path, pixels = self.images[i], self._pixels
        beside = stem(path)
        named = self._named(beside)
        seen = pixels.of(path)
        planes = [self._plane(f"{beside}_seg.png", 0, named, seen)]
        level = 1
        while (name := f"{beside}_parts_{level}.png") in self._files:
            planes.append(self._plane(name, level, named, seen))
            level += 1
        if f"{beside}_parts_{level + 1}.png" in self._files:
            refuse_missing([f"{beside}_parts_{level}.png"], "label maps", self.folder.path)
        whole = []
        if named.scene:
            whole.append(self.vocabulary.number(named.scene[0], "scene", full=named.scene))
        return Labelled(path, planes, whole, seen.colors)

    def _plane(self, name: str, level: int, named: Named, seen: Seen) -> NDArray[np.int64]:
        name = self._files[name]
        where = self.folder.path / name
        values = mask_values(self.folder.read(name), where, self._settings.orientation)
        if values.ndim != 3:
            raise FileError(f"{where} is no map of ADE20K: its pixels must be colours")
        check_shape(values.shape, seen.size, where, "the image", turn=seen.turn)
        cells = self._settings.frame.of(values, seen.size).astype(np.int64)
        classes = cells[..., 0] // 10 * 256 + cells[..., 1]
        if named.by_class is not None:
            codes, names = classes, named.by_class
        else:
            occurs = np.bincount(values[..., 2].ravel(), minlength=256) > 0
            occurs[0] = False
            codes = np.where(
                classes > 0, np.cumsum(occurs)[cells[..., 2]] * occurs[cells[..., 2]], 0
            )
            codes[(classes > 0) & (codes == 0)] = -1  # a class without an instance has no name
            names = {k: one for (at, k), one in named.by_instance.items() if at == level}
        distinct, places = np.unique(codes, return_inverse=True)
        numbers = np.array([self._number(int(one), names, level, where) for one in distinct])
        plane: NDArray[np.int64] = numbers[places].reshape(codes.shape)
        return plane

    def _number(self, code: int, names: Mapping[int, str], level: int, where: Path) -> int:
        if code == 0:
            return 0
        if code not in names:
            raise DataError(f"{where} holds the value {code}, which the annotations do not name")
        full = names_of(names[code])
        return self.vocabulary.number(full[0], "part" if level else "object", full=full)

    def _named(self, beside: str) -> Named:
        if f"{beside}.json" in self._files:
            name = self._files[f"{beside}.json"]
            return _of_json(self.folder.read(name), self.folder.path / name)
        name = self._files[f"{beside}_atr.txt"]
        folders = beside.split("/")[:-1]
        match = re.search(r"(?:^|/)[a-z]/(.+)$", "/".join(folders))
        scene = match[1] if match else (folders[-1] if folders else "")
        own = (scene.replace("/", "-"), scene) if "/" in scene else (scene,)
        of_lines = _of_lines(self.folder.read(name), self.folder.path / name)
        return Named(None, of_lines, own if scene else ())


def _of_json(data: bytes, where: Path) -> Named:
    found = strict_json(data, where, encodings=ENCODINGS)
    try:
        annotation: Any = found["annotation"]
        stated = [(int(one["name_ndx"]), str(one["name"])) for one in annotation["object"]]
        scene = annotation.get("scene") or []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(
            f"{where} is no annotation of ADE20K ({type(error).__name__}: {error})"
        ) from error
    levels = [scene] if isinstance(scene, str) else [str(one) for one in scene]
    full = tuple(one for one in reversed(levels) if one)
    return Named(_once(stated, where, "the class"), {}, full)


def _once(stated: Iterable[tuple[Any, str]], where: Path, what: str) -> dict[Any, str]:
    """A mapping of names, of which the same may be stated again."""
    found: dict[Any, str] = {}
    for key, name in stated:
        if found.setdefault(key, name) != name:
            raise DataError(f"{where} gives {what} {key} two names: {found[key]!r} and {name!r}")
    return found


def _of_lines(data: bytes, where: Path) -> dict[tuple[int, int], str]:
    entries = []
    for i, line in enumerate(data.decode("utf-8", "replace").splitlines()):
        fields = [one.strip() for one in line.split("#")]
        if not line.strip():
            continue
        if len(fields) < 5 or not (fields[0].isdigit() and fields[1].isdigit()):
            raise FileError(
                f"{where}, line {i + 1} is no annotation of ADE20K",
                hint="instance # part level # occluded # class # raw name # attributes",
            )
        key = int(fields[1]), int(fields[0])
        entries.append((key, fields[3], f"line {i + 1}, {fields[3]!r}"))
    return unique(entries, f"{where}: an instance (part level, number)")


def names_of(full: str) -> tuple[str, ...]:
    """The names of a class, of which it has one at least."""
    return tuple(one.strip() for one in full.split(",")) or ("",)


def _folded(path: str) -> str:
    """A path with its ending in small letters."""
    before, dot, ending = path.rpartition(".")
    return before + dot + ending.lower()
