"""Subtitles of what was said: SubRip (srt) and WebVTT (vtt)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

_WIDEST = 42  # characters of a line
_LINES = 2
_PAUSE = 1.0  # seconds of silence that begin a new caption
_LONGEST = 7.0  # seconds that one is shown
_SHORTEST = 1.0  # that one is shown at least, where the next does not come first


class Caption(NamedTuple):
    """Lines, and from when to when they are shown, in seconds."""

    start: float
    end: float
    lines: Sequence[str]


def captions_of(words: Sequence[dict[str, Any]]) -> list[Caption]:
    """Captions of words with their times, parted at pauses and where they would be too long.

    Args:
        words: each with `word`, `start` and `end` (seconds), in order.

    Example:
        >>> captions_of([{"word": "go", "start": 0.5, "end": 0.7}, {"word": "on", "start": 2.5, "end": 2.6}])
        [Caption(start=0.5, end=1.5, lines=['go']), Caption(start=2.5, end=3.5, lines=['on'])]
    """
    groups: list[list[dict[str, Any]]] = []
    for word in words:
        last = groups[-1] if groups else []
        new = not last or word["start"] - last[-1]["end"] > _PAUSE or word["end"] - last[0]["start"] > _LONGEST
        if new or len(_lines([*last, word])) > _LINES:
            groups.append([word])
        else:
            last.append(word)
    nexts = [group[0]["start"] for group in groups[1:]] + [float("inf")]
    return [
        Caption(group[0]["start"], min(max(group[-1]["end"], group[0]["start"] + _SHORTEST), following), _lines(group))
        for group, following in zip(groups, nexts, strict=False)
    ]


def subtitles(words: Sequence[dict[str, Any]], form: Literal["srt", "vtt"], first: int = 1) -> str:
    """Captions of words as a file of subtitles.

    Args:
        words: see `captions_of`.
        form: which kind of file.
        first: number of the first caption; a WebVTT file has its head before caption 1.

    Example:
        >>> print(subtitles([{"word": "go", "start": 3661.5, "end": 3661.7}], "srt"), end="")
        1
        01:01:01,500 --> 01:01:02,500
        go
    """
    return "\n".join(_blocks(captions_of(words), form, first))


def _blocks(captions: Sequence[Caption], form: Literal["srt", "vtt"], first: int) -> Iterator[str]:
    if form == "vtt" and first == 1:
        yield "WEBVTT\n"
    point = "," if form == "srt" else "."
    for number, caption in enumerate(captions, first):
        head = f"{number}\n" if form == "srt" else ""
        lines = "\n".join(caption.lines)
        yield f"{head}{_clock(caption.start, point)} --> {_clock(caption.end, point)}\n{lines}\n"


def _clock(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{thousandths:03}"


def _lines(words: Sequence[dict[str, Any]]) -> list[str]:
    """Words in lines, none longer than a caption is wide."""
    lines = [str(words[0]["word"])]
    for each in words[1:]:
        if len(lines[-1]) + 1 + len(each["word"]) > _WIDEST:
            lines.append(each["word"])
        else:
            lines[-1] += f" {each['word']}"
    return lines
