"""Text: concept families of sentence pairs."""
