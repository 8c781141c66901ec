"""The shipped demo: waterside scenes drawn by rule, and a small network trained on them.

`scenes` draws, `colors` names the colours of pixels, `network` runs the trained network without
torch, `upsample` brings its maps to the mask grid. NumPy and safetensors are all they need.
"""
