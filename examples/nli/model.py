"""The network of the paper's NLI study: a BiLSTM encodes both sentences, an MLP compares them.

Source: Mu and Andreas 2020, section 3, after Bowman et al. 2016: encodings of premise and
hypothesis, their product and their difference are concatenated and fed through two ReLU layers.
The units to be explained are those of the second (`mlp.3`, or `mlp.4` after the ReLU).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LABELS = ("entailment", "neutral", "contradiction")
UNITS = "mlp.4"
"""The penultimate layer, after its ReLU."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the network; the paper's are 2 x 256 and 1,024."""

    n_words: int
    embedding: int = 50
    hidden: int = 256
    units: int = 1024


class EntailmentNet(nn.Module):
    """Premise and hypothesis to three classes.

    Word 0 is padding, word 1 stands for unknown words.
    """

    def __init__(self, sizes: Sizes, dropout: float = 0.2) -> None:
        """Random weights, from torch's seed."""
        super().__init__()
        self.sizes = sizes
        self.embedding = nn.Embedding(sizes.n_words, sizes.embedding, padding_idx=0)
        self.lstm = nn.LSTM(sizes.embedding, sizes.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.mlp = nn.Sequential(
            nn.Linear(8 * sizes.hidden, sizes.units),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(sizes.units, sizes.units),
            nn.ReLU(),
        )
        self.output = nn.Linear(sizes.units, len(LABELS))

    def encode(self, words: Tensor) -> Tensor:
        """The maximum over time of both directions, `int64[n, t] -> float[n, 2 * hidden]`."""
        lengths = (words != 0).sum(1).clamp(min=1)
        packed = pack_padded_sequence(
            self.dropout(self.embedding(words)), lengths.cpu(), True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, padding_value=-torch.inf
        )
        return states.amax(1)

    def forward(self, premise: Tensor, hypothesis: Tensor) -> Tensor:
        """Logits, `int64[n, t], int64[n, s] -> float[n, 3]`."""
        u, v = self.encode(premise), self.encode(hypothesis)
        hidden = self.mlp(self.dropout(torch.cat([u, v, u * v, u - v], 1)))
        return self.output(hidden)

    def save(self, path: Path, words: list[str], **facts: object) -> None:
        """Write weights, sizes, words and facts about the training as safetensors."""
        header = {"sizes": asdict(self.sizes), "words": words, "facts": facts}
        save_file(self.state_dict(), path, {"logicx-nli": json.dumps(header)})

    @staticmethod
    def facts(path: Path) -> dict[str, object]:
        """What a saved network says about its training."""
        with safe_open(path, "pt") as stored:
            facts: dict[str, object] = json.loads(stored.metadata()["logicx-nli"])["facts"]
        return facts

    @staticmethod
    def load(path: Path) -> tuple[EntailmentNet, dict[str, int]]:
        """A saved network, ready to be probed, and the number of each word."""
        with safe_open(path, "pt") as stored:
            header = json.loads(stored.metadata()["logicx-nli"])
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        net = EntailmentNet(Sizes(**header["sizes"]))
        net.load_state_dict(weights)
        return net.eval(), {word: i for i, word in enumerate(header["words"])}
