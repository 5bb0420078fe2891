"""Sentences with codes: which lines have one, what lies between two, what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from text_files import PROSE, SMALL, write

from throughtime import verbs
from throughtime.cli.main import main
from throughtime.data.tokens.byte_pairs import BytePairs
from throughtime.data.tokens.tokens import Characters, Tokenizer, Words
from throughtime.errors import DataError
from throughtime.tasks.text.corpus.sentences import Sentences

LATENT: dict[str, Any] = {"layers": (24,), "batch_size": 8, "latent": 4, "encoder_size": 16, "minutes": None}
LATENT |= {"evaluate_every": None, "kl_warmup": 100, "word_dropout": 0.3, "importance_samples": 8}
LINES = ("aaaa", "bbb", "cc", "dada")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> verbs.Run:
    """One that knows four sentences by their codes."""
    folder = tmp_path_factory.mktemp("latent")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THROUGHTIME_CACHE", str(folder / "cache"))
        data = write(folder / "lines.txt", "".join(f"{line}\n" for line in LINES) * 60)
        settings = LATENT | {"steps": 400, "learning_rate": 0.02, "free_bits": 4.0}
        return verbs.train("text", data, out=folder / "run", quiet=True, **settings)


def written(run: verbs.Run, folder: Path, **options: Any) -> list[str]:
    [path] = verbs.generate(run, folder / "new.txt", **options)
    text = path.read_text()
    assert text.endswith("\n")
    return text.removesuffix("\n").split("\n")


def test_the_way_from_one_sentence_to_another_begins_and_ends_with_them(run: verbs.Run, tmp_path: Path) -> None:
    way = written(run, tmp_path, from_="aaaa", to="bbb", temperature=0.0)
    assert len(way) == 7
    assert (way[0], way[-1]) == ("aaaa", "bbb")
    assert set("".join(way[1:-1])) <= set("abcd")
    assert written(run, tmp_path, from_="bbb", to="aaaa", steps=2, temperature=0.0) == ["bbb", "aaaa"]


def test_a_neighbour_that_is_not_away_is_the_sentence_itself(run: verbs.Run, tmp_path: Path) -> None:
    assert set(written(run, tmp_path, like="dada", spread=0.0, temperature=0.0, length=30)) == {"dada"}
    far = written(run, tmp_path, like="dada", spread=1.0, temperature=0.0, length=200)
    assert len(set(far) & set(LINES)) >= 3  # nothing of it is left: they come from all of the prior


def test_a_file_stands_for_its_first_line_and_what_follows_is_said(
    run: verbs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "some.txt", "\n  \ncc\naaaa\nbbb\n")
    words = ["generate", str(run.folder.path), "--out", str(tmp_path / "new.txt"), "--temperature", "0"]
    assert main([*words, "--from", str(file), "--to", "aaaa", "--steps", "2"]) == 0
    assert (tmp_path / "new.txt").read_text() == "cc\naaaa\n"
    assert "a line after the first, which was asked for, 2 times" in capsys.readouterr().err


def test_what_is_learned_is_told_by_the_code(run: verbs.Run) -> None:
    report = run.folder.read_report()
    assert report.metrics["kl"] > 1
    assert report.metrics["reconstruction"] > 0.95
    assert report.metrics["nll"] <= report.metrics["nelbo"] < report.baselines["unigram"]["nll"]
    assert report.metrics["bits_per_character"] == pytest.approx(report.metrics["nll"] / math.log(2))
    good, bad = verbs.predict(run, ["cc", "ccab"])
    assert good["bits_per_character"] < bad["bits_per_character"]
    assert good["reconstruction"] == "cc"


def test_codes_that_say_nothing_are_said_to_have_collapsed(tmp_path: Path) -> None:
    data = write(tmp_path / "lines.txt", "".join(f"{line}\n" for line in LINES) * 60)
    settings = LATENT | {"steps": 100, "learning_rate": 0.02, "free_bits": 0.0, "beta": 100.0, "kl_warmup": 0}
    report = verbs.train("text", data, out=tmp_path / "run", quiet=True, **settings).folder.read_report()
    assert report.metrics["kl"] < 0.1
    assert "the posterior has collapsed" in dict(report.tables[0].rows)


# -- which lines have codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["characters", "words", "bpe"])
def test_lines_come_back_from_every_kind_of_token(level: str) -> None:
    lines = ["the cat", "", "a dog  ", "the cat sat on the mat", "end"]
    text = "".join(f"{line}\n" for line in lines)
    kinds: dict[str, Tokenizer] = {
        "characters": Characters.fit([text], 99),
        "words": Words.fit([text], 99, "whitespace", 1),
        "bpe": BytePairs.fit([text], 270),
    }
    tokenizer = kinds[level]
    longest = len(tokenizer.encode("the cat sat")) + 5 * (level == "characters")
    sentences = Sentences(tokenizer.encode(text + "no end"), tokenizer, longest, Path("a.txt"))
    found = [tokenizer.decode(one["targets"].tolist()).strip() for one in sentences]  # type: ignore[attr-defined]
    assert found == ["the cat", "a dog", "end"]
    assert (sentences.blank, sentences.long) == (1, 1)
    assert sentences.open == len(tokenizer.encode("no end"))
    for one in sentences:  # type: ignore[attr-defined]
        np.testing.assert_array_equal(one["inputs"][1:], one["targets"][:-1])
        assert one["inputs"][0] == tokenizer.start


def test_the_lines_do_not_depend_on_how_many_tokens_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = Characters("\nab")
    ids = tokenizer.encode("ab\n\nabba\nb\na\n")

    def found() -> list[list[int]]:
        lines = Sentences(ids, tokenizer, 3, Path("a.txt"))
        return [one["targets"].tolist() for one in lines]  # type: ignore[attr-defined]

    whole = found()
    assert whole == [[2, 3, 1], [3, 1], [2, 1]]
    for at_once in (1, 2, 3):
        monkeypatch.setattr("throughtime.tasks.text.corpus.sentences._AT_ONCE", at_once)
        assert found() == whole


def test_a_text_of_one_line_has_no_sentences() -> None:
    tokenizer = Characters("\nab")
    with pytest.raises(DataError, match=r"a\.txt: found no line of 1 to 5 tokens \(blank: 0, longer: 1\), expected"):
        Sentences(tokenizer.encode("abababab\n"), tokenizer, 5, Path("a.txt"))


def test_what_is_left_out_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split, text in (("train", PROSE), ("valid", PROSE), ("test", "short\n" + "long " * 30 + "\n" + "long " * 30)):
        write(tmp_path / "data" / f"{split}.txt", text)
    assert main(["check", "text", str(tmp_path / "data"), "--latent", "4"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "a blank line of train, 60 times" in said
    assert "a line of test of more than 120 tokens, left out, 2 times" in said
    assert "more than 120 tokens" in said


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--from", "aaaa"], "found --from without --to, expected both"),
        (["--to", "aaaa"], "found --to without --from, expected both"),
        (["--steps", "3"], "found --steps without --from, expected both"),
        (["--spread", "0.1"], "found --spread without --like, expected both"),
        (["--like", "cc", "--from", "aa", "--to", "b"], "found both --like and --from, expected one of them"),
        (["--like", "  "], "found nothing but white space, expected a sentence"),
        (["--primer", "aa"], "found --primer for a run with a latent space, expected --like or --from"),
        (["--from", "aa", "--to", "b", "--length", "9"], "found --length with --from, expected --steps"),
        (["--like", "cc", "--spread", "2"], "setting spread: found 2.0"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    run: verbs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    out = tmp_path / "new.txt"
    assert main(["generate", str(run.folder.path), "--out", str(out), *words]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_run_without_codes_refuses_what_needs_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "a.txt", PROSE)
    verbs.train("text", data, out=tmp_path / "run", quiet=True, **SMALL | {"steps": 1})
    for name in ("from", "to", "like"):
        assert main(["generate", str(tmp_path / "run"), "--out", str(tmp_path / "new.txt"), f"--{name}", "cat"]) == 2
        expected = f"found --{name} for a run without a latent space, expected one that was trained with --latent"
        assert expected in capsys.readouterr().err
    for words, expected in (
        (["--free-bits", "3"], "found --free-bits without a latent space, expected it with --latent N"),
        (["--longest", "3"], "found --longest without a latent space"),
        (["--latent", "4", "--window", "9"], "found --window with --latent, which learns from whole sequences"),
    ):
        assert main(["train", "text", str(data), "--out", str(tmp_path / "other"), *words]) == 2
        assert expected in capsys.readouterr().err
        assert not (tmp_path / "other").exists()
