"""Words: how sentences are split into them, their vocabulary, and their vectors, read or made."""
