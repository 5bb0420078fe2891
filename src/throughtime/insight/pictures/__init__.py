"""Pictures of what was found inside a model, as PNG files."""
