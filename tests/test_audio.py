from __future__ import annotations

import io
import itertools
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech_files import RATE, say
from throughtime.data.audio.batches import UtteranceLoader, Varied
from throughtime.data.audio.log_mel import LogMel
from throughtime.data.audio.masking import Masking
from throughtime.data.audio.mel_cache import Hearing, MelCache
from throughtime.data.audio.noise import COLOURS, noise, with_noise
from throughtime.data.audio.normalising import Normaliser
from throughtime.data.audio.recording import PulseCode, Resampled, read_recording, seconds_of, stream_recording
from throughtime.data.audio.sentences import compose
from throughtime.data.audio.symbols import Symbols
from throughtime.data.audio.utterance import Spelling
from throughtime.data.audio.voices import SIZES, VARIANTS, Request, requests_of, speak
from throughtime.decoding.alignment import align
from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.models.templates import Templates, broad
from throughtime.tasks.speech.answers import parts_of
from throughtime.tasks.speech.captions import captions_of, subtitles


def tone(hertz: float, seconds: float, rate: int, loudness: float = 0.5) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(loudness * np.sin(2 * np.pi * hertz * times), dtype=np.float32)


def pitch(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


# -- sound files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".aiff"])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_every_format_and_rate_gives_the_same_sound(tmp_path: Path, suffix: str, rate: int) -> None:
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, tone(440, 1.0, rate), rate)
    samples = read_recording(path, 16000)
    assert len(samples) == pytest.approx(16000, abs=2400 if suffix == ".mp3" else 2)
    assert samples.dtype == np.float32
    middle = samples[4000:12000]
    assert pitch(middle, 16000) == pytest.approx(440, abs=2)
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, abs=0.02)
    assert seconds_of(path) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_kind_of_sample_is_read(tmp_path: Path, subtype: str) -> None:
    wave = tone(440, 0.2, 8000)
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype=subtype)
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav", 8000), wave, atol=0.02)


def test_channels_are_mixed(tmp_path: Path) -> None:
    left, right = tone(440, 0.5, 8000), tone(1000, 0.5, 8000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), 8000, subtype="FLOAT")
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav", 8000), (left + right) / 2, atol=1e-6)


def test_faster_is_shorter_and_higher(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(400, 1.0, 8000), 8000)
    fast = read_recording(tmp_path / "a.wav", 8000, speed=1.25)
    assert len(fast) == pytest.approx(8000 / 1.25, abs=2)
    assert pitch(fast[1000:-1000], 8000) == pytest.approx(500, abs=4)


def test_parts_of_a_long_file_are_the_whole(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 200_000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    parts = list(stream_recording(tmp_path / "a.wav", 16000))
    assert len(parts) > 3
    whole = Resampled(8000, 16000)
    np.testing.assert_array_equal(np.concatenate(parts), np.concatenate([whole.add(samples), whole.end()]))


def test_resampling_keeps_no_ghosts() -> None:
    down = Resampled(48000, 8000)
    heard = np.concatenate([down.add(tone(7000, 1.0, 48000)), down.end()])  # above half of the new rate
    assert np.abs(heard[1000:-1000]).max() < 1e-3


def test_pulse_code_is_read_in_parts() -> None:
    samples = (np.arange(-50, 50) * 300).astype("<i2")
    parts = list(PulseCode(io.BytesIO(samples.tobytes()), 1000, part=0.03))
    assert [len(part) for part in parts] == [30, 30, 30, 10]
    np.testing.assert_allclose(np.concatenate(parts), samples / 32768)
    with pytest.raises(DataError, match="half a sample"):
        list(PulseCode(io.BytesIO(b"abc"), 8000))
    with pytest.raises(DataError, match="a rate of 7 Hz"):
        PulseCode(io.BytesIO(), 7)


def wave_bytes(samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


WHOLE = wave_bytes(tone(440, 1.0, 8000))
FLAC = io.BytesIO()
soundfile.write(FLAC, np.random.default_rng(0).uniform(-0.5, 0.5, 8000), 8000, format="FLAC")
INFINITE = np.array([0.1] * 4000 + [np.inf] + [0.1] * 4000, dtype=np.float32)
BROKEN = {
    "empty": (b"", "an empty file"),
    "text": (b"no sound at all\n" * 99, "no sound that can be read"),
    "zeros": (bytes(9999), "no sound that can be read"),
    "head alone": (WHOLE[:44], "cut off after 0 bytes"),
    "half": (WHOLE[:9000], "cut off after 8956 bytes of sound, expected the 16000 of its head"),
    "half a head": (WHOLE[:20], "no sound that can be read"),
    "half a flac": (FLAC.getvalue()[: len(FLAC.getvalue()) // 2], "found"),
    "no samples": (wave_bytes(np.zeros(0)), "no samples"),
    "one sample": (wave_bytes(np.zeros(1)), "0.000 seconds of sound"),
    "no number": (wave_bytes(np.where(np.arange(8000) == 5, np.nan, 0.1), subtype="FLOAT"), "no number (after 0.0 s"),
    "infinite": (wave_bytes(INFINITE, subtype="FLOAT"), "a sample that is no number"),
    "too loud": (wave_bytes(np.full(8000, 1e30), subtype="DOUBLE"), "a sample of 1e+30"),
    "huge rate": (WHOLE[:24] + struct.pack("<I", 2_000_000_000) + WHOLE[28:], "a rate of 2000000000 Hz"),
    "no rate": (WHOLE[:24] + struct.pack("<I", 0) + WHOLE[28:], "found"),
    "too long": (wave_bytes(np.zeros(8000 * 3)), "3.0 seconds of sound, expected at most 2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_sound_files_are_named(tmp_path: Path, name: str) -> None:
    content, sentence = BROKEN[name]
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_recording(path, 16000, longest=2)
    assert str(caught.value).startswith(f"{path}: found ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found a folder"):
        read_recording(tmp_path, 8000)
    with pytest.raises(DataError, match="found nothing"):
        read_recording(tmp_path / "nowhere.wav", 8000)
    (tmp_path / "locked.wav").write_bytes(WHOLE)
    (tmp_path / "locked.wav").chmod(0)
    if os.geteuid():
        with pytest.raises(DataError, match="cannot be read"):
            read_recording(tmp_path / "locked.wav", 8000)


def test_a_wave_file_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    at = WHOLE.index(b"data") + 4
    (tmp_path / "a.wav").write_bytes(WHOLE[:at] + b"\xff\xff\xff\xff" + WHOLE[at + 4 :])
    assert len(read_recording(tmp_path / "a.wav", 8000)) == 8000


# -- features ----------------------------------------------------------------------------------------------------


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
    paths = [tmp_path / f"{index}.wav" for index in range(5)]
    for path in paths:
        soundfile.write(path, say("abc", random), RATE)
    cache = MelCache(tmp_path / "cache", Hearing(RATE, 20))
    first = cache.features(paths)
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}
    again = cache.features(paths)
    for path, one, other in zip(paths, first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, LogMel(RATE, 20).all_of(read_recording(path, RATE)).astype(np.float16))
    assert written == {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}
    soundfile.write(paths[2], say("d", random), RATE)
    assert len(cache.features(paths)[2]) < len(first[2])
    assert len(cache.features(paths, speed=1.25)[0]) == pytest.approx(len(first[0]) / 1.25, abs=2)


def test_half_a_cache_does_not_count(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", say("abc", np.random.default_rng(0)), RATE)
    cache = MelCache(tmp_path / "cache", Hearing(RATE, 20))
    (whole,) = cache.features([tmp_path / "a.wav"])
    whole = whole.copy()
    (file,) = (tmp_path / "cache").glob("*.mel")
    file.write_bytes(file.read_bytes()[:-40])
    np.testing.assert_array_equal(cache.features([tmp_path / "a.wav"])[0], whole)


def test_a_broken_recording_leaves_no_cache(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", say("abc", np.random.default_rng(0)), RATE)
    (tmp_path / "b.wav").write_bytes(WHOLE[:9000])
    with pytest.raises(DataError, match=r"b\.wav: found a file cut off"):
        MelCache(tmp_path / "cache", Hearing(RATE, 20)).features([tmp_path / "a.wav", tmp_path / "b.wav"])
    assert list((tmp_path / "cache").iterdir()) == []


# -- noise and masks ---------------------------------------------------------------------------------------------


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


# -- text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Hello, WORLD!", "hello world"),
        ("rock 'n' roll isn't 'dead'", "rock n roll isn't dead"),
        ("well-known  3.5 %", "well known 3 5"),
        ("Übergröße — naïve", "übergröße naïve"),
        ("ﬁne", "fine"),
        ("... !?", ""),
    ],
)
def test_spelling(text: str, spelled: str) -> None:
    assert Spelling().of(text) == spelled
    assert Spelling("keep", "keep").of("Hello,  WORLD!") == "Hello, WORLD!"


@pytest.mark.parametrize(("level", "size"), [("characters", 50), ("bpe", 300)])
def test_symbols_write_what_they_read(tmp_path: Path, level: str, size: int) -> None:
    texts = ["turn left and then turn right", "don't turn", "über die brücke"] * 5
    symbols = Symbols.fit(texts, level, size)  # type: ignore[arg-type]
    symbols.save(tmp_path / "symbols.json")
    again = Symbols.load(tmp_path / "symbols.json")
    for text in texts:
        encoded = symbols.encode(text)
        assert 1 <= encoded.min() <= encoded.max() < len(symbols)
        assert again.decode(encoded) == text
        words = list(again.words(encoded))
        assert [word for word, _ in words] == text.split()
        places = [place for _, own in words for place in own]
        assert places == sorted(set(places))
    if level == "characters":
        assert symbols.encode("turn€ x").tolist() == symbols.encode("turn ").tolist()


def test_sentences_differ_and_stay_the_same() -> None:
    sentences = compose(3000, seed=5)
    assert len(set(sentences)) == 3000
    assert sentences[:50] == compose(50, seed=5)
    assert all(Spelling().of(sentence) == sentence for sentence in sentences)


# -- alignment and templates, by brute force ---------------------------------------------------------------------


def test_alignment_is_the_best_of_all_ways() -> None:
    random = np.random.default_rng(0)
    for text in ([1], [1, 2], [1, 1], [2, 1, 1], []):
        for steps in range(len(text) + 1, 7):
            log_probs = np.log(random.dirichlet(np.ones(3), steps))
            best = -np.inf
            for way in itertools.product(range(3), repeat=steps):
                said = [k for k, _ in itertools.groupby(way) if k]
                score = sum(log_probs[step, symbol] for step, symbol in enumerate(way))
                if said == text and score > best:
                    best, chosen = score, way
            runs = itertools.groupby(enumerate(chosen), key=lambda pair: pair[1])
            spans = [(symbol, [step for step, _ in run]) for symbol, run in runs]
            expected = [[own[0], own[-1] + 1] for symbol, own in spans if symbol]
            assert align(log_probs, text).tolist() == expected


def test_alignment_needs_steps() -> None:
    with pytest.raises(ArgumentError, match="found 2 steps for 2 symbols, expected 3 steps"):
        align(np.log(np.full((2, 3), 1 / 3)), [1, 1])
    with pytest.raises(ArgumentError, match="symbols below 3"):
        align(np.log(np.full((2, 3), 1 / 3)), [3])


def test_warping_distances_are_those_of_every_path(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    known = [random.normal(size=(int(random.integers(1, 30)), 5)).astype(np.float32) for _ in range(8)]
    templates = Templates.fit(known, list("abcdefgh"))
    heard = random.normal(size=(23, 5)).astype(np.float32)
    expected = []
    for one in known:
        a, b = broad(heard), broad(one)
        total = np.full((len(a) + 1, len(b) + 1), np.inf)
        total[0, 0] = 0
        for i, j in itertools.product(range(len(a)), range(len(b))):
            steps = total[i, j], total[i, j + 1], total[i + 1, j]
            total[i + 1, j + 1] = np.linalg.norm(a[i] - b[j]) + min(steps)
        expected.append(total[-1, -1] / (len(a) + len(b)))
    np.testing.assert_allclose(templates.distances(heard), expected, rtol=1e-5)
    templates.save(tmp_path / "templates.npz")
    assert Templates.load(tmp_path / "templates.npz").answer(known[3]) == "d"
    with pytest.raises(DataError, match="no templates"):
        Templates.load(tmp_path / "nowhere.npz")


# -- subtitles, parts --------------------------------------------------------------------------------------------


def test_captions_are_short_in_order_and_read_by_programs() -> None:
    random = np.random.default_rng(0)
    words, now = [], 0.3
    for _ in range(200):
        seconds = float(random.uniform(0.1, 0.6))
        words.append({"word": "x" * int(random.integers(1, 12)), "start": now, "end": now + seconds})
        now += seconds + float(random.choice([0.05, 2.0], p=[0.9, 0.1]))
    captions = captions_of(words)
    shown = [word for caption in captions for line in caption.lines for word in line.split()]
    assert shown == [word["word"] for word in words]
    assert captions_of([]) == []
    for caption, following in itertools.pairwise(captions):
        assert caption.start < caption.end <= following.start
        assert caption.end - caption.start <= 7.001
        assert len(caption.lines) <= 2
        assert all(len(line) <= 42 for line in caption.lines)
    text = subtitles(words, "srt")
    blocks = text.strip().split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [str(number) for number in range(1, len(captions) + 1)]
    assert subtitles(words[:1], "vtt").startswith("WEBVTT\n\n00:00:00.300 --> ")
    assert not subtitles(words[:1], "vtt", first=2).startswith("WEBVTT")


def test_long_recordings_are_cut_where_it_is_quiet() -> None:
    loudness = np.full((1000, 4), 10.0)
    for pause in range(110, 1000, 110):
        loudness[pause : pause + 30] = 1.0
    parts = list(parts_of(loudness, 300))
    assert [start for start, _ in parts[1:]] == [end for _, end in parts[:-1]]
    assert (parts[0][0], parts[-1][1]) == (0, 1000)
    assert all(end - start <= 300 for start, end in parts)
    assert all(loudness[end, 0] == 1.0 for _, end in parts[:-1])


# -- built-in voices ---------------------------------------------------------------------------------------------


def test_voices_say_the_same_each_time_and_differ() -> None:
    requests = [Request("turn left", "gmw/en-US+f3", 150, 50, 50), Request("turn left", "gmw/en+m1", 120, 30, 60)]
    first, again = list(speak(requests)), list(speak(requests))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        assert 0.4 < len(one) / 16000 < 2
        assert np.abs(one).max() > 0.1
    assert len(first[0]) < len(first[1])  # at 120 words a minute it takes longer


def test_no_voice_and_no_sentence_is_in_two_splits() -> None:
    splits = {split: requests_of(split) for split in SIZES}
    assert {split: len(some) for split, some in splits.items()} == SIZES
    for one, other in itertools.combinations(splits, 2):
        assert not {asked.text for asked in splits[one]} & {asked.text for asked in splits[other]}
        voices = [{asked.voice.split("+")[1] for asked in splits[split]} for split in (one, other)]
        assert not voices[0] & voices[1]
    assert {asked.voice.split("+")[1] for asked in splits["train"]} == set(VARIANTS["train"].split())


def test_a_voice_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ThroughtimeError, match=r"eSpeak NG fails \(no voice 'gmw/xx'\)"):
        list(speak([Request("a", "gmw/xx", 150, 50, 50)]))
