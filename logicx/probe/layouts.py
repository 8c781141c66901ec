"""Which axis of a layer's output holds the units: by the kind of layer, or as it is said.

A convolution gives `[batch, units, height, width]`; a Linear or a LayerNorm on a map, and all of a
Swin transformer, `[batch, height, width, units]`. The numbers do not tell the two apart. So it is
asked, in this order: what the caller says; of what kind the layer is; whose output it passes on;
what the layers inside it are; which layers gave the same shape. Where they disagree, it is refused.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from torch import Tensor, nn

from logicx.errors import DataError, OptionError
from logicx.probe.hooks import first_part, is_scripted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AXES = {
    "nchw": "[batch, units, height, width]",
    "nhwc": "[batch, height, width, units]",
    "btd": "[batch, tokens, units]",
    "tbd": "[tokens, batch, units]",
    "bdt": "[batch, units, tokens]",
    "bthd": "[batch, tokens, heads, units of a head]",
    "bhtd": "[batch, heads, tokens, units of a head]",
}
"""What each layout takes the axes of an output for."""
SAY = "say which: layout=nchw for [batch, units, height, width], layout=nhwc for units last"

_LAST = (nn.Linear, nn.Bilinear, nn.Embedding, nn.LayerNorm)
_SECOND: tuple[type[nn.Module], ...] = (
    *(nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.GroupNorm),
    *(nn.modules.instancenorm._InstanceNorm, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle),
    *(nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd, nn.LocalResponseNorm),
    *(nn.modules.pooling._AdaptiveAvgPoolNd, nn.modules.pooling._AdaptiveMaxPoolNd),
    *(nn.Dropout2d, nn.ChannelShuffle),
)
_TOKENS = (
    *(nn.RNNBase, nn.MultiheadAttention, nn.Transformer),
    *(nn.TransformerEncoder, nn.TransformerDecoder),
    *(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer),
)
_BY_FORMAT = {"NCHW": 1, "NCL": 1, "NHWC": -1, "NLC": -1}
_BY_DATA_FORMAT = {"channels_first": 1, "channels_last": -1}


class Taken(NamedTuple):
    """What the axes of a layer's output are taken for, and why."""

    layout: str
    why: str


class _Seen(NamedTuple):
    module: nn.Module
    shape: tuple[int, ...]
    axis: int


def check_layout(layout: str | None, batch_first: bool | None) -> None:
    """Raise an `OptionError` unless it is a layout that goes with `batch_first`."""
    if layout is None:
        return
    if layout not in AXES:
        raise OptionError(f"layout is one of {', '.join(AXES)}, not {layout!r}")
    if batch_first is not None and batch_first == (layout == "tbd"):
        raise OptionError(f"layout={layout} contradicts batch_first={batch_first}")


class Axes:
    """What the layers of a model say of the axes of their outputs, while one batch runs through."""

    def __init__(self) -> None:
        """Nothing ran yet."""
        self._seen: list[_Seen] = []
        self._by_output: dict[int, tuple[Any, int]] = {}
        self._is_on_axes = False

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[Axes]:
        """Hooks on all layers of a model."""
        hooks = [
            one.register_forward_hook(self._see) for one in model.modules() if not is_scripted(one)
        ]
        try:
            yield self
        finally:
            for hook in hooks:
                hook.remove()

    def _see(self, module: nn.Module, inputs: Any, output: Any) -> None:
        part = first_part(output)
        if not isinstance(part, Tensor) or part.is_nested or part.ndim < 3:
            return
        shape = tuple(part.shape)
        axis = axis_of(module, shape)
        self._is_on_axes |= axis is not None
        if axis is None:
            axis = self._passed_on(module, inputs, part)
        if axis is not None:
            self._seen.append(_Seen(module, shape, axis))
            self._by_output[id(part)] = (ref(part), axis)

    def _passed_on(self, module: nn.Module, inputs: Any, output: Tensor) -> int | None:
        """The axis of what a layer gives that was given by another, changed in no axis."""
        found = self._known(output)
        has_own = any(True for _ in module.children()) or any(True for _ in module.parameters())
        given = inputs[0] if isinstance(inputs, tuple) and inputs else None
        if found is None and not has_own and isinstance(given, Tensor):
            is_same = given.shape == output.shape
            found = self._known(given) if is_same else None
        return found

    def _known(self, tensor: Tensor) -> int | None:
        there = self._by_output.get(id(tensor))
        return there[1] if there is not None and there[0]() is tensor else None

    def taken(
        self, module: nn.Module, shape: tuple[int, ...], tokens: str, grid: Sequence[int] | None
    ) -> Taken:
        """What the axes of a layer's output are taken for.

        Args:
            module: The layer.
            shape: Shape of its output, of three or four axes.
            tokens: The layout of its output if that has tokens and units last: `btd` or `tbd`.
            grid: Height and width of the maps, where they are said.

        Raises:
            DataError: It cannot be told.
        """
        names = {1: "nchw", -1: "nhwc"} if len(shape) == 4 else {1: "bdt", -1: tokens}
        own = axis_of(module, shape)
        if own is not None:
            return Taken(names[own], f"a {type(module).__name__} gives it")
        mine = {one.axis for one in self._seen if one.module is module and one.shape == shape}
        if len(mine) == 1:
            return Taken(names[mine.pop()], "the layer whose output it passes on gives it")
        if len(shape) == 4 and grid is not None:
            fits = [axis for axis, at in ((1, shape[2:]), (-1, shape[1:3])) if at == tuple(grid)]
            if len(fits) == 1:
                return Taken(names[fits[0]], "the grid says so")
        inside = {id(one) for one in module.modules()} - {id(module)}
        within = {
            one.axis
            for one in self._seen
            if id(one.module) in inside and len(one.shape) == len(shape)
        }
        if len(within) == 1:
            return Taken(names[within.pop()], "all layers inside it give it")
        alike = {one.axis for one in self._seen if one.shape == shape}
        if len(alike) == 1:
            return Taken(names[alike.pop()], "other layers give it in that shape")
        if len(shape) == 3:
            if within | alike <= {-1}:
                return Taken(tokens, "nothing says otherwise")
        elif not self._is_on_axes:
            return Taken("nchw", "nothing says otherwise")
        others = "the layers inside it" if within else "the layers of the model"
        raise DataError(
            f"which axis of {list(shape)} holds the units cannot be told: {others} do not say it "
            f"with one voice ({type(module).__name__})",
            hint=SAY if len(shape) == 4 else "say which: layout=btd, layout=tbd or layout=bdt",
            code="layout",
        )


def axis_of(module: nn.Module, shape: tuple[int, ...]) -> int | None:
    """The axis of the units, where the kind of layer makes it certain: 1 or -1, else None.

    Raises:
        DataError: A convolution was given one image without an axis for the batch.
    """
    stated = getattr(module, "output_fmt", None)
    by_format = _BY_FORMAT.get(str(getattr(stated, "value", stated)).upper())
    if by_format is not None:
        return by_format
    by_format = _BY_DATA_FORMAT.get(str(getattr(module, "data_format", None)))
    if by_format is not None:
        return by_format
    if isinstance(module, _TOKENS) and len(shape) == 3:
        return -1
    if isinstance(module, _LAST):
        return _by_width(module, shape, -1, type(module) in _LAST)
    if isinstance(module, _SECOND):
        n_axes = _n_axes(module)
        if n_axes is not None and len(shape) == n_axes - 1:
            raise DataError(
                f"the layer gives {list(shape)}: it was given one image without an axis for the "
                "batch",
                hint="give the model batches, such as images[None]",
            )
        is_torchs = type(module).__module__.partition(".")[0] == "torch"
        return _by_width(module, shape, 1, is_torchs)
    return None


def _by_width(module: nn.Module, shape: tuple[int, ...], usual: int, is_torchs: bool) -> int | None:
    """The usual axis, if the layer is torch's own; else the one that is as wide as its units."""
    if is_torchs:
        return usual
    width = _n_units(module)
    if width is None:
        return None
    fits = [axis for axis in (1, -1) if shape[axis] == width]
    return fits[0] if len(fits) == 1 else None


def _n_units(module: nn.Module) -> int | None:
    for name in ("out_features", "embedding_dim", "out_channels", "num_features", "num_channels"):
        found = getattr(module, name, None)
        if isinstance(found, int):
            return found
    normal = getattr(module, "normalized_shape", ())
    return int(normal[0]) if isinstance(normal, tuple) and len(normal) == 1 else None


def _n_axes(module: nn.Module) -> int | None:
    """How many axes a layer's output has with a batch, where its class says it."""
    name = next((one.__name__ for one in type(module).__mro__ if one.__name__[-2:] in _ND), "")
    return _ND.get(name[-2:]) if isinstance(module, nn.modules.conv._ConvNd) else None


_ND = {"1d": 3, "2d": 4, "3d": 5}


def batch_first_of(model: nn.Module, path: str, mask: Any) -> bool:
    """Whether the first axis of a layer's output with tokens is the batch.

    The layer's own attribute says it, or that of the transformer or recurrent layer it lies in.

    Raises:
        DataError: Some layer of the model has tokens first, and nothing says whether this one has.
    """
    parts = path.split(".") if path else []
    for n in range(len(parts), -1, -1):
        module = model.get_submodule(".".join(parts[:n]))
        own = _stated_batch_first(module)
        if own is not None:
            return own
    turned = [one for one in model.modules() if _stated_batch_first(one) is False]
    shape = tuple(getattr(mask, "shape", ()))
    if turned and len(shape) == 2 and shape[0] == shape[1]:
        raise DataError(
            f"whether the layer {path!r} gives [batch, tokens, units] or [tokens, batch, units] "
            f"cannot be told: the model has a {type(turned[0]).__name__} with tokens first, and "
            f"{shape[0]:,} documents of {shape[1]:,} tokens",
            hint="say which: layout=btd or layout=tbd",
            code="layout",
        )
    return True


def _stated_batch_first(module: nn.Module) -> bool | None:
    own = getattr(module, "batch_first", None)
    if isinstance(own, bool):
        return own
    is_torchs = isinstance(
        module,
        (
            *(nn.TransformerEncoder, nn.TransformerDecoder),
            *(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer),
        ),
    )
    if not is_torchs:
        return None
    inside = {one.batch_first for one in module.modules() if isinstance(one, nn.MultiheadAttention)}
    return inside.pop() if len(inside) == 1 else None
