"""How far back layers remember: problems whose answers depend on what stood long ago, learned and judged."""
