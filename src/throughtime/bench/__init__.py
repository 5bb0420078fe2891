"""How fast the layers are on this machine, and why: what `throughtime bench` and the benchmarks measure with."""
