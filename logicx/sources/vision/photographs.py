"""Photographs of a data set, read alike for banks and for models, with notes of what was odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.errors import DataError
from logicx.sources.vision.decoding import (
    TURN_HINT,
    as_rgb,
    decode,
    hides_colors,
    is_deep,
    on_ground,
    turn_message,
    turned,
)

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

SHOWN = 3
"""Files that a note names."""


class Photographs:
    """How photographs are read; what was odd about them is counted.

    Args:
        orientation: What becomes of a note of how to turn them; see `ImageSettings`.
        transparent: What is shown where they are transparent; see `ImageSettings`.
    """

    def __init__(self, orientation: str = "stored", transparent: str = "white") -> None:
        """None is read yet."""
        self._orientation, self._transparent = orientation, transparent
        self._odd: dict[str, dict[str, None]] = {}

    def read(self, data: bytes, where: Path | str, name: str) -> tuple[Image, int]:
        """A photograph as 8 bits of R, G and B, and its note of orientation (1 for none).

        Args:
            data: The file's bytes.
            where: The file, for errors.
            name: What notes call it.

        Raises:
            FileError: It is damaged.
            DataError: Its numbers are no brightness, or it is to be turned and that is refused.
        """
        found = decode(data, where)
        if found.turn != 1:
            if self._orientation == "refuse":
                raise DataError(turn_message(where, found.turn), hint=TURN_HINT)
            self._note("turn", name)
        if is_deep(found.image):
            self._note("deep", name)
        if found.n_frames > 1 and found.kind != "MPO":
            self._note("frames", name)
        if hides_colors(found.image):
            self._note("clear", name)
            rgb = found.image.convert("RGB")
            if self._transparent != "hidden":
                rgb = on_ground(found.image, self._transparent)
        else:
            rgb = as_rgb(found, where)
        return (turned(rgb, found.turn) if self._orientation == "turned" else rgb), found.turn

    @property
    def notes(self) -> list[str]:
        """What a person should know of the photographs read so far."""
        is_turned = self._orientation == "turned"
        says = {
            "turn": "have an EXIF note that they are to be turned, and are "
            + ("turned" if is_turned else "taken as they are stored; masks drawn on them as they "
               "are shown lie elsewhere, and then orientation=\"turned\" is right"),
            "deep": "have more than 8 bits a channel, and are scaled to 8 by their depth",
            "frames": "hold several images in a file, of which the first is taken",
            "clear": "are transparent in places, and "
            + ("show the colours that are stored there" if self._transparent == "hidden"
               else f"are laid on {self._transparent}"),
        }  # fmt: skip
        return [
            f"{len(self._odd[kind]):,} photographs {text}: {_listed([*self._odd[kind]])}"
            for kind, text in says.items()
            if kind in self._odd
        ]

    def _note(self, kind: str, name: str) -> None:
        self._odd.setdefault(kind, {})[name] = None


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
