"""Frames out of video files, in any container and codec that PyAV reads."""

from __future__ import annotations

from collections.abc import Sequence
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
_UNEVEN = 1.75  # times the median distance of two frames
_PAUSE = 20.0  # times the median: so long one picture stands still that even steps of the median would be all of it


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
    times: list[int | None] = []
    count, every = 0, 1
    try:
        with av.open(str(path)) as container:
            stream = _stream(path, container)
            for frame in container.decode(stream):
                if count == LONGEST:
                    raise DataError(path, f"more than {LONGEST:,} frames", "a shorter clip")
                if not count:
                    _note_shape(path, frame, size, findings)
                if count % every == 0:
                    frames.append(_upright(frame, size))
                    times.append(frame.pts)
                    if len(frames) == most:  # a long clip: from here on every second of those kept so far
                        frames, times, every = frames[::2], times[::2], 2 * every
                count += 1
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        found = "no video" if not count else f"a video that breaks off after {count} frames"
        raise DataError(path, f"{found} ({getattr(error, 'strerror', None) or error})", EXPECTED) from None
    if not frames:
        raise DataError(path, "a video without frames", EXPECTED)
    if every > 1:
        what = f"a clip of more than {most} frames, of which {most // 2} to {most} spread evenly are kept"
        findings.left_out("frames", what, path)
    shown = shown_evenly(times, most)
    if shown != list(range(len(frames))):
        findings.taken("frames", "a clip whose frames are unevenly far apart: chosen by their times", path)
    return np.stack([frames[at] for at in shown])


def shown_evenly(times: Sequence[int | None], most: int) -> list[int]:
    """Which frame is seen at each of some even steps of time: a frame is seen until the next one comes.

    Args:
        times: of the frames, rising; None: it is not known.
        most: steps at most.

    Returns:
        Indices of frames; each once, in order, where these are evenly far apart already.

    Example:
        >>> shown_evenly([0, 10, 20, 30], most=64), shown_evenly([0, 10, 20, 60], most=64)
        ([0, 1, 2, 3], [0, 1, 2, 2, 2, 2, 3])
    """
    known = np.array([time for time in times if time is not None], dtype=np.float64)
    gaps = np.diff(known)
    if len(known) < len(times) or not len(gaps) or gaps.min() <= 0 or gaps.max() <= _UNEVEN * np.median(gaps):
        return list(range(len(times)))
    usual = float(np.median(gaps)) if gaps.max() <= _PAUSE * np.median(gaps) else float(gaps.mean())
    steps = min(round((known[-1] - known[0]) / usual) + 1, most)
    even = np.linspace(known[0], known[-1], max(steps, 2))
    places: list[int] = (np.searchsorted(known, even + 1e-6 * usual, side="right") - 1).tolist()
    return places


def spread(count: int, most: int) -> list[int]:
    """At most so many places among so many, evenly spread.

    Example:
        >>> spread(3, 64), spread(10, 4)
        ([0, 1, 2], [1, 3, 6, 8])
    """
    if count <= most:
        return list(range(count))
    return [int((place + 0.5) * count / most) for place in range(most)]


def decoded(path: Path, size: int) -> np.ndarray:
    """A picture that is a frame, (S, S, 3).

    Raises:
        DataError: it cannot be read.
        MissingExtraError: PyAV is missing.
    """
    av = _av()
    try:
        with av.open(str(path)) as container:
            frame = next(iter(container.decode(_stream(path, container))))
            return _upright(frame, size)
    except StopIteration:
        raise DataError(path, "a file without a picture", "a picture") from None
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        raise DataError(path, f"no picture that can be read ({error})", "a picture (jpg, png, ...)") from None


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
    if stream.codec_context is None:  # a drawing (SVG) is such
        raise DataError(path, "pictures of a kind for which there is no decoder", EXPECTED)
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
