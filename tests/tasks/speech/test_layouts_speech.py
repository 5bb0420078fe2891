"""Corpora of speech as their makers lay them out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import throughtime
from helpers.speech_files import RATE, say
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.corpora import Reading, read_corpus
from throughtime.tasks.speech.audio.utterance import Utterance


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def record(path: Path, text: str = "abab") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, say(text, np.random.default_rng(len(text))), RATE)
    return path


def told(utterances: list[Utterance]) -> list[tuple[str, str, str | None]]:
    return [(one.audio.name, one.text, one.speaker) for one in utterances]


def test_kaldi_folders_with_and_without_segments(tmp_path: Path) -> None:
    record(tmp_path / "wavs" / "one.wav", "abababab")
    record(tmp_path / "wavs" / "two.flac")
    data = tmp_path / "data" / "train"
    write(data / "wav.scp", "r1 wavs/one.wav\nr2 flac -c -d -s wavs/two.flac |\n")  # from the folder above
    write(data / "utt2spk", "u1 anna\nu2 bert\nu3 bert\n")
    write(data / "text", "u1 ab ab\nu2 ba\nu3 abab\n")
    write(data / "segments", "u1 r1 0.0 0.5\nu2 r1 0.5 0.9\nu3 r2 0.0 -1\nu4 r2 0.1 0.2\n")
    findings = Findings()
    found = read_corpus(data, Reading(), findings)
    assert told(found) == [("one.wav", "ab ab", "anna"), ("one.wav", "ba", "bert"), ("two.flac", "abab", "bert")]
    assert [one.part for one in found] == [(0.0, 0.5), (0.5, pytest.approx(0.4)), (0.0, None)]
    assert any("an utterance that text does not name" in str(finding) for finding in findings)
    (data / "segments").unlink()
    write(data / "text", "r1 ab ab\nr2 ba\n")
    assert told(read_corpus(data, Reading())) == [("one.wav", "ab ab", None), ("two.flac", "ba", None)]
    write(data / "text", "r1 ab ab\nr9 ba\nr8 a\n")
    with pytest.raises(DataError, match=r"line 2: found the utterance 'r9', which wav.scp do(.|\n)*line 3"):
        read_corpus(data, Reading())
    write(data / "text", "r1 ab ab\n")
    write(data / "wav.scp", "r1 sox wavs/one.wav -t wav - remix 1 | norm |\n")
    with pytest.raises(DataError, match=r"line 1: found the command .*, expected the path of a sound file"):
        read_corpus(data, Reading())


def test_vctk_libritts_and_labels_beside_recordings(tmp_path: Path) -> None:
    for speaker in ("p225", "p226"):
        for number in ("001", "002"):
            name = f"{speaker}_{number}"
            write(tmp_path / "vctk" / "txt" / speaker / f"{name}.txt", f"Say {number}.\n")
            record(tmp_path / "vctk" / "wav48" / speaker / f"{name}_mic1.flac")
            record(tmp_path / "vctk" / "wav48" / speaker / f"{name}_mic2.flac")
    findings = Findings()
    found = told(read_corpus(tmp_path / "vctk", Reading(), findings))
    assert found[0] == ("p225_001_mic1.flac", "Say 001.", "p225")
    assert [speaker for _, _, speaker in found] == ["p225", "p225", "p226", "p226"]
    assert any("a second microphone" in str(finding) and finding.count == 4 for finding in findings)
    record(tmp_path / "tts" / "84_1.wav")
    write(tmp_path / "tts" / "84_1.normalized.txt", "Four.")
    record(tmp_path / "lab" / "a.wav")
    write(tmp_path / "lab" / "a.lab", "0 500000 sil\n500000 9000000 hello\n9000000 9900000 you\n")
    record(tmp_path / "lab" / "b.wav")
    write(tmp_path / "lab" / "b.lab", "WHAT IS THIS\n")
    record(tmp_path / "lab" / "sx1.wav")
    write(tmp_path / "lab" / "sx1.txt", "0 46797 She had 2 suits.\n")  # TIMIT
    assert told(read_corpus(tmp_path / "tts", Reading())) == [("84_1.wav", "Four.", None)]
    assert [text for _, text, _ in told(read_corpus(tmp_path / "lab", Reading()))] == [
        "hello you", "WHAT IS THIS", "She had 2 suits.",
    ]  # fmt: skip


def test_speech_commands_keep_their_lists(tmp_path: Path) -> None:
    for word in ("yes", "no"):
        for speaker in range(8):
            record(tmp_path / word / f"{speaker:08x}_nohash_0.wav", "ab" if word == "yes" else "ba")
    record(tmp_path / "_background_noise_" / "pink.wav")
    write(tmp_path / "validation_list.txt", "yes/00000001_nohash_0.wav\nno/00000001_nohash_0.wav\n")
    write(tmp_path / "testing_list.txt", "yes/00000002_nohash_0.wav\n")
    checked = throughtime.check("speech", tmp_path)
    assert [len(part) for _, part in checked.splits.items()] == [13, 2, 1]
    assert told(list(checked.splits.valid)) == [
        ("00000001_nohash_0.wav", "no", "00000001"), ("00000001_nohash_0.wav", "yes", "00000001"),
    ]  # fmt: skip
    assert any("valid as validation_list.txt lists it" in str(finding) for finding in checked.task.findings)


def test_manifests_of_nemo_may_end_in_json(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", "abababab")
    row = '{{"audio_filepath": "a.wav", "offset": {}, "duration": 0.4, "text": "ab"}}\n'
    for name, offset in (("train", 0.0), ("dev", 0.5)):
        write(tmp_path / f"{name}_manifest.json", row.format(offset) + row.format(offset + 0.2))
    checked = throughtime.check("speech", tmp_path)
    assert [one.part for one in checked.splits.valid] == [(0.5, 0.4), (0.7, 0.4)]


def test_all_broken_recordings_are_named_at_once_or_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(12):
        record(tmp_path / f"{number:02}.wav", "ab" * (number + 1))
        write(tmp_path / f"{number:02}.txt", "ab" * (number % 3 + 1))
    whole = (tmp_path / "03.wav").read_bytes()
    (tmp_path / "03.wav").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "05.wav").write_bytes(b"RIFF, no more")
    write(tmp_path / "07.txt", "")
    flac = record(tmp_path / "08.flac", "abababab")
    (tmp_path / "08.wav").unlink()
    content = flac.read_bytes()
    flac.write_bytes(content[: len(content) // 2])  # its head is whole: seen only when it is read to its end
    assert main(["check", "speech", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert all(name in error for name in ("03.wav: found", "05.wav: found", "07.txt: found"))
    checked = throughtime.check("speech", tmp_path, skip_broken=True)
    left = {place.path[-6:] for f in checked.task.findings if f.subject == "broken files" for place in f.places}
    assert left == {"03.wav", "05.wav", "07.txt", "8.flac"}
    assert sum(len(part) for _, part in checked.splits.items()) == 8
