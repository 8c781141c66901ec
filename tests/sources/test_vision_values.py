"""Pixels mean what was written: depth, palettes, transparency, orientation, lossy files, arrays."""

from __future__ import annotations

import io

import numpy as np
import pytest

from logicx.errors import DataError, FileError

Image = pytest.importorskip("PIL.Image")
from image_trees import compiled, dense, flat, save  # noqa: E402

from logicx.probe import ImageBatches  # noqa: E402
from logicx.sources.vision.decoding import TURNED_BACK, mask_values  # noqa: E402

VALUES = np.array([[0, 1, 2], [3, 1, 0]], np.uint8)


def encoded(image, kind="PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png(width: int, height: int, depth: int, color: int, rows: bytes, extra=()) -> bytes:
    """A PNG written by hand, for what Pillow cannot write."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *(chunk(*one) for one in extra)]
    parts += [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(tags: dict[int, int], pixels: bytes) -> bytes:
    """A little-endian TIFF of one strip."""
    import struct

    tags = {**tags, 273: 8 + 2 + 12 * (len(tags) + 2) + 4, 279: len(pixels)}
    entries = b"".join(struct.pack("<HHII", key, 4, 1, tags[key]) for key in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0\0\0\0" + pixels


PALETTE = (b"PLTE", bytes(range(12)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png(3, 2, 2, 0, b"\0\x18\0\xd0"), id="grey of 2 bits"),
        pytest.param(png(3, 2, 4, 0, b"\0\x01\x20\0\x31\x00"), id="grey of 4 bits"),
        pytest.param(png(3, 2, 2, 3, b"\0\x18\0\xd0", [PALETTE]), id="palette of 2 bits"),
        pytest.param(encoded(Image.fromarray(VALUES)), id="grey of 8 bits"),
        pytest.param(encoded(Image.fromarray(VALUES.astype(np.uint16))), id="grey of 16 bits"),
        pytest.param(encoded(Image.fromarray(VALUES), "TIFF"), id="tiff"),
        pytest.param(encoded(Image.fromarray(VALUES), "BMP"), id="bmp"),
        pytest.param(encoded(Image.fromarray(VALUES.astype(np.int32)), "TIFF"), id="32 bits"),
        pytest.param(
            tiff({256: 3, 257: 2, 258: 4, 259: 1, 262: 1, 277: 1, 278: 2}, b"\x01\x20\x31\x00"),
            id="tiff of 4 bits",
        ),
    ],
)
def test_label_maps_are_read_as_they_were_written(data):
    assert mask_values(data, "m").astype(int).tolist() == VALUES.tolist()


def test_arrays_are_label_maps_and_other_arrays_are_refused():
    def saved(array) -> bytes:
        out = io.BytesIO()
        np.save(out, array)
        return out.getvalue()

    for dtype in (bool, np.uint8, np.int16, np.int64, ">u4"):
        found = mask_values(saved((VALUES > 0).astype(dtype)), "m.npy")
        assert found.astype(int).tolist() == (VALUES > 0).astype(int).tolist()
    assert mask_values(saved(flat((1, 2, 3))), "m.npy").shape == (4, 6, 3)
    for wrong in (VALUES.astype(float), VALUES[0], np.zeros((2, 2, 4), np.uint8)):
        with pytest.raises(FileError, match="which is no label map"):
            mask_values(saved(wrong), "m.npy")
    with pytest.raises(FileError, match="too large for a label"):
        mask_values(saved(np.array([[1 << 63]], np.uint64)), "m.npy")
    for damaged in (saved(VALUES)[:-2], b"\x93NUMPY\x01\0nonsense", saved(np.array([[{}]]))):
        with pytest.raises(FileError, match=r"m\.npy is damaged"):
            mask_values(damaged, "m.npy")
    huge = saved(VALUES).replace(b"(2, 3), ", b"(2, 3000000000), ").replace(b" " * 11, b" ", 1)
    with pytest.raises(FileError, match="is damaged"):
        mask_values(huge, "m.npy")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encoded(Image.fromarray(VALUES), "JPEG"), "m.png is a JPEG, which is no label map"),
        (encoded(Image.fromarray(VALUES), "WEBP"), "m.png is a WebP, which is no label map"),
        (png(1, 1, 16, 2, b"\0\0\1\0\2\0\3"), "is of 16 bits a channel, of which Pillow reads 8"),
        (encoded(Image.new("RGBA", (2, 2), (5, 0, 0, 0))), "colours that are transparent"),
        (encoded(Image.new("LA", (2, 2), (5, 0))), "cannot have the colour mode LA"),
        (encoded(Image.new("CMYK", (2, 2)), "TIFF"), "cannot have the colour mode CMYK"),
        (
            tiff({256: 3, 257: 2, 258: 8, 259: 1, 262: 0, 277: 1, 278: 2}, VALUES.tobytes()),
            "a TIFF in which 0 is white",
        ),
        (
            encoded(
                Image.new("L", (2, 2)),
                "TIFF",
                save_all=True,
                append_images=[Image.new("L", (2, 2))],
            ),
            "holds 2 images, of which none is named",
        ),
    ],
)
def test_label_maps_whose_values_are_lost_are_refused(data, message):
    with pytest.raises(FileError, match=message):
        mask_values(data, "m.png")


def folder_of(tmp_path, photograph: bytes, ending: str, mask=None):
    folder = tmp_path / "data"
    for one in ("images", "masks"):
        (folder / one).mkdir(parents=True, exist_ok=True)
    for old in (folder / "images").iterdir():
        old.unlink()
    (folder / f"images/a.{ending}").write_bytes(photograph)
    save(folder / "masks/a.png", np.full((4, 4), 1, np.uint8) if mask is None else mask)
    (folder / "labels.tsv").write_text("index\tname\n0\tvoid\n1\tcat\n")
    return folder


DARK = np.full((4, 4), 32, np.uint8)
CLEAR = np.dstack([flat((255, 0, 0), 4, 4), np.zeros((4, 4), np.uint8)])


@pytest.mark.parametrize(
    ("photograph", "ending", "value", "note"),
    [
        (encoded(Image.fromarray(DARK)), "png", 32, ""),
        (encoded(Image.fromarray(DARK.astype(np.uint16) * 257)), "png", 32, "more than 8 bits"),
        (encoded(Image.fromarray(DARK.astype(np.uint16) * 257), "TIFF"), "tif", 32, "more than"),
        (encoded(Image.fromarray(DARK.astype(np.float32) / 255), "TIFF"), "tif", 32, "more than 8"),
        (png(4, 4, 4, 0, (b"\0" + b"\x22\x22") * 4), "png", 34, ""),
        (encoded(Image.fromarray(CLEAR)), "png", 255, "are transparent in places, and are laid on"),
        (encoded(Image.fromarray(CLEAR), "WEBP", lossless=True), "webp", 255, "transparent"),
    ],
)
def test_photographs_are_brightness_by_their_depth(tmp_path, photograph, ending, value, note):
    folder = folder_of(tmp_path, photograph, ending)
    bank = compiled("images", folder, grid=[4, 4])
    color = {32: "gray", 34: "gray", 255: "white"}[value]
    assert bank.count[bank.number(color)] == 16
    batches = ImageBatches(folder / "images", 4, mean=(0, 0, 0), std=(1, 1, 1))
    [batch] = batches
    assert (
        np.rint(batch.numpy() * 255).astype(int).tolist() == np.full((1, 3, 4, 4), value).tolist()
    )
    for notes in (bank.source["notes"][:-1], batches.notes):
        assert any(note in one and "a." in one for one in notes) if note else not notes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((4, 4), 1.5, np.float32), "holds floats from 1.5 to 1.5"),
        (np.full((4, 4), np.nan, np.float32), "holds floats"),
        (np.full((4, 4), 7, np.int32), "whole numbers of 32 bits"),
    ],
)
def test_photographs_without_a_scale_are_refused(tmp_path, values, message):
    folder = folder_of(tmp_path, encoded(Image.fromarray(values), "TIFF"), "tif")
    with pytest.raises(DataError, match=message):
        compiled("images", folder, grid=[4, 4])
    with pytest.raises(DataError, match=message):
        list(ImageBatches(folder / "images", 4))


def test_hidden_colours_show_if_that_is_asked_for(tmp_path):
    folder = folder_of(tmp_path, encoded(Image.fromarray(CLEAR)), "png")
    hidden = compiled("images", folder, grid=[4, 4], transparent="hidden")
    assert hidden.count[hidden.number("red")] == 16
    black = compiled("images", folder, grid=[4, 4], transparent="black")
    assert black.count[black.number("black")] == 16
    [batch] = ImageBatches.of_bank(black, folder / "images", 4, mean=(0, 0, 0), std=(1, 1, 1))
    assert not batch.any()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
@pytest.mark.parametrize("turn", TURNED_BACK)
def test_a_note_of_orientation_is_followed_or_not_by_photograph_and_mask_alike(
    tmp_path, kind, turn
):
    stored = flat((0, 0, 255), 8, 8)
    stored[:, :4] = (255, 0, 0)
    stored[:4, 4:] = (255, 255, 0)
    note = Image.Exif()
    note[0x0112] = turn
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    photograph = encoded(Image.fromarray(stored), kind, exif=note, **options)
    mask = (stored[..., 2] == 255).astype(np.uint8)
    folder = folder_of(tmp_path, photograph, kind.lower().replace("tiff", "tif"), mask)
    found = compiled("images", folder, grid=[8, 8])
    assert np.array_equal(dense(found)["blue"], dense(found)["cat"])
    assert "have an EXIF note that they are to be turned" in found.source["notes"][0]
    [as_stored] = ImageBatches(folder / "images", 8, mean=(0, 0, 0), std=(1, 1, 1))
    assert (as_stored[0, 0].numpy() > 0.5).tolist() == (stored[..., 0] > 127).tolist()
    from PIL import ImageOps

    shown = Image.fromarray(mask)
    shown.getexif()[0x0112] = turn
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(shown, exif=note))))
    save(folder / "masks/a.png", np.asarray(shown))
    turned = compiled("images", folder, grid=[8, 8], orientation="turned")
    assert np.array_equal(dense(turned)["blue"], dense(turned)["cat"])
    (folder / "masks/a.png").write_bytes(encoded(Image.fromarray(mask), exif=note))
    turned = compiled("images", folder, grid=[8, 8], orientation="turned")
    assert np.array_equal(dense(turned)["blue"], dense(turned)["cat"])
    [batch] = ImageBatches.of_bank(turned, folder / "images", 8, mean=(0, 0, 0), std=(1, 1, 1))
    assert np.array_equal(batch[0, 2].numpy() > 0.5, dense(turned)["blue"][0])
    for one in ("images", "masks"):
        if one == "masks":
            folder_of(tmp_path, encoded(Image.fromarray(stored)), "png", mask)
            (folder / "masks/a.png").write_bytes(encoded(Image.fromarray(mask), exif=note))
        with pytest.raises(DataError, match=f"to be turned .orientation {turn}"):
            compiled("images", folder, grid=[8, 8], orientation="refuse")


def test_a_size_that_is_wrong_for_want_of_turning_says_so(tmp_path):
    note = Image.Exif()
    note[0x0112] = 6
    photograph = encoded(Image.fromarray(flat((0, 0, 255), 4, 6)), "JPEG", exif=note)
    folder = folder_of(tmp_path, photograph, "jpg", np.ones((6, 4), np.uint8))
    with pytest.raises(DataError, match="but the image is 4 x 6") as caught:
        compiled("images", folder)
    assert "EXIF" in caught.value.hint
    assert "cat" in compiled("images", folder, orientation="turned")


def test_palettes_are_read_by_number_or_by_colour(tmp_path):
    folder = folder_of(tmp_path, encoded(Image.fromarray(flat((0, 0, 255), 2, 3))), "png")
    indexed = Image.fromarray(VALUES, "P")
    indexed.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
    (folder / "masks/a.png").write_bytes(encoded(indexed))
    names = ["void", "bike", "bird", "boat"]
    colors = ["0\t0\t0", "128\t0\t0", "0\t128\t0", "128\t128\t0"]
    by_color = "r\tg\tb\tname\n" + "".join(
        f"{c}\t{n}\n" for c, n in zip(colors, names, strict=True)
    )
    by_index = "index\tname\n" + "".join(f"{i}\t{n}\n" for i, n in enumerate(names))
    by_both = "index\tr\tg\tb\tname\n" + "".join(
        f"{i}\t{c}\t{n}\n" for i, (c, n) in enumerate(zip(colors, names, strict=True))
    )
    for table in (by_color, by_index, by_both):
        (folder / "labels.tsv").write_text(table)
        found = dense(compiled("images", folder, grid=[2, 3], colors="none"))
        assert {k: v[0].tolist() for k, v in found.items()} == {
            n: (i == VALUES).tolist() for i, n in enumerate(names) if i
        }
    save(folder / "masks/a.png", np.asarray(indexed.convert("RGB")))
    assert "boat" in compiled("images", folder, grid=[2, 3])
    (folder / "labels.tsv").write_text(by_both.replace("1\t128", "2\t128").replace("2\t0", "1\t0"))
    (folder / "masks/a.png").write_bytes(encoded(indexed))
    with pytest.raises(DataError, match="palette numbers and their colours are of other labels"):
        compiled("images", folder, grid=[2, 3])


@pytest.mark.parametrize("size", [(40, 60), (61, 40), (37, 53)])
def test_masks_and_colours_are_cut_as_the_model_sees_them(tmp_path, size):
    """Blue pixels are the mask: whatever is cut out, both lie at the same cells."""
    dice = np.random.default_rng(size)
    blocks = dice.random((5, 5)) < 0.5
    mask = np.kron(blocks, np.ones((20, 20), bool))[: size[0], : size[1]]
    pixels = np.where(mask[..., None], np.uint8([0, 0, 255]), np.uint8([255, 0, 0]))
    folder = folder_of(tmp_path, encoded(Image.fromarray(pixels)), "png", mask.astype(np.uint8))
    bank = compiled("images", folder, grid=[32, 32], resize=36, crop=[32, 32])
    [batch] = ImageBatches.of_bank(bank, folder / "images", 32, mean=(0, 0, 0), std=(1, 1, 1))
    seen = batch[0].numpy()
    is_pure = (seen.max(0) > 0.98) & (seen.min(0) < 0.02)
    assert is_pure.mean() > 0.6
    assert np.array_equal((seen[2] > 0.5)[is_pure], dense(bank)["cat"][0][is_pure])
    assert (dense(bank)["blue"][0] != dense(bank)["cat"][0]).mean() < 0.1
    save(folder / "masks/a.png", mask[1::2, 1::2].astype(np.uint8))
    if size[0] % 2 == size[1] % 2 == 0:
        half = compiled("images", folder, grid=[32, 32], resize=36, crop=[32, 32])
        assert (dense(half)["cat"][0] != dense(bank)["cat"][0]).mean() < 0.2
