"""From examples to padded batches: vocabularies, batching, caches, readers and the built-in sources."""
