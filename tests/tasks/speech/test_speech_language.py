"""Language models in the search of the speech task: n-grams of the training texts, runs of the text task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime
from helpers.speech_files import learn, write_corpus
from throughtime import tasks
from throughtime.cli.main import main
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.speech.answers import Decoder

beside_text = pytest.mark.skipif("text" not in tasks.names, reason="a house without the application text")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("speech") / "data", 200, seed=0)


def test_an_ngram_of_the_training_texts_is_asked(corpus: Path, cache: Path, tmp_path: Path) -> None:
    """Texts that always say "ab" before "cd" have the search say so where the sound does not tell."""
    run = learn(corpus, tmp_path / "run", cache, epochs=1, language_model="ngram", order=3, language_weight=1.0)
    again = throughtime.Run(run.folder.path)
    language = again.task.features.language.model
    symbols = again.task.features.symbols
    scores, _ = language.start()
    np.testing.assert_allclose(np.exp(scores).sum(), 1, rtol=1e-6)
    assert scores[0, symbols.encode(" ")[0]] < scores[0, symbols.encode("a")[0]] - 2  # no text begins with a space
    # the sound is as much one as the other: what is usual decides, and only with a language model
    steps = np.full((2, len(symbols)), -30.0, dtype=np.float32)
    steps[0, symbols.encode("a")] = np.log(0.49)
    steps[0, symbols.encode(" ")] = np.log(0.51)
    steps[1, symbols.encode("b")] = 0.0
    asked = run.task.settings
    plain = symbols.decode(Decoder(8).best(steps))
    told = symbols.decode(Decoder(8, language, asked.language_weight, asked.bonus).best(steps))
    assert (plain, told) == (" b", "ab")


def write_text(path: Path) -> Path:
    path.write_text("ab cd\n" * 3000)
    return path


@beside_text
def test_a_run_of_the_text_task_is_asked_and_kept(
    corpus: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = write_text(tmp_path / "text.txt")
    asked: dict[str, Any] = {"steps": 60, "layers": (16,), "embedding_size": 8, "learning_rate": 0.02, "window": 16}
    throughtime.train("text", text, out=tmp_path / "text", quiet=True, **asked)
    run = learn(corpus, tmp_path / "run", cache, epochs=1, language_model=str(tmp_path / "text"), bonus=0.0)
    (tmp_path / "text").rename(tmp_path / "elsewhere")
    again = throughtime.Run(run.folder.path)  # needs no other folder than its own
    language, symbols = again.task.features.language.model, again.task.features.symbols
    scores, state = language.start()
    for letter, following in zip("ab cd", "b cd", strict=False):
        scores, (state,) = language.next([state], symbols.encode(letter).tolist())
        assert scores[0].argmax() == symbols.encode(following)[0]
    assert main(["predict", str(run.folder.path), str(corpus.parent / "0000.wav")]) == 0
    assert capsys.readouterr().out.endswith("0000.wav\n")


@beside_text
def test_pieces_of_words_are_those_of_the_text_run(corpus: Path, cache: Path, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.txt")
    asked: dict[str, Any] = {"steps": 2, "layers": (8,), "level": "bpe", "vocabulary_size": 260}
    throughtime.train("text", text, out=tmp_path / "text", quiet=True, **asked)
    run = learn(corpus, tmp_path / "run", cache, epochs=1, level="bpe", language_model=str(tmp_path / "text"))
    assert (
        run.task.features.symbols.tokenizer.definition == throughtime.Run(tmp_path / "text").task.tokenizer.definition
    )
    with pytest.raises(ThroughtimeError, match="found a language model of bpe, expected one of characters"):
        learn(corpus, tmp_path / "other", cache, epochs=1, language_model=str(tmp_path / "text"))
    assert not (tmp_path / "other").exists()


MUSIC = 'format = 1\ntask = "music"\nunset = []\n[settings]\n[data]\n[versions]\n'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "found no run folder"),
        ("task = 'text'\n", "found no run folder .* found no 'format'"),
        (MUSIC, "found a run of the task music"),
        ("no toml", "found no run folder"),
    ],
)
def test_other_language_models_are_refused(
    corpus: Path, cache: Path, tmp_path: Path, content: str | None, sentence: str
) -> None:
    (tmp_path / "text").mkdir()
    if content is not None:
        (tmp_path / "text" / "config.toml").write_text(content)
    with pytest.raises(DataError, match=sentence):
        learn(corpus, tmp_path / "run", cache, epochs=1, language_model=str(tmp_path / "text"))
    assert not (tmp_path / "run").exists()
