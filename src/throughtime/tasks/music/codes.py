"""Composing from a latent space: new segments, neighbours of a given one, and all that lies between two."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, ThroughtimeError
from throughtime.models.parts.arc import arc
from throughtime.tasks.base import check_writable
from throughtime.tasks.music.composing import enough, played, sampling_of, writable, write_piece
from throughtime.tasks.music.scores.files import music_files, read_score
from throughtime.tasks.music.scores.key import semitones_to_c
from throughtime.tasks.music.scores.manner import Manner
from throughtime.tasks.music.scores.midi import write_midi
from throughtime.tasks.music.scores.picture import draw_below
from throughtime.tasks.music.scores.representation import Examples, Piece, Representation
from throughtime.tasks.music.scores.score import Score
from throughtime.tasks.music.scores.synthesis import check_length, synthesise, write_wav
from throughtime.tasks.music.segments import segments
from throughtime.tasks.music.settings import MusicGeneration, MusicSettings

_STEPS = 7
_SPREAD = 0.5


class _Place(NamedTuple):
    """Where a piece lies in the latent space, and by how many semitones it was moved to be there."""

    code: np.ndarray
    shift: int


def check_output(out: Path, options: MusicGeneration) -> None:
    """Look, before any work, at where the files are to be and at the pieces whose codes are wanted.

    Raises:
        DataError: there is no such folder, or no such piece.
    """
    for piece in (options.from_, options.to, options.like):
        if piece is not None:
            _one_file(Path(piece))
    if options.from_ is None:
        check_writable(out)
    else:
        _files(out, options.steps or _STEPS)


def compose_from_codes(
    form: Representation,
    settings: MusicSettings,
    model: Any,
    out: Path,
    options: MusicGeneration,
    manner: Manner,
    findings: Findings,
) -> list[Path]:
    """Draw a code, or take those of given pieces, and write what is decoded from them.

    Args:
        form: how pieces are represented.
        settings: of the training.
        model: the trained sequence VAE.
        out: .mid, as for `compose`; of a way also a folder.
        options: where in the latent space, length, sampling.
        manner: how it is to be played.
        findings: of reading what was given, and notes that were cut or left out.

    Returns:
        The MIDI file, the WAV file, the picture; of a way all MIDI files, all WAV files, and the picture.

    Raises:
        ThroughtimeError: a piece that cannot be read, a folder that cannot be written to, silence.
    """
    from throughtime.models.codes import drawn, near

    if options.length is None and options.seconds is None:
        options = options.model_copy(update={"length": settings.segment_length})

    def decoded(code: np.ndarray, shift: int) -> Score:
        score = _decoded(form, settings, model, code, options, manner)
        return played(score, settings, manner, out, findings).transposed(-shift)

    def placed(file: str | None) -> _Place:
        return _place(form, settings, model, Path(file or ""), findings)

    if options.from_ is not None:
        files, picture = _files(out, options.steps or _STEPS)
        start, end = placed(options.from_), placed(options.to)
        scores = [decoded(code, start.shift) for code in arc(start.code, end.code, len(files))]
        title = f"From {Path(options.from_).name} to {Path(options.to or '').name}, temperature {options.temperature:g}"
        return _write_way(scores, files, picture, title, manner)
    random = np.random.default_rng(options.seed)
    place, title = _Place(drawn(settings.latent, random), 0), f"Drawn from the latent space · seed {options.seed}"
    if options.like is not None:
        spread = _SPREAD if options.spread is None else options.spread
        place = placed(options.like)
        place = place._replace(code=near(place.code, spread, random))
        title = f"Like {Path(options.like).name}, {spread:g} away · seed {options.seed}"
    return write_piece(decoded(*place), out, manner, f"{title}, temperature {options.temperature:g}")


def _one_file(path: Path) -> Path:
    if path.is_dir():
        raise DataError(path, "a folder", "one music file")
    (file,) = music_files(path)
    return file


def _place(form: Representation, settings: MusicSettings, model: Any, path: Path, findings: Findings) -> _Place:
    """The place of the first segment of a music file."""
    from throughtime.data.loaders import BucketLoader
    from throughtime.models.codes import codes_of

    file = _one_file(path)
    score = read_score(file, findings)
    shift = semitones_to_c(score.notes) if settings.transpose == "common" else 0
    elements, _ = form.encode(score.transposed(shift))
    first, *rest = segments([Piece(score.name, elements)], settings.segment_length)
    if rest:
        what = f"what comes after the first {settings.segment_length} {form.unit}s of a piece, which have the code"
        findings.left_out("segments", what, file)
    loader = BucketLoader(Examples([first], form), 1, seed=0, shuffle=False)
    return _Place(codes_of(model, loader)[0], shift)


def _decoded(
    form: Representation,
    settings: MusicSettings,
    model: Any,
    code: np.ndarray,
    options: MusicGeneration,
    manner: Manner,
) -> Score:
    """What a code is decoded to, drawn from the same random numbers whatever the code."""
    from throughtime.models.codes import write

    nothing = form.nothing(1)
    written = write(model, code, form.shifted(nothing), sampling_of(options, model))
    elements = list(enough((element.astype(nothing.dtype) for element in written), settings, options, manner))
    return form.decode(np.stack(elements) if elements else form.nothing(0), options.restrike)


def _files(out: Path, count: int) -> tuple[list[Path], Path]:
    """The files of a way: in a folder 1.mid, 2.mid, ... and way.png; else beside the file that is named."""
    numbers = [f"{number:0{len(str(count))}}" for number in range(1, count + 1)]
    if out.suffix and not out.is_dir():
        check_writable(out)
        return [out.with_name(f"{out.stem}-{number}.mid") for number in numbers], out.with_suffix(".png")
    if out.is_file():
        raise DataError(out, "a file without an ending", "a folder, or the name of a .mid file")
    if not out.parent.is_dir():
        raise DataError(out, f"no folder {out.parent}", "a folder in one that exists")
    return [out / f"{number}.mid" for number in numbers], out / "way.png"


def _write_way(scores: list[Score], files: list[Path], picture: Path, title: str, manner: Manner) -> list[Path]:
    if not any(len(score.notes) for score in scores):
        raise ThroughtimeError("the model composed nothing but silence: try another seed or a higher temperature")
    for score in scores:
        check_length(score)
    sounds = [file.with_suffix(".wav") for file in files]
    with writable(picture):
        picture.parent.mkdir(exist_ok=True)
        for score, file, sound in zip(scores, files, sounds, strict=True):
            write_midi(score, file, manner.program)
            write_wav(synthesise(score, manner.instrument), sound)
        draw_below(scores, picture, title, manner.bar)
    return [*files, *sounds, picture]
