"""Train the demo's network on rendered scenes and write its weights.

    python train.py --out cnn.safetensors

Renders the training scenes (seeds from one million on), trains for some minutes on a CPU, measures
the accuracy of the rounded weights on 1000 scenes that are never trained on (seeds 0 to 999), and
writes half-precision weights as safetensors, with how they came about in the metadata.

Units have no natural order. `--showcase A:B` swaps two of them in the file, and together with
`--weights` it renumbers an existing file without training:

    python train.py --weights old.safetensors --showcase 29:483 --out new.safetensors
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from logicx.demo import network, scenes

FIRST_TRAINING_SEED = 1_000_000
N_HELD_OUT = 1000
BATCH = 64
SHIFT = 6
"""Training pictures are moved by up to this many pixels."""


class WatersideNet(nn.Module):
    """The network of `logicx.demo.network`, trainable."""

    def __init__(self) -> None:
        """Random weights, from torch's seed."""
        super().__init__()
        self.conv1 = nn.Conv2d(3, 24, 5, stride=2, padding=2, bias=False)
        self.norm1 = nn.BatchNorm2d(24)
        self.conv2 = nn.Conv2d(24, 64, 3, stride=2, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(64)
        self.depth3 = nn.Conv2d(64, 64, 3, stride=2, padding=1, groups=64, bias=False)
        self.conv3 = nn.Conv2d(64, 128, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(128)
        self.depth4 = nn.Conv2d(128, 128, 3, padding=1, groups=128, bias=False)
        self.conv4 = nn.Conv2d(128, 192, 1, bias=False)
        self.norm4 = nn.BatchNorm2d(192)
        self.conv5 = nn.Conv2d(192, network.N_UNITS, 1, bias=False)
        self.norm5 = nn.BatchNorm2d(network.N_UNITS)
        self.linear = nn.Linear(network.N_UNITS, len(scenes.CLASSES))

    def units(self, x: Tensor) -> Tensor:
        """Activations of the last block, [n, 512, 12, 12]."""
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)))
        x = F.relu(self.norm3(self.conv3(self.depth3(x))))
        x = F.relu(self.norm4(self.conv4(self.depth4(x))))
        return F.relu(self.norm5(self.conv5(x)))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        pooled = F.dropout(self.units(x).mean(dim=(2, 3)), 0.3, self.training)
        return self.linear(pooled)


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """Pictures as the network takes them, [n, 3, 96, 96]."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return (pixels - network.PIXEL_MEAN) / network.PIXEL_SCALE


def augmented(x: Tensor, stream: np.random.RandomState) -> Tensor:
    """A batch, perhaps mirrored, shifted, and lit otherwise (brightness, contrast, tint)."""
    n = len(x)
    if stream.rand() < 0.5:
        x = x.flip(3)
    gain = np.exp(stream.randn(n, 1, 1, 1) * 0.12 + stream.randn(n, 3, 1, 1) * 0.06)
    offset = stream.randn(n, 1, 1, 1) * 0.12 + stream.randn(n, 3, 1, 1) * 0.08
    x = x * torch.from_numpy(gain).float() + torch.from_numpy(offset).float()
    down, right = stream.randint(0, 2 * SHIFT + 1, 2)
    size = x.shape[-1]
    padded = F.pad(x, (SHIFT, SHIFT, SHIFT, SHIFT), mode="replicate")
    return padded[:, :, down : down + size, right : right + size]


def train(model: WatersideNet, data: scenes.Scenes, epochs: int, seed: int) -> None:
    """AdamW with a one-cycle learning rate and smoothed labels."""
    targets = torch.from_numpy(scenes.CLASS_OF_SCENE[data.labels])
    batches = len(targets) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 3e-3, total_steps=epochs * batches, pct_start=0.15
    )
    stream = np.random.RandomState(seed)
    model.train()
    for epoch in range(epochs):
        started, total = time.monotonic(), 0.0
        order = stream.permutation(len(targets))
        for batch in range(batches):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            scores = model(augmented(as_input(data.images[chosen]), stream))
            loss = F.cross_entropy(scores, targets[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        seconds = time.monotonic() - started
        print(
            f"epoch {epoch + 1}/{epochs}: loss {total / batches:.3f}, {seconds:.0f} s", flush=True
        )


def exported(model: WatersideNet) -> dict[str, NDArray[np.float16]]:
    """The model's tensors in half precision."""
    state = model.state_dict()
    return {name: state[name].half().numpy() for name in network.TENSORS}


def swap_units(
    weights: dict[str, NDArray[np.float16]], a: int, b: int
) -> dict[str, NDArray[np.float16]]:
    """The same network with two of its 512 units renumbered: `a` is `b` now, and `b` is `a`."""
    order = np.arange(network.N_UNITS)
    order[[a, b]] = order[[b, a]]
    swapped = dict(weights)
    for name in weights:
        if name == "conv5.weight" or name.startswith("norm5."):
            swapped[name] = np.ascontiguousarray(weights[name][order])
    swapped["linear.weight"] = np.ascontiguousarray(weights["linear.weight"][:, order])
    return swapped


def held_out_accuracy(weights: network.Weights) -> float:
    """Share of right classes on the scenes with seeds 0 to 999, by the NumPy network."""
    data = scenes.render_scenes(N_HELD_OUT, 0)
    guesses = network.predict(weights, network.activations(weights, data.images))
    right = guesses == scenes.CLASS_OF_SCENE[data.labels]
    for index, name in enumerate(scenes.SCENES):
        print(f"  {name:17} {right[data.labels == index].mean():.0%}")
    return float(right.mean())


def unit_pair(text: str) -> tuple[int, int]:
    """Parse "29:483"."""
    a, b = (int(number) for number in text.split(":"))
    if not (0 <= a < network.N_UNITS and 0 <= b < network.N_UNITS):
        raise argparse.ArgumentTypeError(f"units are 0 to {network.N_UNITS - 1}, got {text}")
    return a, b


def main() -> None:
    """Train, or read weights; renumber if asked; measure; write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--scenes", type=int, default=5000, help="training scenes (default 5000)")
    parser.add_argument("--epochs", type=int, default=10, help="default 10")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (default 0)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--weights", type=Path, help="renumber this file instead of training")
    parser.add_argument("--showcase", type=unit_pair, metavar="A:B", help="swap these two units")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    options = parser.parse_args()

    if options.weights:
        old = network.load_weights(options.weights)
        tensors = {name: tensor.astype(np.float16) for name, tensor in old.tensors.items()}
        metadata = dict(old.metadata)
    else:
        torch.set_num_threads(options.threads)
        torch.manual_seed(options.seed)
        print(f"rendering {options.scenes} scenes", flush=True)
        data = scenes.render_scenes(options.scenes, FIRST_TRAINING_SEED)
        model = WatersideNet()
        train(model, data, options.epochs, options.seed)
        tensors = exported(model)
        metadata = {
            "trained_by": "examples/waterside/train.py",
            "scenes": str(options.scenes),
            "first_training_seed": str(FIRST_TRAINING_SEED),
            "epochs": str(options.epochs),
            "seed": str(options.seed),
            "torch": torch.__version__,
        }
    if options.showcase:
        a, b = options.showcase
        tensors = swap_units(tensors, a, b)
        metadata["swapped_units"] = f"{a}:{b}"
    full = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    accuracy = held_out_accuracy(network.Weights(full, metadata))
    print(f"accuracy on {N_HELD_OUT} held-out scenes: {accuracy:.1%}")
    metadata["held_out_accuracy"] = f"{accuracy:.4f}"
    metadata["held_out_seeds"] = f"0-{N_HELD_OUT - 1}"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, options.out, metadata=metadata)
    print(f"wrote {options.out}, {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
