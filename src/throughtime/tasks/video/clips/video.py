"""Frames out of video files, in any container and codec that PyAV reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

EXPECTED = "a video that PyAV reads (mp4, webm, mkv, avi, mov, gif, ...)"
LONGEST = 100_000
"""Frames that a clip may have."""
WIDEST = 8192
"""Pixels that a frame may have in width or height."""
_UNEVEN = 3.0  # times the median distance of two frames


def read_video(path: Path, size: int, most: int = 64, findings: Findings | None = None) -> np.ndarray:
    """Frames spread evenly over a clip, upright as its camera was held.

    Args:
        path: a video file.
        size: S; frames are squeezed to S x S pixels.
        most: frames kept of a long clip: at least half as many, at most so many.
        findings: what was turned, squeezed or left out is noted.

    Returns:
        (T, S, S, 3), uint8, red green blue.

    Raises:
        DataError: no video, one that breaks off, or one of no frames.
        MissingExtraError: PyAV is missing.
    """
    av = _av()
    if path.is_dir() or not path.exists():
        raise DataError(path, "a folder" if path.is_dir() else "nothing", EXPECTED)
    if path.stat().st_size == 0:
        raise DataError(path, "an empty file", EXPECTED)
    findings = Findings() if findings is None else findings
    frames: list[np.ndarray] = []
    times: list[int] = []
    count, every = 0, 1
    try:
        with av.open(str(path)) as container:
            stream = _stream(path, container)
            for frame in container.decode(stream):
                if count == LONGEST:
                    raise DataError(path, f"more than {LONGEST:,} frames", "a shorter clip")
                if not count:
                    _note_shape(path, frame, size, findings)
                if frame.pts is not None:
                    times.append(frame.pts)
                if count % every == 0:
                    frames.append(_upright(frame, size))
                    if len(frames) == most:  # a long clip: from here on every second of those kept so far
                        frames, every = frames[::2], 2 * every
                count += 1
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        found = "no video" if not count else f"a video that breaks off after {count} frames"
        raise DataError(path, f"{found} ({getattr(error, 'strerror', None) or error})", EXPECTED) from None
    if not frames:
        raise DataError(path, "a video without frames", EXPECTED)
    if every > 1:
        what = f"a clip of more than {most} frames, of which {most // 2} to {most} spread evenly are kept"
        findings.left_out("frames", what, path)
    gaps = np.diff(times)
    if len(gaps) and gaps.max() > _UNEVEN * max(float(np.median(gaps)), 1.0):
        findings.suspicious("frames", "a clip whose frames are unevenly far apart in time, taken as even", path)
    return np.stack(frames)


def _upright(frame: Any, size: int) -> np.ndarray:
    """(S, S, 3), turned as the file says that its camera was held."""
    picture = frame.reformat(size, size, "rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, _quarters(frame)))


def _quarters(frame: Any) -> int:
    """Quarter turns counter-clockwise that make a frame upright."""
    return int(round(frame.rotation / 90) % 4)


def _note_shape(path: Path, frame: Any, size: int, findings: Findings) -> None:
    width, height = (frame.width, frame.height) if _quarters(frame) % 2 == 0 else (frame.height, frame.width)
    if _quarters(frame):
        findings.taken("rotation", f"frames turned by {frame.rotation}°, as their file says", path)
    if abs(width / height - 1) > 0.02:
        findings.taken("pictures", f"squeezed to {size} x {size} from {width / height:.1f} : 1", path)


def write_video(path: Path, frames: np.ndarray, rate: int = 15) -> None:
    """Encode frames (T, H, W, 3), uint8; the container and codec follow from the name (.webm VP9, else H.264)."""
    av = _av()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9" if path.suffix.lower() == ".webm" else "libx264", rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _stream(path: Path, container: Any) -> Any:
    # FFmpeg paints any text as a film of a terminal
    if container.format.name == "tty" or not container.streams.video:
        found = "a text file" if container.format.name == "tty" else "a file without a video stream"
        raise DataError(path, found, EXPECTED)
    stream = container.streams.video[0]
    if max(stream.width or 0, stream.height or 0) > WIDEST:
        raise DataError(path, f"frames of {stream.width} x {stream.height} pixels", f"at most {WIDEST:,} either way")
    return stream


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("av", "video", "reading video files") from error
    av.logging.set_level(av.logging.PANIC)  # what is wrong with a file is said by the error
    return av
