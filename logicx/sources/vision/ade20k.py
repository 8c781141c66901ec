"""ADE20K's full annotations: objects, levels of parts, scenes.

Beside each image `X.jpg` lie `X_seg.png` (objects), `X_parts_1.png`, `X_parts_2.png`, ... (parts,
and parts of parts) and what names them:

- `X.json` (release 2021_17_01): a pixel's class is R // 10 * 256 + G, and the file names each class
  (`name_ndx`, `name`); the scene is the last of its `scene`;
- `X_atr.txt` (release 2016_07_26), a line per object or part: "instance # part level # occluded #
  class # raw name # attributes". Instance k of a level is the k-th of the values that B has in that
  level's map, 0 aside. The scene is the folder below the letter, as in `training/s/street`.

A class is called by the first of its names ("car" of "car, auto, automobile"). Objects are of the
category `object`, parts of any level of the category `part`, scenes of `scene`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.errors import DataError, FileError
from logicx.sources.vision.images import Folder, at_grid, mask_values, refuse_missing, stem
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels, check_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.settings import AdeSettings


class Named(NamedTuple):
    """What an image's annotations say.

    Args:
        by_class: Names by class number (newer release), or None.
        by_instance: Names by part level and instance number (older release).
        scene: The scene, if one is stated.
    """

    by_class: Mapping[int, str] | None
    by_instance: Mapping[tuple[int, int], str]
    scene: str


class Ade20k:
    """Images with ADE20K's full annotations, wherever they lie below a folder.

    Raises:
        FileError: There is no image, or maps or annotations are missing.
    """

    def __init__(self, path: Path, settings: AdeSettings) -> None:
        """Find the files."""
        self.folder = Folder(path)
        self.vocabulary = Vocabulary()
        self.notes: list[str] = []
        self._settings = settings
        found = self.folder.listed("", (".jpg", ".png", ".json", ".txt"))
        self._files = frozenset(found)
        self.images = [one for one in found if one.endswith(".jpg")][: settings.first or None]
        if not self.images:
            raise FileError(f"{path} holds no image", hint="ADE20K's images end in .jpg")
        stems = [stem(one) for one in self.images]
        missing = [f"{one}_seg.png" for one in stems if f"{one}_seg.png" not in self._files]
        refuse_missing(missing, "label maps", path)
        files = self._files
        missing = [
            f"{one}.json (or {one}_atr.txt)"
            for one in stems
            if f"{one}.json" not in files and f"{one}_atr.txt" not in files
        ]
        refuse_missing(missing, "annotations", path)

    def read(self) -> Iterator[Labelled]:
        """The images by path."""
        pixels = Pixels(self.folder, "", self._settings, self.vocabulary)
        for path in self.images:
            beside = stem(path)
            named = self._named(beside)
            size, colors = pixels.of(path)
            planes = [self._plane(f"{beside}_seg.png", 0, named, size)]
            level = 1
            while (name := f"{beside}_parts_{level}.png") in self._files:
                planes.append(self._plane(name, level, named, size))
                level += 1
            whole = [self.vocabulary.number(named.scene, "scene")] if named.scene else []
            yield Labelled(path, planes, whole, colors)

    def _plane(
        self, name: str, level: int, named: Named, size: tuple[int, int]
    ) -> NDArray[np.int64]:
        where = self.folder.path / name
        values = mask_values(self.folder.read(name), where)
        if values.ndim != 3:
            raise FileError(f"{where} is no map of ADE20K: its pixels must be colours")
        check_shape(values, size, where, "the image")
        cells = at_grid(values, self._settings.grid).astype(np.int64)
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
        return self.vocabulary.number(names[code], "part" if level else "object")

    def _named(self, beside: str) -> Named:
        if f"{beside}.json" in self._files:
            where = self.folder.path / f"{beside}.json"
            return _of_json(self.folder.read(f"{beside}.json"), where)
        where = self.folder.path / f"{beside}_atr.txt"
        folders = beside.split("/")[:-1]
        match = re.search(r"(?:^|/)[a-z]/(.+)$", "/".join(folders))
        scene = match[1].replace("/", "-") if match else (folders[-1] if folders else "")
        return Named(None, _of_lines(self.folder.read(f"{beside}_atr.txt"), where), scene)


def _of_json(data: bytes, where: Path) -> Named:
    try:
        annotation: Any = json.loads(data)["annotation"]
        by_class = {int(one["name_ndx"]): _first(one["name"]) for one in annotation["object"]}
        scene = annotation.get("scene") or [""]
        return Named(by_class, {}, str(scene if isinstance(scene, str) else scene[-1]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileError(
            f"{where} is no annotation of ADE20K ({type(error).__name__}: {error})"
        ) from error


def _of_lines(data: bytes, where: Path) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for i, line in enumerate(data.decode("utf-8", "replace").splitlines()):
        fields = [one.strip() for one in line.split("#")]
        if not line.strip():
            continue
        if len(fields) < 5 or not (fields[0].isdigit() and fields[1].isdigit()):
            raise FileError(
                f"{where}, line {i + 1} is no annotation of ADE20K",
                hint="instance # part level # occluded # class # raw name # attributes",
            )
        found[int(fields[1]), int(fields[0])] = _first(fields[3])
    return found


def _first(names: str) -> str:
    return names.split(",")[0].strip()
