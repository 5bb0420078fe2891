"""One file a shape of problem: tensors and lengths in, tensors and a loss out; parts, outputs and baselines beside."""
