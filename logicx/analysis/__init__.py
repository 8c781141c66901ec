"""What is learned from a finished run: tables of its units and of the cells that excite them."""
