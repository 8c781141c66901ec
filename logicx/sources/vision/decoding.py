"""Files of images, decoded: photographs as 8 bits of R, G and B, label maps as they were written.

Pillow scales grey levels of 2 and 4 bits, clips those of 16 and 32, turns TIFF files by their note
of orientation, and drops transparency. What it did is undone, done rightly, or refused.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.errors import DataError, FileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
MASK_FORMATS = ("PNG", "BMP", "TIFF", "GIF")
ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
MASK_ENDINGS = (".png", ".bmp", ".tif", ".tiff", ".gif", ".npy")
LOSSY_ENDINGS = (".jpg", ".jpeg", ".webp")
"""Endings of files that are no label maps: their values changed when they were saved."""
ORIENTATION = 0x0112
PHOTOMETRIC, BITS = 262, 258
TURNED_BACK = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
"""Pillow's number of the transposition that undoes each orientation."""
LOSSY_HINT = (
    "the values of a JPEG or WebP are near those that were saved, not the same: take the release's "
    "PNG, or save the maps anew from their source"
)


class DamagedFile(FileError):
    """A file of an image that cannot be decoded."""


class Decoded(NamedTuple):
    """An image as it is stored.

    Args:
        image: Its pixels.
        turn: Its note of orientation; 1 where it is shown as it is stored.
        kind: The format of its file, such as `PNG`.
        depth: Bits of a sample, as the file says.
        is_inverted: Whether it is a TIFF in which 0 is white.
        n_frames: Images in the file.
    """

    image: Image
    turn: int
    kind: str
    depth: int
    is_inverted: bool
    n_frames: int


def decode(data: bytes, where: Path | str, formats: Sequence[str] = IMAGE_FORMATS) -> Decoded:
    """An image from the bytes of its file, decoded completely as it is stored.

    Raises:
        DamagedFile: It is damaged, or is no image of these formats.
        FileError: It is enormous, or there is no Pillow.
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
            image: Image.Image = Image.open(io.BytesIO(data), formats=tuple(formats))
            kind, n_frames = str(image.format), int(getattr(image, "n_frames", 1))
            tags: Any = getattr(image, "tag_v2", {})
            is_inverted, depth = tags.get(PHOTOMETRIC) == 0, _depth(data, tags)
            turn = _orientation(image)
            image.load()
            if kind != "TIFF":  # a PNG may have its note after the pixels
                turn = _orientation(image)
            elif turn != 1:  # Pillow has turned it already
                image = image.transpose(Image.Transpose(TURNED_BACK[turn]))
    except UnidentifiedImageError:
        raise DamagedFile(f"{where} is no image ({', '.join(formats)})") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise FileError(f"{where} has more than {Image.MAX_IMAGE_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's decoders raise what comes: OSError, SyntaxError, ...
        raise DamagedFile(f"{where} is damaged: {error}") from error
    return Decoded(image, turn, kind, depth, is_inverted, n_frames)


def turned(image: Image, turn: int) -> Image:
    """An image as it is shown, from how it is stored and its note of orientation."""
    from PIL.Image import Transpose

    if turn == 1:
        return image
    shown = {**TURNED_BACK, 6: TURNED_BACK[8], 8: TURNED_BACK[6]}
    return image.transpose(Transpose(shown[turn]))


def _orientation(image: Image) -> int:
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged note is none
        return 1
    return int(found) if found in TURNED_BACK else 1


def as_rgb(decoded: Decoded, where: Path | str) -> Image:
    """A photograph as 8 bits of R, G and B as it is stored, by its depth.

    What is transparent has the colour that is hidden there. Grey levels of 16 bits are divided by
    257, floats from 0 to 1 multiplied by 255.

    Raises:
        DataError: Its numbers have no such meaning.
    """
    from PIL import Image as Images

    image = decoded.image
    if is_deep(image):
        return Images.fromarray(_by_depth(decoded, where)).convert("RGB")
    if image.mode in ("LAB", "HSV"):
        raise DataError(
            f"{where} is stored as {image.mode}", hint="save such photographs as RGB first"
        )
    return image.convert("RGB")


def _by_depth(decoded: Decoded, where: Path | str) -> NDArray[np.uint8]:
    image, values = decoded.image, np.asarray(decoded.image)
    if image.mode == "F":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise DataError(
                f"{where} holds floats from {values.min():g} to {values.max():g}, which no rule "
                "makes brightness",
                hint="scale such photographs to 0 to 1, or save them with 8 or 16 bits a channel",
            )
        return np.rint(values.astype(np.float64) * 255).astype(np.uint8)
    is_16 = values.dtype.itemsize == 2 or decoded.kind == "PNG"
    if not is_16 or values.min() < 0 or values.max() > 0xFFFF:
        raise DataError(
            f"{where} holds whole numbers of 32 bits or with a sign, which no rule makes "
            "brightness",
            hint="save such photographs with 8 or 16 bits a channel",
        )
    return ((values.astype(np.int64) + 128) // 257).astype(np.uint8)


def is_deep(image: Image) -> bool:
    """Whether a photograph is of more than 8 bits a channel, as far as Pillow tells."""
    return image.mode == "F" or image.mode.startswith("I")


def hides_colors(image: Image) -> bool:
    """Whether some pixel of a photograph is transparent."""
    if is_deep(image) or not image.has_transparency_data:
        return False
    alpha = image.convert("RGBA").getchannel("A").getextrema()
    return bool(alpha[0] < 255)  # type: ignore[operator]


def on_ground(image: Image, ground: str) -> Image:
    """A transparent photograph laid on a ground of one colour."""
    from PIL import Image as Images

    clear = image.convert("RGBA")
    return Images.alpha_composite(Images.new("RGBA", clear.size, ground), clear).convert("RGB")


def mask_values(data: bytes, where: Path | str, orientation: str = "stored") -> NDArray[Any]:
    """The values of a label map as they were written: palette numbers, grey levels or colours.

    Args:
        data: The file's bytes, of an image or of NumPy's `.npy`.
        where: The file, for errors.
        orientation: What becomes of a note of how to turn it; see `ImageSettings`.

    Shape: `-> integer[height, width]` or `uint8[height, width, 3]`.

    Raises:
        DamagedFile: It is damaged or no image.
        FileError: It is no label map.
    """
    if data[:6] == b"\x93NUMPY":
        return _array_values(data, where)
    if data[:3] == b"\xff\xd8\xff" or data[8:12] == b"WEBP":
        kind = "WebP" if data[8:12] == b"WEBP" else "JPEG"
        raise FileError(f"{where} is a {kind}, which is no label map", hint=LOSSY_HINT)
    found = decode(data, where, MASK_FORMATS)
    if found.n_frames > 1:
        raise FileError(
            f"{where} holds {found.n_frames} images, of which none is named",
            hint="save one a file",
        )
    if found.turn != 1 and orientation == "refuse":
        raise DataError(turn_message(where, found.turn), hint=TURN_HINT)
    if found.turn != 1 and orientation == "turned":
        found = found._replace(image=turned(found.image, found.turn))
    values = _raw(found, where)
    return values.astype(np.uint8) if values.dtype == bool else values


TURN_HINT = (
    'set orientation="turned" where masks were drawn on images as they are shown (labelling tools '
    'mostly do), "stored" where they were drawn on the pixels as they lie'
)


def turn_message(where: Path | str, turn: int) -> str:
    """What is wrong with a file that has a note of orientation where none is allowed."""
    return f"{where} has an EXIF note that it is to be turned (orientation {turn})"


def _raw(found: Decoded, where: Path | str) -> NDArray[Any]:
    """The values of a decoded label map, where Pillow kept them or they can be had back."""
    image, depth = found.image, found.depth
    if found.is_inverted:
        raise FileError(
            f"{where} is a TIFF in which 0 is white, so that its values are turned round",
            hint="save it with black as 0, or as PNG",
        )
    if image.mode == "RGBA":
        values = np.asarray(image)
        if (values[values[..., 3] < 255][:, :3]).any():
            raise FileError(
                f"{where} has colours that are transparent: whether they are labels is not said",
                hint="save it without transparency",
            )
        image = image.convert("RGB")
    if image.mode == "RGB" and depth > 8:
        raise FileError(
            f"{where} is of {depth} bits a channel, of which Pillow reads 8",
            hint="save colours with 8 bits a channel, or class numbers as one channel of 16 bits",
        )
    if image.mode == "L" and depth in (2, 4) and found.kind in ("PNG", "TIFF"):
        raw: NDArray[np.uint8] = np.asarray(image) // np.uint8(255 // ((1 << depth) - 1))
        return raw
    if image.mode not in ("1", "L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N", "RGB"):
        raise FileError(
            f"{where}: a label map cannot have the colour mode {image.mode}",
            hint="a label map holds whole numbers in one channel, or colours in R, G and B",
        )
    return np.asarray(image)


def _depth(data: bytes, tags: Any) -> int:
    """Bits of a sample as the file of a PNG or TIFF says."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return data[24]
    bits = tags.get(BITS, 8)
    return int(bits[0] if isinstance(bits, tuple) else bits)


def palette_colors(data: bytes, where: Path | str, orientation: str) -> NDArray[np.uint8] | None:
    """The colours of a palette image's pixels, `uint8[height, width, 3]`; None if it has none."""
    if data[:6] == b"\x93NUMPY":
        return None
    found = decode(data, where, MASK_FORMATS)
    image = turned(found.image, found.turn) if orientation == "turned" else found.image
    return np.asarray(image.convert("RGB")) if image.mode == "P" else None


def _array_values(data: bytes, where: Path | str) -> NDArray[Any]:
    opened = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(opened)
        read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
            version, np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(opened)
        if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize > len(data):
            raise ValueError("it is cut off, or holds objects")
        opened.seek(0)
        values: NDArray[Any] = np.load(opened, allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, TypeError) as error:
        raise DamagedFile(f"{where} is damaged: {error}") from error
    is_colors = values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8
    if values.dtype.kind not in "bui" or not (values.ndim == 2 or is_colors) or not values.size:
        raise FileError(
            f"{where} is {values.dtype} of the shape {list(values.shape)}, which is no label map",
            hint="whole numbers [height, width], or colours uint8[height, width, 3]",
        )
    if values.dtype.kind == "u" and values.max() > np.iinfo(np.int64).max:
        raise FileError(f"{where} holds {values.max()}, too large for a label")
    return values.astype(np.uint8) if values.dtype == bool else values
