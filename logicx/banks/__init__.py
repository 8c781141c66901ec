"""Where concepts hold: packed bits, universes, signatures, and the files of banks."""
