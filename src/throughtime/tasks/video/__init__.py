"""Video: which activity a clip shows, or a sequence of poses or sensor values."""

from __future__ import annotations

from throughtime.tasks.video.settings import VideoSettings
from throughtime.tasks.video.task import Video

__all__ = ["Video", "VideoSettings"]
