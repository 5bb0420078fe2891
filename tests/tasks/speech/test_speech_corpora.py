from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from helpers.speech_files import RATE, say
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.corpora import Reading, read_corpus, read_part
from throughtime.tasks.speech.audio.manifests import Columns, read_manifest
from throughtime.tasks.speech.splits import given_splits


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def record(path: Path, text: str = "ab") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, say(text, np.random.default_rng(0)), RATE)
    return path


def said(path: Path, reading: Reading | None = None) -> list[tuple[str, str]]:
    return [(utterance.audio.name, utterance.text) for utterance in read_corpus(path, reading or Reading())]


TWO = [("1.wav", "Ab, c"), ("2.wav", "d")]
MANIFESTS = {
    "a.csv": 'path,text\n1.wav,"Ab, c"\n2.wav,d\n',
    "semicolons.csv": "sentence;file\nAb, c;1.wav\nd;2.wav\n",
    "no_head.csv": '1.wav,"Ab, c"\n2.wav,d\n',
    "turned.csv": '"Ab, c",1.wav\nd,2.wav\n',
    "guessed.csv": 'what,heard\n1.wav,"Ab, c"\n2.wav,d\n',
    "many.csv": 'id,Path,Transcript,age\n7,1.wav,"Ab, c",30\n8,2.wav,d,\n',
    "a.tsv": "client_id\tpath\tsentence\tup_votes\nx\t1.wav\tAb, c\t2\ny\t2.wav\td\t3\n",
    "marked.csv": '\ufeffpath,text\r\n1.wav,"Ab, c"\r\n2.wav,d\r\n',
    "a.jsonl": '{"audio_filepath": "1.wav", "text": "Ab, c"}\n{"text": "d", "audio_filepath": "2.wav"}\n',
    "metadata.csv": "1|Ab, c\n2|d\n",
    "in_full.txt": "1|4|Ab, c\n2|d|d\n",
    "timed.txt": "1|Ab, c|1.2\n2|d|0.8\n",
    "spoken_by.txt": "1|Ab, c|anna\n2|d|bert\n",
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_of_all_kinds_say_the_same(tmp_path: Path, name: str) -> None:
    for file, _ in TWO:
        record(tmp_path / file)
    assert said(write(tmp_path / name, MANIFESTS[name])) == TWO


def test_columns_can_be_told(tmp_path: Path) -> None:
    record(tmp_path / "1.wav")
    path = write(tmp_path / "a.csv", "x,y,z\n1.wav,no,yes\n")
    for told in (Columns("x", "z"), Columns("1", "3")):
        assert said(path, Reading(told)) == [("1.wav", "yes")]
    write(tmp_path / "latin.csv", "path,text\n1.wav,x\n").write_bytes("path,text\n1.wav,größe\n".encode("latin-1"))
    assert said(tmp_path / "latin.csv", Reading(encoding="latin-1")) == [("1.wav", "größe")]


def test_texts_need_not_be_there_to_be_predicted(tmp_path: Path) -> None:
    for content in ("path\n1.wav\n2.wav\n", "1.wav\n2.wav\n", "id,file\n7,1.wav\n8,2.wav\n"):
        rows = read_manifest(write(tmp_path / "a.csv", content), Columns(), texts=False)
        assert [row.audio for row in rows] == [tmp_path / "1.wav", tmp_path / "2.wav"]
    with pytest.raises(DataError, match=r"found the columns path, expected path,text"):
        read_manifest(write(tmp_path / "a.csv", "path\n1.wav\n"), Columns())


def test_ljspeech(tmp_path: Path) -> None:
    record(tmp_path / "wavs" / "LJ001-0001.wav")
    record(tmp_path / "wavs" / "LJ001-0002.wav")
    write(tmp_path / "metadata.csv", 'LJ001-0001|in "1820"|in "eighteen twenty"\nLJ001-0002|so|\n')
    assert said(tmp_path) == [("LJ001-0001.wav", 'in "eighteen twenty"'), ("LJ001-0002.wav", "so")]


def test_common_voice_keeps_its_splits(tmp_path: Path) -> None:
    head = "client_id\tpath\tsentence\n"
    for split, name in (("train", "a"), ("dev", "b"), ("test", "c")):
        record(tmp_path / "clips" / f"{name}.mp3")
        write(tmp_path / f"{split}.tsv", f"{head}someone\t{name}.mp3\tSay {name}.\n")
    splits = given_splits(tmp_path)
    assert splits is not None
    assert {key: path.name for key, path in splits.items()} == {
        "train": "train.tsv",
        "valid": "dev.tsv",
        "test": "test.tsv",
    }
    (one,) = read_part(splits["valid"], Reading())
    assert (one.audio, one.text, one.speaker, one.line) == (tmp_path / "clips" / "b.mp3", "Say b.", "someone", 2)
    write(tmp_path / "validated.tsv", head)
    findings = Findings()
    assert given_splits(tmp_path, findings) == splits
    assert [str(finding) for finding in findings] == [
        f"unread files: a table that is called as no split is ({tmp_path / 'validated.tsv'})"
    ]
    (tmp_path / "test.tsv").unlink()
    (tmp_path / "dev.tsv").unlink()
    assert given_splits(tmp_path, findings) is None
    assert findings.worst == "suspicious"  # train.tsv


def test_librispeech_and_pairs_and_folders_of_splits(tmp_path: Path) -> None:
    record(tmp_path / "libri" / "84" / "121" / "84-121-0000.flac")
    write(tmp_path / "libri" / "84" / "121" / "84-121.trans.txt", "84-121-0000 GO DO YOU HEAR\n")
    (one,) = read_corpus(tmp_path / "libri", Reading())
    assert (one.text, one.speaker, one.audio.name) == ("GO DO YOU HEAR", "84", "84-121-0000.flac")
    for split in ("train", "dev", "test"):
        record(tmp_path / "pairs" / split / "deep" / "x.wav")
        write(tmp_path / "pairs" / split / "deep" / "x.txt", "Ab\n c\n")
    assert set(given_splits(tmp_path / "pairs") or ()) == {"train", "valid", "test"}
    assert said(tmp_path / "pairs" / "dev") == [("x.wav", "Ab c")]
    for name in ("train-clean-100", "dev-clean", "test-clean"):
        (tmp_path / "whole" / name).mkdir(parents=True)
    assert [part.name for part in (given_splits(tmp_path / "whole") or {}).values()] == [
        "train-clean-100", "dev-clean", "test-clean",
    ]  # fmt: skip
    (tmp_path / "whole" / "test-other").mkdir()
    with pytest.raises(DataError, match="found both test-clean and test-other, expected one for test"):
        given_splits(tmp_path / "whole")


def test_seconds_are_known_before_any_sound_is_read(tmp_path: Path) -> None:
    record(tmp_path / "1.wav")
    write(tmp_path / "a.csv", "path,text\n1.wav,ab\n")
    (one,) = read_corpus(tmp_path / "a.csv", Reading())
    assert one.seconds == soundfile.info(tmp_path / "1.wav").duration


MALFORMED = {
    "missing": ("path,text\n1.wav,ab\n9.wav,c\n", "m.csv, line 3: found '{folder}/9.wav', which is not there"),
    "twice": ("path,text\n1.wav,ab\n2.wav,b\n1.wav,c\n", "line 4: found 1.wav once more with another text (first in"),
    "no text": ("path,text\n1.wav,\n2.wav,...\n", "found no row with a text that can be spoken"),
    "durations": ("path,duration\n1.wav,1.5\n2.wav,0.5\n", "found the columns path, duration, expected path,text"),
    "numbers": ("1.wav,1.5\n2.wav,0.5\n", "line 1: found the columns 1.wav, 1.5, expected path,text"),
    "a part beyond": ("path,offset,duration,text\n1.wav,0.2,9,a\n", "a part of it that ends after 9.20 seconds"),
    "a part of words": ("path,offset,text\n1.wav,soon,a\n", "line 2: found 'soon' as a time, expected seconds"),
    "a part backwards": ("path,start,end,text\n1.wav,0.3,0.1,a\n", "a part that ends at 0.1 s, expected an end after"),
    "no path": ("path,text\n,ab\n", "line 2: found no path of a sound file"),
    "columns": ("a,b,c\nx,y,z\n", "line 1: found the columns a, b, c, expected path,text (tell them by --audio-column"),
    "more fields": ("path,text\n1.wav,a,b\n", "line 2: found 3 columns, expected 2"),
    "head only": ("path,text\n", "found a head line and no rows"),
    "empty": ("", "found an empty file"),
    "binary": ("path,text\n1.wav,\0\0\n", "line 2: found a binary file"),
    "open quotation": ('path,text\n1.wav,"a\n', "line 2: found a quotation mark that is never closed"),
    "folder": ("path,text\nfolder.wav,a\n", "folder.wav: found a folder, expected a sound file"),
    "no sound": ("path,text\ntext.wav,a\n", "text.wav: found no sound that can be read"),
    "cut off": ("path,text\nhalf.wav,a\n", "half.wav: found a file cut off after"),
    "too long": ("path,text\nlong.wav,a\n", "long.wav: found 70.0 seconds of sound, expected at most 60"),
    "no samples": ("path,text\nnone.wav,a\n", "none.wav: found no samples of sound"),
}
LINES = {
    "broken json": ('{"path": "1.wav", "text": "a"}\n{"path"\n', "line 2: found no JSON"),
    "a number": ('{"path": "1.wav", "text": 7}\n', "line 1: found 7 as text, expected a string"),
    "a list": ("[1, 2]\n", "found a JSON list"),
    "other names": ('{"a": 1, "b": 2}\n', "found the columns a, b, expected path,text"),
}


@pytest.mark.parametrize("name", [*MALFORMED, *LINES])
def test_malformed_manifests_are_one_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = MALFORMED[name] if name in MALFORMED else LINES[name]
    record(tmp_path / "1.wav")
    record(tmp_path / "2.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "text.wav").write_text("no sound" * 99)
    (tmp_path / "half.wav").write_bytes((tmp_path / "1.wav").read_bytes()[:999])
    soundfile.write(tmp_path / "long.wav", np.zeros(70 * RATE), RATE)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE)
    path = write(tmp_path / ("m.csv" if name in MALFORMED else "m.jsonl"), content)
    with pytest.raises(DataError) as caught:
        read_corpus(path, Reading())
    assert sentence.replace("{folder}", str(tmp_path)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_malformed_folders_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing, expected a manifest"):
        read_corpus(tmp_path / "nowhere", Reading())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="found no sound files"):
        read_corpus(tmp_path / "empty", Reading())
    record(tmp_path / "bare" / "1.wav")
    with pytest.raises(DataError, match="found 1 sound files without texts"):
        read_corpus(tmp_path / "bare", Reading())
    write(tmp_path / "bare" / "1.txt", "ab")
    write(tmp_path / "libri" / "1-2.trans.txt", "1-2-0000 AB\n")
    with pytest.raises(DataError, match=r"line 1: found '.*1-2-0000\.flac', which is not there"):
        read_corpus(tmp_path / "libri", Reading())
    write(tmp_path / "lj" / "metadata.csv", "1|a|b\n2|a|b|c\n")
    with pytest.raises(DataError, match="line 2: found 4 columns"):
        read_corpus(tmp_path / "lj", Reading())


def test_a_told_column_must_be_there(tmp_path: Path) -> None:
    record(tmp_path / "1.wav")
    path = write(tmp_path / "a.jsonl", json.dumps({"path": "1.wav", "text": "a"}) + "\n")
    with pytest.raises(DataError, match="found the columns path, text, expected a text column 'words'"):
        read_corpus(path, Reading(Columns(text="words")))
