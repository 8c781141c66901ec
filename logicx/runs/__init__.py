"""What `explain` runs: strategies with their options, presets, plans, journals."""
