"""The demo's network, run with NumPy alone.

Trained by `examples/waterside/train.py`, shipped as half-precision weights. Five blocks, each
followed by batch normalisation and ReLU:

| block | convolution | output |
|---|---|---|
| 1 | 5 x 5, stride 2 | 24 x 48 x 48 |
| 2 | 3 x 3, stride 2 | 64 x 24 x 24 |
| 3 | depthwise 3 x 3, stride 2, then 1 x 1 | 128 x 12 x 12 |
| 4 | depthwise 3 x 3, then 1 x 1 | 192 x 12 x 12 |
| 5 | 1 x 1 | 512 x 12 x 12: the units |

then the mean over the map and a linear layer to the twelve classes. Here arrays are laid out
[n, height, width, channels], so that every 1 x 1 convolution is one matrix product.

The units are the same bits whatever the machine's BLAS and its number of threads, which decide in
what order a product is added up: both factors are rounded to steps so coarse that float64 holds
every sum exactly, and the order makes no difference. The steps are as fine as float32 is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

Array = NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called as progress(done, total)."""

N_UNITS = 512
MAP_SIZE = 12
PIXEL_MEAN = 0.5
PIXEL_SCALE = 0.25
"""Pixels from 0 to 1 enter the network as (pixel - PIXEL_MEAN) / PIXEL_SCALE."""

INPUT_STEPS, WEIGHT_STEPS = 2.0**20, 2.0**22
"""Steps in 1. The absolute weights of one output sum up to less than 2**5, so sums are exact where
inputs are below 2**(53 - 20 - 22 - 5) = 64; those of scenes are below 16."""

BATCH_NORM_EPSILON = 1e-5
_IMAGES_AT_ONCE = 32

TENSORS = (
    *("conv1.weight", "conv2.weight", "depth3.weight", "conv3.weight"),
    *("depth4.weight", "conv4.weight", "conv5.weight"),
    *(
        f"norm{block}.{field}"
        for block in range(1, 6)
        for field in ("weight", "bias", "running_mean", "running_var")
    ),
    *("linear.weight", "linear.bias"),
)
"""Names of all tensors, as torch calls them in the training script."""


@dataclass(frozen=True)
class Weights:
    """The network's tensors by name, in torch's layout, and what is known of their training."""

    tensors: Mapping[str, Array]
    metadata: Mapping[str, str]


def load_weights(path: str | PathLike[str]) -> Weights:
    """Read weights from a safetensors file.

    Raises:
        ValueError: the file is no safetensors file, or lacks one of the network's tensors.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = set(file.keys())
            missing = [name for name in TENSORS if name not in names]
            if missing:
                raise ValueError(f"{path} lacks the tensors {', '.join(missing)}")
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in TENSORS}
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path} is no readable safetensors file: {error}") from error
    return Weights(tensors, metadata)


def activations(
    weights: Weights, images: NDArray[np.uint8], progress: Progress | None = None
) -> Array:
    """What all 512 units of the last block do on every image.

    Args:
        weights: from `load_weights`.
        images: uint8[n, 96, 96, 3], RGB.
        progress: told how many images are done.

    Returns:
        float32[n, 512, 12, 12], never negative.

    Cost: about 3 ms of CPU and 295 kB an image.
    """
    if images.ndim != 4 or images.shape[1:] != (96, 96, 3) or images.dtype != np.uint8:
        raise ValueError(
            f"expected images uint8[n, 96, 96, 3], got {images.dtype}{list(images.shape)}"
        )
    layers = _folded(weights.tensors)
    result = np.empty((len(images), N_UNITS, MAP_SIZE, MAP_SIZE), np.float32)
    for start, stop in _chunks(len(images)):
        pixels = images[start:stop].astype(np.float32) / np.float32(255)
        x: Array = (pixels - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_SCALE)
        units = _forward(layers, x)
        result[start:stop] = units.transpose(0, 3, 1, 2)
        if progress is not None:
            progress(stop, len(images))
    return result


def predict(weights: Weights, maps: Array) -> NDArray[np.int64]:
    """The class the network gives to each image, from `activations`: an index into `CLASSES`."""
    linear = weights.tensors["linear.weight"]
    scores = maps.mean(axis=(2, 3)) @ linear.T + weights.tensors["linear.bias"]
    result: NDArray[np.int64] = scores.argmax(axis=1)
    return result


def _chunks(n: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n, _IMAGES_AT_ONCE):
        yield start, min(start + _IMAGES_AT_ONCE, n)


@dataclass(frozen=True)
class _Layers:
    """Convolutions as matrices, with the batch normalisation that follows folded in.

    Attributes:
        product: per block, float64[inputs of one output pixel, channels], in `WEIGHT_STEPS`.
        bias: per block, float32[channels].
        depthwise: kernels float32[3, 3, channels] of the blocks 3 and 4.
    """

    product: dict[int, NDArray[np.float64]]
    bias: dict[int, Array]
    depthwise: dict[int, Array]


def _folded(tensors: Mapping[str, Array]) -> _Layers:
    product: dict[int, NDArray[np.float64]] = {}
    bias: dict[int, Array] = {}
    for block in range(1, 6):
        norm = f"norm{block}"
        spread = np.sqrt(tensors[f"{norm}.running_var"] + np.float32(BATCH_NORM_EPSILON))
        gain = tensors[f"{norm}.weight"] / spread
        bias[block] = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * gain
        kernel = tensors[f"conv{block}.weight"] * gain[:, None, None, None]
        product[block] = _in_steps(kernel.reshape(len(kernel), -1).T, WEIGHT_STEPS)
    depthwise = {k: tensors[f"depth{k}.weight"][:, 0].transpose(1, 2, 0) for k in (3, 4)}
    return _Layers(product, bias, depthwise)


def _forward(layers: _Layers, x: Array) -> Array:
    x = _dense(layers, 1, _patches(x, size=5))
    x = _dense(layers, 2, _patches(x, size=3))
    x = _dense(layers, 3, _depthwise(x, layers.depthwise[3], stride=2))
    x = _dense(layers, 4, _depthwise(x, layers.depthwise[4], stride=1))
    return _dense(layers, 5, x)


def _dense(layers: _Layers, block: int, x: Array) -> Array:
    """A matrix product over channels, then ReLU."""
    sums = _product(x, layers.product[block]) + layers.bias[block]
    result: Array = np.maximum(sums, 0).astype(np.float32)
    return result


def _product(x: Array, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """A matrix product, exact in whatever order it is added up."""
    result: NDArray[np.float64] = _in_steps(x, INPUT_STEPS) @ weights
    return result


def _in_steps(x: Array, steps: float) -> NDArray[np.float64]:
    """The nearest multiples of `1 / steps`."""
    scaled = x.astype(np.float64)
    scaled *= steps
    np.rint(scaled, out=scaled)
    scaled /= steps
    return scaled


def _patches(x: Array, size: int) -> Array:
    """The inputs of each output pixel of a `size` x `size` convolution of stride 2, side by side.

    Shape: [n, h, w, c] -> [n, h / 2, w / 2, c * size * size], in torch's kernel order.
    """
    margin = size // 2
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    strided = windows[:, ::2, ::2]
    return strided.reshape(*strided.shape[:3], -1)


def _depthwise(x: Array, kernel: Array, stride: int) -> Array:
    """Each channel convolved with its own 3 x 3 kernel."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    result = np.zeros((len(x), height // stride, width // stride, x.shape[3]), np.float32)
    for down in range(3):
        for right in range(3):
            shifted = padded[:, down : down + height : stride, right : right + width : stride]
            result += shifted * kernel[down, right]
    return result
