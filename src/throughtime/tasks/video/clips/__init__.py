"""Clips: labelled sequences of pictures (video files) or of measurements (poses, sensors), and our own renderer."""
