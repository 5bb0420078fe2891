"""Composing: draw elements from a model, and write them as MIDI, sound and picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.base import check_writable
from throughtime.tasks.music.scores.events import BOUNDARY, SHIFT, STEP, VELOCITY
from throughtime.tasks.music.scores.files import music_files, read_score
from throughtime.tasks.music.scores.key import semitones_to_c
from throughtime.tasks.music.scores.manner import Manner, within
from throughtime.tasks.music.scores.midi import write_midi
from throughtime.tasks.music.scores.picture import draw
from throughtime.tasks.music.scores.representation import Representation
from throughtime.tasks.music.scores.score import DEFAULT_TEMPO, Score
from throughtime.tasks.music.scores.synthesis import PROGRAMS, synthesise, write_wav
from throughtime.tasks.music.settings import MusicGeneration, MusicSettings

if TYPE_CHECKING:
    from throughtime.decoding.sampling import Sampling
    from throughtime.models.base import Model
    from throughtime.models.generator import Generator

_BARS = 16
_SECONDS = 30.0
_LONGEST = 1_000_000


def compose(
    form: Representation,
    settings: MusicSettings,
    model: Generator,
    out: Path,
    options: MusicGeneration,
    manner: Manner,
    findings: Findings,
) -> list[Path]:
    """Continue a primer, or begin from nothing, and write what came of it.

    Args:
        form: how pieces are represented.
        settings: of the training.
        model: the trained generator.
        out: .mid; sound and picture are called alike.
        options: length, primer, sampling.
        manner: how it is to be played.
        findings: notes that were cut or left out.

    Returns:
        The MIDI file, the WAV file, the picture.

    Raises:
        ThroughtimeError: a primer that cannot be read, files that cannot be written, silence.
    """
    primer, shift = _primer(form, settings, options)
    drawn = np.stack([*primer, *_draw(form, settings, model, primer, options, manner)])
    score = played(form.decode(drawn, options.restrike), settings, manner, out, findings).transposed(-shift)
    return write_piece(score, out, manner, _title(options), options.primer_beats if options.primer else 0.0)


def write_piece(score: Score, out: Path, manner: Manner, title: str, primer: float = 0.0) -> list[Path]:
    """Write what was composed as MIDI, sound and picture.

    Args:
        score: the piece.
        out: as above.
        manner: instrument and bars.
        title: of the picture.
        primer: quarter notes at the beginning that were given.

    Raises:
        ThroughtimeError: silence, or a folder that cannot be written to.
    """
    if not len(score.notes):
        raise ThroughtimeError("the model composed nothing but silence: try another seed or a higher temperature")
    files = [out.with_suffix(ending) for ending in (".mid", ".wav", ".png")]
    sound = synthesise(score, manner.instrument)
    with writable(out):
        write_midi(score, files[0], manner.program)
        write_wav(sound, files[1])
        draw(score, files[2], title, manner.bar, primer)
    return files


def manner_asked(manner: Manner, options: MusicGeneration) -> Manner:
    """That of the pieces that were learned, but for what was asked for."""
    return replace(
        manner,
        tempo=manner.tempo if options.tempo is None else options.tempo,
        program=manner.program if options.instrument is None else PROGRAMS[options.instrument],
    )


def played(score: Score, settings: MusicSettings, manner: Manner, out: Path, findings: Findings) -> Score:
    """The piece in a tempo, in bars, and as loud as usual; events bring their own time and loudness.

    Of events, what no piece that was learned does is left out and noted: notes that never end, too many at once.
    """
    score = replace(score, tempos=np.array([[0.0, manner.tempo]]), meter=manner.meter)
    notes = score.notes.copy()
    if settings.representation == "roll":
        notes["velocity"] = manner.velocity
        return replace(score, notes=notes)
    for name in ("onset", "duration"):  # decoded at the tempo that a file has which says none
        notes[name] *= manner.tempo / DEFAULT_TEMPO
    near, changed = within(replace(score, notes=notes), manner)
    for how, count in changed.items():
        if count:
            findings.left_out(
                "composed notes", f"a note beyond those of the pieces that were learned: {how}", out, count=count
            )
    return near


@contextmanager
def writable(out: Path) -> Iterator[None]:
    """Turn an operating system's error into a sentence."""
    try:
        yield
    except OSError as error:
        raise ThroughtimeError(f"{error.filename or out}: cannot be written ({error.strerror})") from error


def check_output(out: Path, options: MusicGeneration) -> None:
    """Look, before any work, at where the files are to be and at the primer.

    Raises:
        DataError: there is no such folder, or no such primer.
    """
    check_writable(out)
    if options.primer is not None:
        _primer_file(options.primer)


def _primer_file(path: Path) -> Path:
    if path.is_dir():
        raise DataError(path, "a folder", "one music file as the primer")
    (file,) = music_files(path)
    return file


def _primer(form: Representation, settings: MusicSettings, options: MusicGeneration) -> tuple[np.ndarray, int]:
    """The beginning of the primer as elements, and by how many semitones it was moved."""
    if options.primer is None:
        return form.nothing(0), 0
    score = read_score(_primer_file(options.primer))
    shift = semitones_to_c(score.notes) if settings.transpose == "common" else 0
    elements, _ = form.encode(score.transposed(shift).beginning(options.primer_beats))
    return form.opened(elements), shift


def _draw(
    form: Representation,
    settings: MusicSettings,
    model: Generator,
    primer: np.ndarray,
    options: MusicGeneration,
    manner: Manner,
) -> Iterator[np.ndarray]:
    """The elements that follow the primer, as many as were asked for."""
    from throughtime.models.listen import carry_on

    sampling = sampling_of(options, model)
    # one element too many: what is read is always one behind, and the last is never read
    read = form.shifted(np.concatenate([primer, form.nothing(1)]))
    elements = (element.astype(primer.dtype) for element in carry_on(model, read, sampling))
    return enough(elements, settings, options, manner)


def sampling_of(options: MusicGeneration, model: Model) -> Sampling:
    """How to draw, from the seed on."""
    import torch

    from throughtime.decoding.sampling import Sampling

    generator = torch.Generator(next(model.parameters()).device).manual_seed(options.seed)
    return Sampling(options.temperature, options.top_k, options.top_p, generator)


def enough(
    elements: Iterator[np.ndarray], settings: MusicSettings, options: MusicGeneration, manner: Manner
) -> Iterator[np.ndarray]:
    """As many elements as were asked for.

    Raises:
        ThroughtimeError: far too many.
    """
    if settings.representation == "events":
        return _until(elements, options)
    frames = options.length or round(_BARS * manner.bar * settings.resolution)
    if options.seconds is not None:
        frames = max(round(options.seconds * manner.tempo / 60 * settings.resolution), 1)
    if frames > _LONGEST:
        raise ThroughtimeError(f"found {frames:,} frames to compose, expected at most {_LONGEST:,}")
    return islice(elements, frames)


def _until(events: Iterator[np.ndarray], options: MusicGeneration) -> Iterator[np.ndarray]:
    """Events until the piece ends, there are enough, or time is up."""
    seconds = options.seconds or (_SECONDS if options.length is None else float("inf"))
    clock = 0.0
    for event in islice(events, options.length or _LONGEST):
        if SHIFT <= event < VELOCITY:
            clock += (int(event) - SHIFT + 1) * STEP
        if event == BOUNDARY or clock > seconds:
            return
        yield event


def _title(options: MusicGeneration) -> str:
    words: list[Any] = [f"seed {options.seed}", f"temperature {options.temperature:g}"]
    if options.primer:
        words.insert(0, f"after {options.primer.name}")
    return "Composed by a recurrent network · " + ", ".join(words)
