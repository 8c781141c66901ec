"""The preset `thrifty`."""

from __future__ import annotations

import logicx

thrifty = logicx.Preset(
    "thrifty",
    "each concept once; formulas of the last step only are expanded",
    expands="newest",
    distinct=(99, 99),
    dedupe="order",
)
logicx.register("preset", thrifty)
