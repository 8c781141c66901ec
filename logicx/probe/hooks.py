"""What a layer gives while batches run through its model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from logicx.errors import DataError, LogicxError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Called(NamedTuple):
    inputs: Any
    mask: Any = None


class Batch(_Called):
    """What the model is called with, and which of its tokens are real.

    Args:
        inputs: A tuple or list of positional arguments, a mapping of keyword arguments, or the one
            argument.
        mask: For layers whose output has tokens: `bool[batch, tokens]`, false at padding.
        ids: Names of its images in order, or its texts, each a text or a list of texts, which are
            compared with the bank's; no part of the pair.
    """

    ids: Any = None

    def __new__(cls, inputs: Any, mask: Any = None, ids: Any = None) -> Batch:
        """The pair, with the names beside it."""
        found = super().__new__(cls, inputs, mask)
        found.ids = ids
        return found

    @staticmethod
    def of(one: Any) -> Batch:
        """A batch as it is; anything else as the inputs of one."""
        return one if isinstance(one, Batch) else Batch(one)


class Output(NamedTuple):
    """What a layer gave: a copy on the CPU, and the lengths of packed sequences."""

    values: Any
    lengths: Tensor | None = None


def check_model(model: Any) -> None:
    """Raise a `DataError` unless it is a module."""
    if not isinstance(model, nn.Module):
        raise DataError(
            f"the model must be a torch.nn.Module, not {type(model).__name__}",
            hint="give the module itself, such as the attribute model of what wraps it",
        )
    refuse_scripted(model, "the model")


def is_scripted(module: nn.Module) -> bool:
    """Whether a module was scripted or traced by TorchScript."""
    return isinstance(module, torch.jit.ScriptModule)


def refuse_scripted(module: nn.Module, what: str) -> None:
    """Raise a `DataError` if a module takes no hooks."""
    if is_scripted(module):
        raise DataError(
            f"{what} is scripted or traced (TorchScript), and such modules take no hooks",
            hint="give the model as it was before torch.jit.script or torch.jit.trace",
            code="scripted",
        )


def module_at(model: Any, layer: str) -> nn.Module:
    """The module of a path, as in `model.named_modules()`.

    Raises:
        DataError: There is none; the error suggests near paths.
    """
    check_model(model)
    modules: dict[str, nn.Module] = dict(model.named_modules(remove_duplicate=False))
    if layer in modules:
        refuse_scripted(modules[layer], f"the layer {layer!r}")
        return modules[layer]
    paths = [path for path in modules if path]
    first = ", ".join(paths[:10]) + (", ..." if len(paths) > 10 else "")
    raise DataError(
        f"the model has no layer {layer!r}",
        hint=did_you_mean(str(layer), paths)
        or (f"it has: {first}" if paths else "it is one layer: its path is empty, layer=''"),
        code="unknown-layer",
    )


class Watch:
    """A model in eval mode with a hook on one layer; see `watching`."""

    def __init__(self, model: nn.Module, layer: str, part: str | int | None = None) -> None:
        """Nothing is seen yet."""
        self._model, self._layer, self.part = model, layer, part
        self._seen: list[Output] = []
        self.n_parts = 1
        """Tensors among the outputs of the layer, of which one is recorded."""

    def see(self, _: nn.Module, __: Any, output: Any) -> None:
        """The hook. It copies, as what comes after the layer may change its output in place."""
        self.n_parts = _n_tensors(output)
        part = Output(None) if self._seen else _copied(part_of(output, self.part))
        self._seen.append(part)

    def output(self, batch: Batch, number: int) -> Output:
        """What the layer gives in a batch.

        Raises:
            DataError: The model fails, or the layer is not called once.
        """
        self._seen.clear()
        call(self._model, batch.inputs, number)
        if len(self._seen) == 1:
            return self._seen.pop()
        if not self._seen:
            raise DataError(
                f"the layer {self._layer!r} is not called in batch {number:,}",
                hint="the model's forward does not use it, or uses its parameters without calling "
                "it; logicx probe MODEL lists the layers with their calls",
            )
        raise DataError(
            f"the layer {self._layer!r} is called {len(self._seen)} times in batch {number:,}, "
            "so that it has several outputs for each cell",
            hint="name a layer that is called once, such as one that comes after",
        )


@contextmanager
def watching(model: nn.Module, layer: str, part: str | int | None = None) -> Iterator[Watch]:
    """The model in eval mode without gradients, with a hook on a layer."""
    watch = Watch(model, layer, part)
    hook = module_at(model, layer).register_forward_hook(watch.see)
    try:
        with evaluating(model):
            yield watch
    finally:
        hook.remove()


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; then every module is in the mode that it was in.

    The fast path of torch's transformers is off meanwhile: it leaves layers out, and gives nested
    tensors.
    """
    modes = [(one, one.training) for one in model.modules()]
    is_fast = torch.backends.mha.get_fastpath_enabled()
    model.eval()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(is_fast)
        for one, is_training in modes:
            one.training = is_training


def call(model: nn.Module, inputs: Any, number: int) -> None:
    """Run a batch.

    Raises:
        DataError: The model fails; the cause is chained.
    """
    try:
        if isinstance(inputs, Mapping):
            model(**inputs)
        elif type(inputs) in (tuple, list):
            model(*inputs)
        else:
            model(inputs)
    except LogicxError:
        raise
    except Exception as error:
        raise DataError(
            f"the model failed on batch {number:,}: {type(error).__name__}: {error}",
            hint="it is called with what the batch holds: a tuple or list as positional arguments, "
            "a mapping as keyword arguments, anything else as the one argument",
        ) from error


def first_part(output: Any) -> Any:
    """The part of a layer's output that is recorded: of several, the first."""
    if isinstance(output, Mapping):
        return next(iter(output.values()), None)
    is_several = isinstance(output, (tuple, list)) and not isinstance(output, PackedSequence)
    return output[0] if is_several and output else output


def part_of(output: Any, part: str | int | None) -> Any:
    """One of several outputs, by number or key, or by several of these joined by dots.

    Raises:
        DataError: There is no such output.
    """
    if part is None:
        return first_part(output)
    for step in str(part).split("."):
        known = [*output] if isinstance(output, Mapping) else []
        is_several = isinstance(output, (tuple, list)) and not isinstance(output, PackedSequence)
        if is_several and step.isdigit() and int(step) < len(output):
            output = output[int(step)]
        elif step in known:
            output = output[step]
        else:
            has = (
                f"numbers from 0 to {len(output) - 1}" if is_several else ", ".join(map(str, known))
            )
            raise DataError(
                f"the layer has no output {part!r}",
                hint=f"it has: {has}" if has else "it gives one: leave output away",
            )
    return output


def _n_tensors(output: Any) -> int:
    if isinstance(output, Mapping):
        output = tuple(output.values())
    is_several = isinstance(output, (tuple, list)) and not isinstance(output, PackedSequence)
    return sum(_n_tensors(one) for one in output) if is_several else int(output is not None)


def _copied(part: Any) -> Output:
    if isinstance(part, PackedSequence):
        values, lengths = pad_packed_sequence(part, batch_first=True)
        return Output(values.cpu(), lengths)
    return Output(part.detach().to("cpu", copy=True) if isinstance(part, Tensor) else part)
