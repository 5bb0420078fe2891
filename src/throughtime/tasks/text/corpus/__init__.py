"""Texts for language models: the files, the built-in Shakespeare, tokens in a cache, streams of them."""
