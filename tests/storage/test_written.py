"""What training wrote and something has cut short or emptied since: one sentence that names it, whatever it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.words.vocabulary import Vocabulary
from throughtime.errors import DataError, MissingExtraError
from throughtime.models.ngram import NGram
from throughtime.storage.written import readable
from throughtime.tasks.music import Music, MusicSettings
from throughtime.tasks.sentiment.baselines.bag_of_words import BagOfWords
from throughtime.tasks.speech.baselines.templates import Templates
from throughtime.tasks.video.baselines.single_frames import SingleFrames

ONES = np.ones((3, 2))


def music(folder: Path) -> Any:
    return Music(MusicSettings(), folder)


def counted(folder: Path) -> Any:
    task = music(folder)
    task.statistics = {"frequency": ONES, "after": ONES}
    return task


# the file that is spoiled, and how it was written and is read again
WRITTEN: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "vocabulary.json": (
        lambda path: Vocabulary(["a", "b"]).save(path),
        Vocabulary.load,
    ),
    "bag_of_words.npz": (
        lambda path: BagOfWords(["a"], ONES, ONES, ONES).save(path.parent),
        lambda path: BagOfWords.load(path.parent),
    ),
    "ngram.npz": (
        lambda path: NGram.fit(np.arange(9) % 4, 4, 2).save(path),
        NGram.load,
    ),
    "frames.npz": (
        lambda path: SingleFrames(ONES, ONES, ONES, ONES).save(path),
        SingleFrames.load,
    ),
    "templates.npz": (
        lambda path: Templates([ONES, ONES], ["a", "b"]).save(path),
        Templates.load,
    ),
    "statistics.npz": (
        lambda path: counted(path.parent).save_features(path.parent),
        lambda path: music(path.parent).load_features(path.parent),
    ),
}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_cut_short_is_one_sentence(tmp_path: Path, name: str, share: float) -> None:
    write, read = WRITTEN[name]
    path = tmp_path / name
    write(path)
    read(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"found no .*, expected"):
        read(path)


@pytest.mark.parametrize("error", [MissingExtraError("x", "y", "z"), MemoryError(), KeyboardInterrupt()])
def test_what_no_file_is_to_blame_for_is_passed_on(error: BaseException) -> None:
    with pytest.raises(type(error)), readable(Path("file"), "words"):
        raise error
