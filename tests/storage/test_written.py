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

# the file that is spoiled, and how it was written and is read again
WRITTEN: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "vocabulary.json": (
        lambda path: Vocabulary(["a", "b"]).save(path),
        Vocabulary.load,
    ),
    "ngram.npz": (
        lambda path: NGram.fit(np.arange(9) % 4, 4, 2).save(path),
        NGram.load,
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
