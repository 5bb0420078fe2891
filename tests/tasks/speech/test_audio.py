from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from helpers.speech_files import RATE, say
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.speech.audio.batches import UtteranceLoader, Varied
from throughtime.tasks.speech.audio.log_mel import LogMel
from throughtime.tasks.speech.audio.masking import Masking
from throughtime.tasks.speech.audio.mel_cache import Hearing, MelCache
from throughtime.tasks.speech.audio.noise import COLOURS, noise, with_noise
from throughtime.tasks.speech.audio.normalising import Normaliser
from throughtime.tasks.speech.audio.recording import Excerpt, read_recording


def tone(hertz: float, seconds: float, rate: int, loudness: float = 0.5) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(loudness * np.sin(2 * np.pi * hertz * times), dtype=np.float32)


# -- features ----------------------------------------------------------------------------------------------------------


def mel(hertz: float) -> float:
    return float(1127 * np.log(1 + hertz / 700))


@pytest.mark.parametrize("hertz", [300, 1000, 3000, 7000])
def test_a_tone_is_in_the_band_of_its_frequency(hertz: float) -> None:
    features = LogMel(16000, 80).all_of(tone(hertz, 1.0, 16000))
    assert features.shape == (98, 80)
    # 80 triangles of equal width in mel from 20 Hz to half of the rate
    expected = (mel(hertz) - mel(20)) / (mel(8000) - mel(20)) * 81 - 1
    assert features.mean(axis=0).argmax() == pytest.approx(expected, abs=0.75)


def test_features_agree_with_the_definition() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 4000).astype(np.float32)
    frames = np.stack([samples[start : start + 400] for start in range(0, 4000 - 399, 160)]).astype(np.float64) * 32768
    frames -= frames.mean(axis=1, keepdims=True)
    frames = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft(frames * window, 512)) ** 2
    edges = np.linspace(mel(20), mel(8000), 82)
    own = np.array([mel(k * 16000 / 512) for k in range(257)])
    rise = (own[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - own[None]) / (edges[2:] - edges[1:-1])[:, None]
    bank = np.maximum(0, np.minimum(rise, fall))
    bank[:, 256] = 0
    expected = np.log(power @ bank.T)
    np.testing.assert_allclose(LogMel(16000, 80).all_of(samples), expected, atol=2e-3)


@pytest.mark.parametrize("part", [1, 37, 160, 400, 5000])
def test_parts_have_the_features_of_the_whole(part: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 4321).astype(np.float32)
    whole, bank = LogMel(16000, 40).all_of(samples), LogMel(16000, 40)
    parts = [bank.add(samples[start : start + part]) for start in range(0, len(samples), part)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert bank.add(samples[:0]).shape == (0, 40)


def test_silence_has_no_lower_features_than_rounding() -> None:
    assert LogMel(16000, 80).all_of(np.zeros(16000, dtype=np.float32)).max() == 0


def test_normalised_by_training_or_by_itself() -> None:
    random = np.random.default_rng(0)
    features = [random.normal(5, 3, (count, 4)) for count in (50, 70)]
    joint = np.concatenate([Normaliser.fit(iter(features))(one) for one in features])
    np.testing.assert_allclose(joint.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(joint.std(0), 1, atol=1e-5)
    own = Normaliser.fit(iter(features), own=True)
    np.testing.assert_allclose(own(features[0] + 7), own(features[0]), atol=1e-4)
    assert np.isfinite(own(np.ones((5, 4)))).all()
    with pytest.raises(ArgumentError, match="no frames"):
        Normaliser.fit([])


def test_features_are_computed_once_and_anew_when_a_file_changes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    paths = [Excerpt(tmp_path / f"{index}.wav") for index in range(5)]
    for path in paths:
        soundfile.write(path.path, say("abc", random), RATE)
    cache = MelCache(tmp_path / "cache", Hearing(RATE, 20))
    first = cache.features(paths)
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}
    again = cache.features(paths)
    for path, one, other in zip(paths, first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, LogMel(RATE, 20).all_of(read_recording(path, RATE)).astype(np.float16))
    assert written == {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}
    soundfile.write(paths[2].path, say("d", random), RATE)
    assert len(cache.features(paths)[2]) < len(first[2])
    assert len(cache.features(paths, speed=1.25)[0]) == pytest.approx(len(first[0]) / 1.25, abs=2)


def test_half_a_cache_and_a_damaged_one_do_not_count(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", say("abc", np.random.default_rng(0)), RATE)
    cache = MelCache(tmp_path / "cache", Hearing(RATE, 20))
    (whole,) = cache.features([Excerpt(tmp_path / "a.wav")])
    whole = whole.copy()
    (file,) = (tmp_path / "cache").glob("*.mel")
    file.write_bytes(file.read_bytes()[:-40])
    np.testing.assert_array_equal(cache.features([Excerpt(tmp_path / "a.wav")])[0], whole)
    content = bytearray(file.read_bytes())
    content[100] ^= 1  # a number all the same
    file.unlink()  # what is mapped keeps the old one
    file.write_bytes(content)
    np.testing.assert_array_equal(cache.features([Excerpt(tmp_path / "a.wav")])[0], whole)


def test_a_broken_recording_leaves_no_cache(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", say("abc", np.random.default_rng(0)), RATE)
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:1000])
    with pytest.raises(DataError, match=r"b\.wav: found a file cut off"):
        MelCache(tmp_path / "cache", Hearing(RATE, 20)).features(
            [Excerpt(tmp_path / "a.wav"), Excerpt(tmp_path / "b.wav")]
        )
    assert list((tmp_path / "cache").iterdir()) == []


# -- noise and masks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("colour", "slope"), COLOURS.items())
def test_noise_falls_as_its_colour_says(colour: str, slope: float) -> None:
    made = noise(colour, 2**18, 16000, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(made)) ** 2
    frequencies = np.fft.rfftfreq(len(made), 1 / 16000)
    bands = [(frequencies > low) & (frequencies < 2 * low) for low in (200, 400, 800, 1600, 3200)]
    levels = np.log2([power[band].mean() for band in bands])
    np.testing.assert_allclose(np.diff(levels), -slope, atol=0.1)
    assert np.mean(made.astype(np.float64) ** 2) == pytest.approx(1)


@pytest.mark.parametrize("decibels", [-5.0, 0.0, 20.0])
def test_noise_is_as_loud_as_asked(decibels: float) -> None:
    signal = say("ab cd", np.random.default_rng(0))
    background = noise("pink", len(signal), RATE, np.random.default_rng(1))
    added = with_noise(signal, background, decibels) - signal
    ratio = 10 * np.log10(np.mean(signal.astype(float) ** 2) / np.mean(added.astype(float) ** 2))
    assert ratio == pytest.approx(decibels, abs=0.01)
    with pytest.raises(ArgumentError, match="grey"):
        noise("grey", 9, RATE, np.random.default_rng(0))


def test_masks_are_as_wide_and_as_many_as_asked() -> None:
    features = np.ones((100, 40), dtype=np.float32)
    widths, times = [], []
    for seed in range(300):
        varied = Masking(1, 10, 0, 0)(features, np.random.default_rng(seed))
        masked = (varied == 0).all(axis=0)
        widths.append(int(masked.sum()))
        assert (np.diff(np.flatnonzero(masked)) == 1).all()
        times.append(
            int((Masking(0, 0, 1, 50, time_share=0.2)(features, np.random.default_rng(seed)) == 0).all(1).sum())
        )
    assert set(widths) == set(range(11))
    assert set(times) == set(range(21))
    assert features.all()


def test_warping_moves_time_but_no_values() -> None:
    ramp = np.linspace(0, 1, 80, dtype=np.float32)[:, None] * np.ones(3, dtype=np.float32)
    furthest = []
    for seed in range(50):
        varied = Masking(0, 0, 0, 0, warp=10)(ramp, np.random.default_rng(seed))
        assert varied.shape == ramp.shape
        assert varied[0, 0] == 0
        assert varied[-1, 0] == pytest.approx(1)
        assert (np.diff(varied[:, 0]) > 0).all()
        furthest.append(float(np.abs(varied - ramp).max()))
    assert max(furthest) == pytest.approx(10 / 79, rel=1e-4)


def test_gain_is_what_a_louder_recording_gives() -> None:
    samples = np.random.default_rng(0).normal(0, 0.05, 8000).astype(np.float32)
    quiet = LogMel(16000, 20).all_of(samples)
    loud = LogMel(16000, 20).all_of(samples * np.float32(10 ** (6 / 20)))
    deviation = np.full(20, 2.0, dtype=np.float32)
    varied = Masking(0, 0, 0, 0, gain=6)(quiet / deviation, np.random.default_rng(3), deviation)
    change = (varied * deviation - quiet) / (loud - quiet)
    assert np.ptp(change) < 1e-2
    assert -1 <= change.mean() <= 1


def loader_of(lengths: list[int], **options: object) -> UtteranceLoader:
    def frames(count: int, number: int) -> np.ndarray:
        return np.full((count, 3), number, dtype=np.float16)

    utterances = [Varied([frames(n, n), frames(2 * n, n)], np.arange(1, n % 4 + 2)) for n in lengths]
    plain = Normaliser(np.zeros(3, dtype=np.float32), np.ones(3, dtype=np.float32))
    return UtteranceLoader(utterances, 4, plain, **options)  # type: ignore[arg-type]


def test_batches_are_of_like_length_and_the_same_after_a_break() -> None:
    lengths = np.random.default_rng(0).integers(5, 90, 30).tolist()
    loader = loader_of(lengths, masking=Masking(1, 2, 1, 3), shuffle=True, seed=1)
    whole = list(loader.epoch(3))
    assert len(whole) == len(loader) == 8
    for rest, batch in zip(loader.epoch(3, skip=5), whole[5:], strict=True):
        for name in batch.tensors:
            np.testing.assert_array_equal(rest[name], batch[name])
    assert sum(batch.sequences for batch in whole) == 30
    real = sum(int(batch["lengths"].sum()) for batch in whole)
    padded = sum(batch["inputs"].shape[0] * batch["inputs"].shape[1] for batch in whole)
    assert padded < 1.4 * real
    for batch in whole:
        for row, length, targets in zip(batch["inputs"], batch["lengths"], batch["target_lengths"], strict=True):
            assert (row[length:] == 0).all()
            number = int(row.max())
            assert int(length) in (number, 2 * number)
            assert int(targets) == number % 4 + 1
    assert any(not np.array_equal(a["lengths"], b["lengths"]) for a, b in zip(whole, loader.epoch(4), strict=True))


def test_prepared_by_others_or_not_the_batches_are_the_same() -> None:
    alone, helped = (list(loader_of([9, 5, 7, 30, 2], shuffle=True, workers=n).epoch(0)) for n in (0, 2))
    for one, other in zip(alone, helped, strict=True):
        np.testing.assert_array_equal(one["inputs"], other["inputs"])
