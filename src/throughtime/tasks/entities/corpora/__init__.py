"""Named entities: sentences with spans, schemes of tags, readers, a tokeniser, and the built-in news."""
