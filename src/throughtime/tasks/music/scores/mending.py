"""Standard MIDI files whose numbers lie: lengths of tracks, how many there are, data bytes over 127."""

from __future__ import annotations

from collections import Counter

_META, _SYSTEM = 0xFF, (0xF0, 0xF7)
_END = 0x2F  # of a track, among the meta events
_ONE_BYTE = (0xC, 0xD)  # program change and channel pressure; all other channel messages carry two data bytes
_HEAD = 14
_FAR = 1024  # bytes that something else may fill before the file begins, as old archives put their own head there
FOUND = {
    "lengths": "the length of a track that is not its length: read to the end of its events",
    "tracks": "a track more than the head of the file counts",
    "data bytes": "a MIDI data byte over 127, taken as 127",
    "head": "bytes before the head of the file",
}
"""What may be wrong, by what it is about."""


def is_whole(content: bytes) -> bool:
    """Whether each chunk of a MIDI file ends where the next begins, the last at its end, and all tracks are counted."""
    if content[:4] != b"MThd" or len(content) < _HEAD:
        return False
    at, tracks = 8 + int.from_bytes(content[4:8], "big"), 0
    while at < len(content):
        kind = content[at : at + 4]
        if len(kind) < 4 or not kind.isalpha():
            return False
        tracks += kind == b"MTrk"
        at += 8 + int.from_bytes(content[at + 4 : at + 8], "big")
    return at == len(content) and tracks <= int.from_bytes(content[10:12], "big")


def mended(content: bytes) -> tuple[bytes, Counter[str]]:
    """The file with all its tracks, their lengths as they are, and its data bytes at most 127.

    Args:
        content: of a file; one that breaks off in a track is left as it is.

    Returns:
        What can be read, and how often what was wrong, by the names in `FOUND`.

    Example:
        >>> track = b"MTrk" + (99).to_bytes(4, "big") + bytes([0, 0xB0, 7, 255, 0, 0xFF, 0x2F, 0])
        >>> fixed, wrong = mended(b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96]) + track)
        >>> fixed[-9], fixed[-5], dict(wrong)
        (8, 127, {'lengths': 1, 'data bytes': 1})
    """
    begin = content.find(b"MThd", 0, _FAR)
    if begin < 0 or len(content) < begin + _HEAD:
        return content, Counter()
    wrong: Counter[str] = Counter({"head": 1} if begin else {})
    fixed, tracks = bytearray(content), []
    at = content.find(b"MTrk", begin)
    while at >= 0:
        declared = at + 8 + int.from_bytes(content[at + 4 : at + 8], "big")
        end, over = _clamped_track(fixed, at + 8)
        follows = content[declared : declared + 4]
        if end is None or (end > declared and (declared == len(content) or follows == b"MTrk")):
            if declared > len(content):
                return content, Counter()
            end = declared  # it has no end of its own, but its length is right
        elif end != declared and not (end < declared <= len(content) and follows in (b"", b"MTrk")):
            wrong["lengths"] += 1
        wrong["data bytes"] += over
        tracks.append(bytes(fixed[at + 8 : end]))
        at = content.find(b"MTrk", max(end, declared) if declared <= len(content) and follows == b"MTrk" else end)
    head = bytearray(content[begin : begin + _HEAD])
    counted = int.from_bytes(head[10:12], "big")
    wrong["tracks"] += max(len(tracks) - counted, 0)
    head[4:8], head[10:12] = (6).to_bytes(4, "big"), len(tracks).to_bytes(2, "big")
    if len(tracks) > 1:
        head[8:10] = max(int.from_bytes(head[8:10], "big"), 1).to_bytes(2, "big")
    chunks = (b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return bytes(head) + b"".join(chunks), +wrong


def _clamped_track(content: bytearray, at: int) -> tuple[int | None, int]:
    """Clamp the data bytes of the events from there on: where they end (None: nowhere), and how many were clamped."""
    count, status, end = 0, 0, len(content)
    while at < end:
        _, at = _variable(content, at, end)
        if at < end and content[at] >= 0x80:  # else the status of the event before goes on
            status, at = content[at], at + 1
        if status == _META or status in _SYSTEM:
            kind = content[at] if status == _META and at < end else None
            length, at = _variable(content, at + (status == _META), end)
            at += length
            if kind == _END and at <= end:
                return at, count
        else:
            after = min(at + (1 if status >> 4 in _ONE_BYTE else 2), end)
            for place in range(at, after):
                if content[place] > 127:
                    content[place], count = 127, count + 1
            at = after
    return None, count


def _variable(content: bytearray, at: int, end: int) -> tuple[int, int]:
    """A number of variable length, and the place behind it."""
    number = 0
    while at < end:
        byte, at = content[at], at + 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number, at
