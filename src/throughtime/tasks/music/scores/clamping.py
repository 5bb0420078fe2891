"""Standard MIDI files with data bytes over 127, which some programs write: such a byte is taken as 127."""

from __future__ import annotations

_META, _SYSTEM = 0xFF, (0xF0, 0xF7)
_ONE_BYTE = (0xC, 0xD)  # program change and channel pressure; all other channel messages carry two data bytes


def clamped(content: bytes) -> tuple[bytes, int]:
    """The file with its data bytes at most 127, and how many were more.

    Args:
        content: a Standard MIDI File; what cannot be followed to its end is left as it is from there on.

    Example:
        >>> track = b"MTrk" + (8).to_bytes(4, "big") + bytes([0, 0xB0, 7, 255, 0, 0xFF, 0x2F, 0])
        >>> fixed, count = clamped(b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96]) + track)
        >>> fixed[-5], count
        (127, 1)
    """
    fixed, count, at = bytearray(content), 0, 0
    while len(head := content[at : at + 8]) == 8:
        end = at + 8 + int.from_bytes(head[4:], "big")
        if head[:4] == b"MTrk":
            count += _clamp_track(fixed, at + 8, min(end, len(content)))
        at = end
    return bytes(fixed), count


def _clamp_track(content: bytearray, at: int, end: int) -> int:
    """Clamp the data bytes of the events from `at` to `end`; how many there were."""
    count, status = 0, 0
    while at < end:
        _, at = _variable(content, at, end)
        if at < end and content[at] >= 0x80:  # else the status of the event before goes on
            status, at = content[at], at + 1
        if status == _META or status in _SYSTEM:
            length, at = _variable(content, at + (status == _META), end)
            at += length
        else:
            after = min(at + (1 if status >> 4 in _ONE_BYTE else 2), end)
            for place in range(at, after):
                if content[place] > 127:
                    content[place], count = 127, count + 1
            at = after
    return count


def _variable(content: bytearray, at: int, end: int) -> tuple[int, int]:
    """A number of variable length, and the place behind it."""
    number = 0
    while at < end:
        byte, at = content[at], at + 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number, at
