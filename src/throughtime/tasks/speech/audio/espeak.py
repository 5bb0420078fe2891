"""Speaks text with the eSpeak NG library; run as a process of its own, since it is other people's machine code.

    python -m throughtime.tasks.speech.audio.espeak LIBRARY DATA_FOLDER < requests

A request is a line of JSON: text, voice, rate (words a minute), pitch and range (0 to 100). The answer to each is a
number of bytes (32 bits, little-endian) and so many bytes of 16-bit samples; before all answers, the samples a second.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
from typing import Any, BinaryIO

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARACTERS = 1  # what a position counts
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4  # parameters of espeak_SetParameter
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int16), ctypes.c_int, ctypes.c_void_p)


class Speaker:
    """The library, with what it says kept in memory.

    Args:
        library: path of libespeak-ng.
        data: its folder espeak-ng-data.

    Raises:
        OSError: it cannot be loaded, or finds no data.
    """

    def __init__(self, library: str, data: str) -> None:
        self._said = bytearray()
        self._library = ctypes.CDLL(library)
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT))
        if self.rate <= 0:
            raise OSError(f"no voices in {data}")
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # else by the clock: no two processes would speak alike
        self._callback = _Callback(self._keep)  # must outlive every call
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, rate: int, pitch: int, range: int) -> bytes:
        """The samples of a spoken text.

        Raises:
            OSError: no such voice, or it cannot be said.
        """
        self._said.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise OSError(f"no voice {voice!r}")
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        content = text.encode() + b"\0"
        if self._library.espeak_Synth(content, len(content), 0, _CHARACTERS, 0, _UTF8, None, None):
            raise OSError(f"cannot say {text!r}")
        self._library.espeak_Synchronize()
        return bytes(self._said)

    def _keep(self, samples: Any, count: int, _events: Any) -> int:
        if count > 0:
            self._said += ctypes.string_at(samples, 2 * count)
        return 0


def answer(speaker: Speaker, requests: BinaryIO, answers: BinaryIO) -> None:
    """Say what is asked for, line by line."""
    answers.write(struct.pack("<I", speaker.rate))
    for line in requests:
        said = speaker.say(**json.loads(line))
        answers.write(struct.pack("<I", len(said)) + said)
        answers.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library itself may print is no part of the answers
    try:
        answer(Speaker(*sys.argv[1:3]), sys.stdin.buffer, answers)
    except OSError as failure:
        sys.exit(str(failure))
