"""Which images the batches hold: their order is not chance, and their names are the bank's.

Where paths or names are at hand, they are compared with the bank's. Where they are not, only the
number of images can be compared, and a recording does not claim to be of the bank's images.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from logicx.errors import DataError
from logicx.language.spelling import tidy
from logicx.sources.vision.images import mark_of, marks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logicx.banks.bank import ConceptBank
    from logicx.probe.layouts import Taken

_LONGEST = 60
"""Characters of a text that an error shows."""
SHUFFLED = (RandomSampler, WeightedRandomSampler, SubsetRandomSampler)
UNKNOWN = (
    "which images the batches hold is not known: only their number is held against the bank's "
    "(give ImageBatches.of_bank, a loader of a dataset that has paths, or Batch(inputs, ids=names))"
)

UNKNOWN_TEXTS = (
    "which texts the batches hold is not known: only how many there are is held against the bank's "
    "(give Batch(inputs, mask, ids=texts))"
)


def check_order(batches: Any) -> list[str]:
    """Notes on the order of a loader's batches.

    Raises:
        DataError: It is chance.
    """
    if not isinstance(batches, DataLoader):
        return []
    groups = batches.batch_sampler
    sampler = getattr(groups, "sampler", batches.sampler) if groups is not None else batches.sampler
    if isinstance(sampler, SHUFFLED) or getattr(sampler, "shuffle", False) is True:
        raise DataError(
            f"the loader shuffles ({type(sampler).__name__}): its order is chance, so that "
            "activations and cells would be of different examples",
            hint="make it with shuffle=False and without such a sampler",
            code="shuffled",
        )
    if isinstance(sampler, DistributedSampler) and sampler.num_replicas > 1:
        raise DataError(
            f"the loader gives a part of the data, of {sampler.num_replicas} (DistributedSampler)",
            hint="make it without such a sampler",
            code="shuffled",
        )
    notes = []
    is_plain = groups is None or type(groups) is BatchSampler
    if not is_plain or not (_is_stream(sampler) or isinstance(sampler, SequentialSampler)):
        which = sampler if is_plain else groups
        notes.append(f"the order of the batches is that of the loader's {type(which).__name__}")
    n_left = _n_dropped(batches)
    if n_left:
        notes.append(f"the loader leaves out the last {n_left:,} examples (drop_last=True)")
    return notes


def _is_stream(sampler: Any) -> bool:
    return type(sampler).__name__ == "_InfiniteConstantSampler"


def _n_dropped(loader: DataLoader[Any]) -> int:
    try:
        n, size = len(loader.dataset), loader.batch_size  # type: ignore[arg-type]
    except TypeError:
        return 0
    return n % size if loader.drop_last and size else 0


def paths_of(batches: Any) -> list[str] | None:
    """Paths of the images that batches hold, in order, where they say so; else None."""
    if isinstance(batches, DataLoader):
        is_plain = batches.batch_sampler is None or type(batches.batch_sampler) is BatchSampler
        if not is_plain or not isinstance(batches.sampler, SequentialSampler):
            return None
        return _of_dataset(batches.dataset)
    return _texts(getattr(batches, "paths", None))


def _of_dataset(dataset: Any) -> list[str] | None:
    if isinstance(dataset, Subset):
        whole = _of_dataset(dataset.dataset)
        return None if whole is None else [whole[i] for i in dataset.indices]
    for name in ("paths", "samples", "imgs", "image_paths", "files"):
        found = getattr(dataset, name, None)
        if isinstance(found, (list, tuple)) and found and len(found) == len(dataset):
            found = [one[0] if isinstance(one, (list, tuple)) and one else one for one in found]
            texts = _texts(found)
            if texts is not None:
                return texts
    return None


def _texts(values: Any) -> list[str] | None:
    if not isinstance(values, (list, tuple)) or not values:
        return None
    if not all(isinstance(one, (str, PurePath)) for one in values):
        return None
    return [PurePath(one).as_posix() for one in values]


def check_paths(paths: Sequence[str], names: Sequence[str], first: int = 0) -> None:
    """Raise a `DataError` unless paths are of the images with these names, in their order.

    Args:
        paths: Paths or names of what the batches hold.
        names: Names of the bank's images, of which paths may be longer by folders before them.
        first: Number of the first path among the names.
    """
    stated = names[first : first + len(paths)]
    if len(stated) == len(paths) and all(map(_is_of, paths, stated)):
        return
    extra = [f"a path more, {paths[len(stated)]}"] if len(paths) > len(stated) else []
    wrong = [
        f"image {first + i:,} is {path}, but the bank's is {name}"
        for i, (path, name) in enumerate(zip(paths, stated, strict=False))
        if not _is_of(path, name)
    ]
    is_order = len(paths) == len(names) and all(
        map(_is_of, sorted(paths, key=_key), sorted(names, key=_key))
    )
    what = "other images than the bank's, or its images in another order"
    what = "the bank's images in another order" if is_order else what
    raise DataError(
        f"the batches hold {what}: {[*wrong, *extra][0]}",
        hint="give them in the bank's order: ImageBatches.of_bank(bank, folder, size)",
        code="other-images",
    )


def check_photographs(paths: Sequence[str], source: Mapping[str, Any]) -> None:
    """Raise a `DataError` if files are other photographs than those a bank was compiled from.

    Where the bank does not know them, or paths are no files here, there is nothing to compare.

    Args:
        paths: Paths of the images, in the bank's order.
        source: The bank's.
    """
    marks = marks_of(source)
    differing = []
    for path, mark in zip(paths, marks, strict=False):
        try:
            data = Path(path).read_bytes()
        except OSError:
            continue
        if mark_of(data) != mark:
            differing.append(path)
    if differing:
        more = f" (and {len(differing) - 1:,} more)" if len(differing) > 1 else ""
        raise DataError(
            f"{differing[0]}{more} is another photograph than the bank was compiled from, although "
            "it has its name",
            hint="name the bank's own folder; copies of another size or format are given as "
            "Batch(inputs, ids=names), and then compared by name alone",
            code="other-images",
        )


def check_texts(ids: Sequence[Any], bank: ConceptBank, first: int) -> None:
    """Raise a `DataError` unless texts are those of a bank's rows or documents, in their order.

    White space, case and the marks of word pieces are left out of account.

    Args:
        ids: Texts, or lists of them, such as premise and hypothesis or the tokens of a document.
        bank: A bank that keeps its texts.
        first: Number of the first row or document.
    """
    assert bank.texts is not None
    what = "document" if bank.universe.kind == "tokens" else "row"
    for i, one in enumerate(ids, first):
        if i >= bank.universe.n_groups:
            raise DataError(
                f"the batches name more texts than the {bank.universe.n_groups:,} of the bank",
                code="other-texts",
            )
        cells = bank.universe.cells_of(i)
        stated = [text for k in range(cells.start, cells.stop) for text in bank.texts[k]]
        given = [one] if isinstance(one, str) else [*map(str, one)]
        if _bare(given) != _bare(stated):
            raise DataError(
                f"{what} {i:,} is {_shown(given)}, but the bank's is {_shown(stated)}",
                hint="give the batches the texts that the bank was compiled from, in its order",
                code="other-texts",
            )


def _bare(texts: Sequence[str]) -> str:
    joined = "".join("".join(one.removeprefix("##").split()) for one in texts)
    return tidy(joined).casefold()


def _shown(texts: Sequence[str]) -> str:
    text = " ".join(texts)
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _key(path: str) -> list[str]:
    return path.split("/")[::-1]


def _is_of(path: str, name: str) -> bool:
    return path == name or path.endswith(f"/{name}")


def check_frame(batches: Any, settings: Mapping[str, Any]) -> None:
    """Raise a `DataError` if a model sees another part of images than a bank's masks do."""
    frame = getattr(batches, "frame", None)
    if frame is None:
        return
    resize, crop = settings.get("resize", 0), settings.get("crop") or ()
    mine = [Fraction(one, frame.resize) for one in frame.crop] if frame.resize else None
    theirs = [Fraction(one, resize) for one in crop] if resize else None
    if mine != theirs:
        sees = f"a cut of {list(frame.crop)} of {frame.resize}" if mine else "whole images"
        masks = f"a cut of {list(crop)} of {resize}" if theirs else "whole images"
        raise DataError(
            f"the model sees {sees}, but the bank's masks are of {masks}: maps and cells would be "
            "of different places",
            hint="compile the bank with the same resize and crop, or give the model whole images",
            code="other-places",
        )


def peeked(batches: Iterable[Any]) -> tuple[Any, Iterable[Any]]:
    """The first batch, or None, and batches that still begin with it.

    Of a generator the first batch is otherwise gone once it was looked at.

    Example:
        >>> first, batches = peeked(iter([1, 2]))
        >>> first, list(batches)
        (1, [1, 2])
    """
    again = iter(batches)
    first = next(again, None)
    if again is not batches:
        return first, batches
    return first, (chain([first], again) if first is not None else again)


def taken_note(layer: str, taken: Taken, axes: str) -> str:
    """What the axes of a layer's output were taken for."""
    return f"the output of the layer {layer!r} is taken as {axes}: {taken.why}"
