"""Pictures one after the other, as a film."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from throughtime.errors import MissingExtraError
from throughtime.storage.atomic import write_atomically


def write_film(path: Path, frames: Iterable[np.ndarray], rate: int = 30) -> None:
    """Write frames (H, W, C) uint8 as MP4 (H.264), whole or not at all.

    Args:
        path: the file.
        frames: all of one size; a side that is odd gets one more line, as the format wants.
        rate: frames a second.

    Raises:
        MissingExtraError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("av", "video", "writing a film") from error
    av.logging.set_level(av.logging.PANIC)
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            even = np.pad(frame, [(0, side % 2) for side in frame.shape[:2]] + [(0, 0)], mode="edge")
            if number == 0:
                stream.height, stream.width = even.shape[:2]
            colours = np.ascontiguousarray(np.broadcast_to(even, (*even.shape[:2], 3)))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(colours, format="rgb24")))
        container.mux(stream.encode())
    write_atomically(path, content.getvalue())
