"""The training loop, its checkpoints, its optimisers and its log."""
