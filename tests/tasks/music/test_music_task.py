"""The music task from files to learned and composed music."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import throughtime
from throughtime.data.batch import Batch
from throughtime.errors import ThroughtimeError
from throughtime.tasks.music import Music, MusicGeneration, MusicSettings
from throughtime.tasks.music.scores.chorales import chorales
from throughtime.tasks.music.scores.midi import read_midi, write_midi
from throughtime.tasks.music.scores.representation import Piece
from throughtime.tasks.music.scores.score import Score, notes_of

CHORDS = [(48, 64, 67, 72), (43, 62, 67, 71), (41, 60, 65, 69)]


def waltz(start: int, chords: int = 24, key: int = 0) -> Score:
    """Three chords in turn for ever, beginning with one of them."""
    rows = [(beat, 1, pitch + key) for beat in range(chords) for pitch in CHORDS[(start + beat) % 3]]
    return Score(f"waltz {start}", notes_of(rows))


@pytest.fixture(scope="module")
def waltzes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("waltzes")
    for start in range(3):
        for length in (12, 18, 24):
            write_midi(waltz(start, length), folder / f"{start}-{length}.mid")
    return folder


@pytest.fixture(scope="module")
def learned(waltzes: Path, tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    return throughtime.train(
        "music", train=waltzes, valid=waltzes, test=waltzes, out=tmp_path_factory.mktemp("runs") / "waltz",
        steps=240, batch_size=3, evaluate_every=80, hidden_size=48, nade_units=24, learning_rate=1e-2,
        weight_dropout=0.0, dropout=0.0, input_dropout=0.0, transpose="none", quiet=True,
    )  # fmt: skip


def test_it_learns_what_is_certain(learned: throughtime.Run, waltzes: Path) -> None:
    report = throughtime.evaluate(learned, waltzes)
    # only the first chord of a piece is a matter of chance: ln 3 nats in 12 to 24 frames
    floor = 9 * np.log(3) / sum(3 * length for length in (12, 18, 24))
    assert floor - 0.01 < report.metrics["nll"] < floor + 0.15
    assert report.metrics["accuracy"] > 0.94
    assert report.baselines["key frequencies"]["nll"] > report.baselines["repeat the last frame"]["nll"] > 1.0


def test_a_primer_is_continued(learned: throughtime.Run, tmp_path: Path) -> None:
    primer = tmp_path / "primer.mid"
    write_midi(waltz(1, 5), primer)
    out = tmp_path / "out.mid"
    files = throughtime.generate(learned, out, primer=primer, primer_beats=4, length=12, temperature=0)
    assert [file.name for file in files] == ["out.mid", "out.wav", "out.png"]
    assert all(file.stat().st_size > 300 for file in files)
    assert not list(tmp_path.glob("*.part"))
    notes = read_midi(out).notes
    for beat in range(16):
        sounding = notes[(notes["onset"] <= beat) & (notes["onset"] + notes["duration"] > beat)]["pitch"]
        assert tuple(sorted(sounding)) == CHORDS[(1 + beat) % 3]


def test_surprise_is_where_the_chord_is_wrong(learned: throughtime.Run, tmp_path: Path) -> None:
    rows = [list(note) for note in waltz(0, 12).notes.tolist()]
    for row in rows:
        if row[0] == 7:
            row[2] += 6
    path = tmp_path / "wrong.mid"
    write_midi(Score("", notes_of([tuple(row) for row in rows])), path)
    (answer,) = throughtime.predict(learned, [path])
    assert answer["frames"] == 12
    assert answer["surprises"][0]["frame"] == 8
    assert answer["surprises"][0]["expected"] == ["G2", "D4", "G4", "B4"]
    assert json.loads(json.dumps(answer)) == answer
    assert str(path) in learned.task.render(answer)
    assert "frame 8" in learned.task.render(answer)


def long_piece(frames: int) -> Piece:
    random = np.random.default_rng(0)
    return Piece("long", (random.random((frames, 88)) < 0.05).astype(np.uint8))


@pytest.mark.parametrize("output", ["nade", "bernoulli"])
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_reading_in_windows_equals_reading_at_once(output: str, cell: str, tmp_path: Path) -> None:
    task = Music(MusicSettings(output=output, cell=cell, hidden_size=8, nade_units=5), tmp_path)
    torch.manual_seed(0)
    model = task.model().eval()
    pieces = [long_piece(2300), long_piece(3), long_piece(1000)]
    task.fit(pieces)
    with torch.no_grad():
        whole = 0.0
        for piece in pieces:
            tensors = {"inputs": torch.from_numpy(task.form.shifted(piece.elements))[None]}
            tensors["targets"] = torch.from_numpy(piece.elements)[None]
            whole += model.loss(Batch(tensors, 1, len(piece.elements))).total.item()
    expected = whole / 3303
    assert task.validate(model, pieces) == pytest.approx(expected, rel=1e-5)
    assert task.evaluate(model, pieces).metrics["nll"] == pytest.approx(expected, rel=1e-5)


def test_first_frame_is_predicted_from_silence(tmp_path: Path) -> None:
    task = Music(MusicSettings(output="bernoulli", hidden_size=4), tmp_path)
    model = task.model().eval()
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    piece = Piece("one chord", np.eye(1, 88, dtype=np.uint8))
    assert task.validate(model, [piece]) == pytest.approx(88 * np.log(2), rel=1e-6)


def test_pieces_are_moved_to_c_and_back(tmp_path: Path) -> None:
    path = tmp_path / "d.mid"
    write_midi(waltz(0, 13, key=2), path)
    (piece,) = Music(MusicSettings(), tmp_path).read(path)
    assert piece.shift == -2
    assert sorted(np.flatnonzero(piece.elements[0]) + 21) == list(CHORDS[0])
    (kept,) = Music(MusicSettings(transpose="none"), tmp_path).read(path)
    assert kept.shift == 0
    assert sorted(np.flatnonzero(kept.elements[0]) + 21) == [pitch + 2 for pitch in CHORDS[0]]


def test_a_primer_comes_back_in_its_own_key(waltzes: Path, tmp_path: Path) -> None:
    primer = tmp_path / "d.mid"
    write_midi(waltz(0, 13, key=2), primer)
    task = Music(MusicSettings(hidden_size=8), tmp_path)
    task.generate(task.model(), tmp_path / "out.mid", MusicGeneration(primer=primer, primer_beats=1, length=1))
    notes = read_midi(tmp_path / "out.mid").notes
    assert set(CHORDS[0]) <= {int(pitch) - 2 for pitch in notes["pitch"][notes["onset"] == 0]}


def test_learning_in_all_keys_sees_twelve_times_as_much(tmp_path: Path) -> None:
    task = Music(MusicSettings(transpose="all", batch_size=1), tmp_path)
    pieces = [task._piece(score) for score in chorales()[:2]]
    assert len(task.loader(pieces, training=True)) == 24
    assert len(task.loader(pieces, training=False)) == 2


def test_seconds_and_tempo_decide_the_length(learned: throughtime.Run, tmp_path: Path) -> None:
    throughtime.generate(learned, tmp_path / "a.mid", seconds=10, tempo=60)
    score = read_midi(tmp_path / "a.mid")
    assert score.end == 10
    assert score.seconds(np.array([score.end]))[0] == pytest.approx(10)


def test_matlab_file_brings_its_own_splits(tmp_path: Path) -> None:
    from scipy.io import savemat

    def cells(*lengths: int) -> np.ndarray:
        array = np.empty((1, len(lengths)), object)
        for index, length in enumerate(lengths):
            array[0, index] = np.eye(length, 88, dtype=np.uint8)
        return array

    path = tmp_path / "a.mat"
    savemat(path, {"traindata": cells(3, 4), "validdata": cells(5), "testdata": cells(6, 7, 8)})
    task = Music(MusicSettings(), tmp_path)
    splits = task.read_splits(path)
    lengths = [[len(piece.elements) for piece in side] for side in (splits.train, splits.valid, splits.test)]
    assert lengths == [[3, 4], [5], [6, 7, 8]]
    assert [len(piece.elements) for piece in task.read(path)] == [6, 7, 8]
    np.testing.assert_array_equal(splits.test[0].elements, np.eye(6, 88))


def test_events_from_file_to_music(tmp_path: Path) -> None:
    folder = tmp_path / "midi"
    folder.mkdir()
    for number in range(4):
        write_midi(waltz(number, 6 + number), folder / f"{number}.mid")
    run = throughtime.train(
        "music", train=folder, valid=folder, test=folder, out=tmp_path / "run", representation="events", steps=120,
        evaluate_every=120, batch_size=3, hidden_size=32, embedding_size=16, window=60, weight_dropout=0.0, dropout=0.0,
        input_dropout=0.0, learning_rate=1e-2, quiet=True,
    )  # fmt: skip
    report = throughtime.evaluate(run, folder)
    assert report.metrics["nll"] < report.baselines["event frequencies"]["nll"] - 1.5
    assert set(report.baselines) == {"event frequencies", "event after event"}
    out = tmp_path / "out.mid"
    throughtime.generate(run, out, primer=folder / "0.mid", primer_beats=2, length=50)
    notes = read_midi(out).notes
    assert set(CHORDS[0]) <= set(notes["pitch"][notes["onset"] == 0].tolist())
    (answer,) = throughtime.predict(run, [folder / "1.mid"])
    assert answer["events"] > 20
    assert "event" in run.task.render(answer)


def test_a_split_needs_three_tunes(tmp_path: Path) -> None:
    for number in range(5):
        write_midi(waltz(0, 6, key=number), tmp_path / f"{number}.mid")
    with pytest.raises(ThroughtimeError, match="found 1 independent examples"):
        Music(MusicSettings(), tmp_path).read_splits(tmp_path)


@pytest.mark.slow
def test_a_minute_of_bach_beats_the_simple_methods(tmp_path: Path) -> None:
    run = throughtime.train("music", out=tmp_path / "run", steps=1000, quiet=True)
    report = throughtime.evaluate(run)
    assert report.metrics["nll"] < min(baseline["nll"] for baseline in report.baselines.values()) - 1.5
