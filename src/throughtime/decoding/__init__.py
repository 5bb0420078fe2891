"""From a model's outputs to an answer: sampling."""
