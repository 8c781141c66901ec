"""A bank and several units on a device, and exact counts of their formulas: in PyTorch.

The method is that of `numpy_engine.py`, for the formulas of many units at once. Every count is a
sum of int64, so neither the order of sums nor TF32 nor any other short float can change one; both
counts of a formula with a concept share one int64 where the bank has fewer than 2^31 cells.
"""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from logicx.banks.bits import pack
from logicx.engines.layout import ACCURACY, DICE, FBETA, IOU, PRECISION, RECALL
from logicx.errors import OptionError
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank

CPU_BYTES = 1 << 28
"""Working memory on the CPU; on an accelerator it is a quarter of what is free."""

MAX_UNITS = 256
"""Most units at once: a run that is killed loses those that it was searching."""

PLACE_BYTES = 128
"""About what a signature, or a concept of one, takes while counts are summed."""

HALF = 32
LOW = (1 << HALF) - 1


def find_device(asked: str) -> torch.device:
    """The device of a name such as `cuda:1`; without one, an accelerator or else the CPU.

    A device must have float64 and round it as IEEE 754 says, else scores would differ between
    machines; this is tried out.

    Raises:
        OptionError: There is no such device, or it cannot do this.
    """
    if not asked:
        device = torch.device("cuda" if torch.cuda.is_available() else _other_accelerator())
    else:
        try:
            device = torch.device(asked)
        except RuntimeError as error:
            raise OptionError(f"no device {asked!r}", hint=_devices_here()) from error
    if device.type == "mps":
        raise OptionError(
            "the device mps has no float64, so scores there would not be exact",
            hint="use torch:cpu, numpy or numba",
        )
    try:
        is_exact = _is_exact(device)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise OptionError(f"the device {device} is not available", hint=_devices_here()) from error
    if not is_exact:
        raise OptionError(
            f"float64 on the device {device} is not rounded as IEEE 754 says, so scores there "
            "would not be exact",
            hint="use torch:cpu, numpy or numba",
        )
    return device


def _other_accelerator() -> str:
    """An accelerator that is neither CUDA nor without float64; or the CPU."""
    found = getattr(torch, "accelerator", None)  # since PyTorch 2.6
    if found is None or not found.is_available():
        return "cpu"
    name = str(found.current_accelerator().type)
    return "cpu" if name == "mps" else name


def _devices_here() -> str:
    names = ["torch:cpu", *(f"torch:cuda:{i}" for i in range(torch.cuda.device_count()))]
    other = _other_accelerator()
    if other not in ("cpu", "cuda"):
        names.append(f"torch:{other}")
    return f"here is: {', '.join(names)}"


def _is_exact(device: torch.device) -> bool:
    """Whether division and square roots there are those of NumPy."""
    dice = np.random.default_rng(0)
    a, b = dice.integers(1, 1 << 50, (2, 1 << 12)).astype(np.float64)
    on_a, on_b = torch.tensor(a, device=device), torch.tensor(b, device=device)
    same = np.array_equal((on_a / on_b).cpu().numpy(), a / b)
    return same and np.array_equal(square_root(on_a).cpu().numpy(), np.sqrt(a))


def square_root(x: Tensor) -> Tensor:
    """The square root, correctly rounded: that of PyTorch on the CPU (MKL) is not always."""
    return torch.from_numpy(np.sqrt(x.numpy())) if x.device.type == "cpu" else torch.sqrt(x)


def working_bytes(device: torch.device) -> int:
    """How much memory a search may take besides the bank."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + kept) // 4
    return CPU_BYTES


def units_at_once(bank: ConceptBank, width: int, device: torch.device) -> int:
    """How many units are searched together, from 1."""
    words = -(-bank.n_signatures // 64)
    rows = 2 * (1 if bank.n_valid < 1 << HALF - 1 else 2) * width * bank.n_concepts
    each = 8 * (rows + 16 * width * words + bank.n_signatures)
    return max(1, min(MAX_UNITS, working_bytes(device) // (2 * max(1, each))))


class TorchBank:
    """A bank on a device; made once for each.

    Shape:
        words: `int64[n_concepts, n_words]`, signatures of each concept.
        full: `int64[n_words]`, all signatures.
        size: `int64[n_signatures]`, cells of each.
        counts: `float64[n_concepts]`, cells of each concept.
        indptr, indices: concepts of each signature, `int64`, `int32`.
    """

    _known: ClassVar[WeakKeyDictionary[ConceptBank, dict[torch.device, TorchBank]]] = (
        WeakKeyDictionary()
    )
    _lock = threading.Lock()

    def __init__(self, bank: ConceptBank, device: torch.device) -> None:
        """Copy the arrays to the device."""
        self.device = device
        self.words = self.here(bank.packed.view(np.int64))
        self.full = self.here(pack(np.ones(bank.n_signatures, bool)).view(np.int64))
        self.size = self.here(bank.size)
        self.counts = self.here(bank.count).double()
        self.indptr = self.here(bank.concepts_of.indptr)
        self.indices = self.here(bank.concepts_of.indices)
        octets = np.arange(256, dtype=np.uint8)[:, None]
        self.bits = self.here(np.unpackbits(octets, axis=1, bitorder="little").astype(bool))
        self.n_parts = 1 if bank.n_valid < 1 << HALF - 1 else 2

    @classmethod
    def of(cls, bank: ConceptBank, device: torch.device) -> TorchBank:
        """The one of this bank on this device."""
        with cls._lock:
            there = cls._known.setdefault(bank, {})
            if device not in there:
                there[device] = cls(bank, device)
            return there[device]

    def here(self, array: NDArray[np.generic]) -> Tensor:
        """A copy on the device."""
        return torch.tensor(np.ascontiguousarray(array), device=self.device)


class TorchUnits:
    """Several units on the device of a bank, and counts against them.

    Rows of counts are `int64[n_parts, n_rows, n_concepts]`: with one part, cells where formula and
    concept hold in the low half, and those where the unit fires besides in the high half; with two
    parts, one each.

    Args:
        bank: The bank.
        shared: The same on the device.
        units: Where each unit fires, or how many cells of each signature it fires at,
            `int64[n_signatures]`.
    """

    def __init__(
        self, bank: ConceptBank, shared: TorchBank, units: Sequence[Firing | NDArray[np.int64]]
    ) -> None:
        """Copy the units to the device and count each concept's firing cells."""
        counts = np.array([Firing.of(one).dense() for one in units], np.int64)
        self.bank, self.shared = bank, shared
        self.n = len(counts)
        self.room = working_bytes(shared.device)
        self.on = shared.here(counts)
        self.fires = shared.here(pack(counts > 0).view(np.int64))
        self.n_on = self.on.sum(1).double()
        rows = self.zero_rows(self.n)
        each = torch.arange(self.n, device=shared.device)
        self.add(rows, each, each, self.fires, self.fires, is_on_only=True)
        self.on_count = self.split(rows)[1]

    def zero_rows(self, *shape: int) -> Tensor:
        """Rows of nothing."""
        n_concepts = len(self.shared.counts)
        shape = (self.shared.n_parts, *shape, n_concepts)
        return torch.zeros(shape, dtype=torch.int64, device=self.shared.device)

    def split(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Both counts of some rows, `float64[n_rows, n_concepts]` each."""
        if self.shared.n_parts == 2:
            return rows[0].double(), rows[1].double()
        return (rows[0] & LOW).double(), (rows[0] >> HALF).double()

    def together(self, concepts: Tensor) -> Tensor:
        """Rows of concepts with the cells where both hold and none where a unit fires.

        Shape: `concepts: int64[n] -> int64[n_parts, n, n_concepts]`.
        """
        known, places = torch.unique(concepts, return_inverse=True)
        counts = [self.bank.together_with(concept) for concept in known.tolist()]
        rows = self.zero_rows(len(concepts))
        if counts:
            rows[0] = self.shared.here(np.array(counts))[places]
        return rows

    def add(
        self,
        rows: Tensor,
        row: Tensor,
        unit: Tensor,
        changed: Tensor,
        words: Tensor,
        is_on_only: bool = False,
    ) -> None:
        """Add the changed signatures that are in `words`, and take away the others.

        Shape: `row, unit: int64[n]`, where to and of which unit; `changed, words:
        int64[n, n_words]`.

        Cost: the concepts of the changed signatures; bounded memory.
        """
        flat = rows.reshape(self.shared.n_parts, -1)
        n = max(1, self.room // 4 // PLACE_BYTES // max(1, len(self.shared.size)))
        for part in torch.split(torch.arange(len(row), device=row.device), n):
            which, signature, sign = self._places(changed[part], words[part])
            fired = self.on[unit[part][which], signature] * sign
            sizes = torch.zeros_like(fired) if is_on_only else self.shared.size[signature] * sign
            weights = [sizes, fired] if self.shared.n_parts == 2 else [sizes + (fired << HALF)]
            first = row[part][which] * rows.shape[-1]
            self._scatter(flat, first, signature, weights)

    def _places(self, changed: Tensor, words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Row, signature and sign of each changed bit."""
        octets = changed.view(torch.uint8)
        which, octet = octets.nonzero(as_tuple=True)
        bits = self.shared.bits.index_select(0, octets[which, octet].long())
        place, bit = bits.nonzero(as_tuple=True)
        which, octet = which.index_select(0, place), octet.index_select(0, place)
        is_there = words.view(torch.uint8)[which, octet] >> bit.to(torch.uint8) & 1
        return which, octet * 8 + bit, is_there.long() * 2 - 1

    def _scatter(
        self, flat: Tensor, first: Tensor, signature: Tensor, weights: Sequence[Tensor]
    ) -> None:
        """Add weights of signatures to the counts of their concepts, some million at a time."""
        starts = self.shared.indptr[signature]
        lengths = self.shared.indptr[signature + 1] - starts
        ends = lengths.cumsum(0)
        total = int(ends[-1]) if len(ends) else 0
        room = max(1, self.room // 4 // PLACE_BYTES)
        marks = torch.arange(room, max(total, room), room, device=ends.device)
        cuts = [0, *torch.searchsorted(ends, marks).tolist(), len(ends)]
        for start, stop in pairwise(cuts):
            part = slice(start, stop)
            before = ends[start - 1] if start else 0
            offsets = starts[part] - (ends[part] - lengths[part] - before)
            each = torch.arange(stop - start, device=ends.device)
            entry = each.repeat_interleave(lengths[part])
            places = offsets.index_select(0, entry)
            places += torch.arange(len(entry), device=ends.device)
            keys = first[part].index_select(0, entry)
            keys += self.shared.indices.index_select(0, places)
            for out, weight in zip(flat, weights, strict=True):
                out.scatter_add_(0, keys, weight[part].index_select(0, entry))


def popcount(words: Tensor) -> Tensor:
    """Number of set bits along the last axis; PyTorch has no such instruction."""
    x = words - (words >> 1 & 0x5555555555555555)
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333)
    x = x + (x >> 4) & 0x0F0F0F0F0F0F0F0F
    return (x * 0x0101010101010101 >> 56).sum(-1)


def score(kind: int, b: float, tp: Tensor, size: Tensor, n_on: Tensor, n_cells: Tensor) -> Tensor:
    """The objective, operation by operation as in `objectives.py`; 0/0 is 0.

    Both terms of each division lie on the device: CUDA divides by a number of Python's by
    multiplying with its reciprocal, which is not the same.
    """
    if kind == IOU:
        above, below = tp, (size - tp).add_(n_on)
        below = below + b if b else below
    elif kind == PRECISION:
        above, below = tp, size
    elif kind == RECALL:
        above, below = tp, n_on
    elif kind == DICE:
        above, below = 2 * tp, size + n_on
    elif kind == FBETA:
        above, below = (1 + b) * tp, size + b * n_on
    elif kind == ACCURACY:
        above, below = n_cells - (size - tp) - (n_on - tp), n_cells
    else:
        fn = n_on - tp
        above = tp * (n_cells - size - fn) - (size - tp) * fn
        sides = square_root(size) * square_root(n_cells - size)
        below = sides * square_root(n_on) * square_root(n_cells - n_on)
    return torch.div(above, below).nan_to_num_(0.0)
