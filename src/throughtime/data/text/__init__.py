"""Text: files of any size, tokens by character, piece or word, and the built-in Shakespeare."""
