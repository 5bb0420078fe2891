"""What `check` says of text: where splits come from, what is not read, what the vocabulary does not hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from text_files import PROSE, SMALL, write

from throughtime import verbs
from throughtime.cli.main import main


def check(data: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and what is found of each subject, in one line with its level."""
    status = main(["check", "text", str(data), "--json", *options])
    found: dict[str, Any] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        places = ", ".join(Path(path).name for path, _ in finding["places"])
        line = f"{finding['level']}: {finding['what']} ({finding['count']}) {places}"
        found[finding["subject"]] = f"{found.get(finding['subject'], '')}{line}\n"
    return status, found


def test_one_file_is_split_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = check(write(tmp_path / "a.txt", PROSE), capsys)
    assert (status, found.keys()) == (0, {"splits"})
    assert found["splits"].startswith("taken: in order")


def test_named_splits_are_kept_and_what_is_beside_them_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("train.txt", "val.txt", "test_2016.txt", "README.md", "scores.csv", "more.csv", "notes", "extra.txt")
    for number, name in enumerate(files):
        write(tmp_path / "data" / name, PROSE.replace("cat", f"cat{number}"))
    status, found = check(tmp_path / "data", capsys)
    assert status == 1
    assert "test as given by test_2016.txt" in found["splits"]
    assert "suspicious: something beside the splits that is named after none: not read (1) extra.txt" in found["splits"]
    assert "a file of the ending .csv (2)" in found["unread files"]
    assert "a file without an ending (1) notes" in found["unread files"]
    assert "a file about the data (1) README.md" in found["unread files"]


def test_a_split_that_is_not_given_is_the_end_of_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train.txt", "test.txt"):
        write(tmp_path / "data" / name, PROSE + name)
    splits = verbs.check("text", tmp_path / "data").splits
    (train,), (valid,), (test,) = splits.train, splits.valid, splits.test
    assert (train.path, train.end, test.path.name) == (valid.path, valid.start, "test.txt")
    _, found = check(tmp_path / "data", capsys)
    assert "valid is not given: cut from train" in found["splits"]


@pytest.mark.parametrize("names", [("train.txt", "flickr.txt"), ("ptb/train.txt", "ptb/valid.txt", "ptb/test.txt")])
def test_files_named_after_splits_that_are_merged_are_suspicious(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, ...]
) -> None:
    for name in names:
        write(tmp_path / "data" / name, PROSE + name)
    status, found = check(tmp_path / "data", capsys)
    assert status == 1
    count = sum("flickr" not in name for name in names)
    assert (
        f"suspicious: a file that is named after a split, merged with the others and split anew ({count})"
        in (found["splits"])
    )


def test_a_carriage_return_within_a_line_ends_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = check(write(tmp_path / "a.txt", PROSE + "one\rline\n"), capsys)
    assert found["line ends"] == "left out: a carriage return within a line, read as a space (1) a.txt\n"
    _, found = check(write(tmp_path / "b.txt", PROSE.replace("\n", "\r")), capsys)
    assert found["line ends"] == "taken: carriage returns alone (1) b.txt\n"


def test_what_is_beyond_the_vocabulary_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split, text in (("train", PROSE), ("valid", PROSE + "äö\n"), ("test", "ωω ωω\n" * 10)):
        write(tmp_path / "data" / f"{split}.txt", text)
    status, found = check(tmp_path / "data", capsys)
    assert status == 1
    unknown = 2 / (len(PROSE) + 3)
    assert f"taken: {unknown:.2%} of the characters of valid are unknown" in found["vocabulary"]
    assert "suspicious: 66.67% of the characters of test are unknown" in found["vocabulary"]


def test_how_words_are_split_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = check(write(tmp_path / "a.txt", PROSE), capsys, "--level", "words")
    assert (
        "by Unicode's word boundaries (UAX 29), letters composed (NFC), soft hyphens and the like left out"
        in found["words"]
    )
    apart = write(tmp_path / "b.txt", PROSE.replace(".", " .").replace(",", " ,"))
    _, found = check(apart, capsys, "--level", "words")
    assert "split at white space alone, as its first lines look" in found["words"]


def test_every_line_has_one_answer_and_unknown_characters_are_counted(tmp_path: Path) -> None:
    data = write(tmp_path / "a.txt", PROSE)
    run = verbs.train("text", data, out=tmp_path / "run", quiet=True, **SMALL | {"steps": 1})
    lines = ["The ωcat", "", "a\u2028b", "long " * 300_000, "end"]
    inputs = list(run.task.read_inputs(str(write(tmp_path / "new.txt", "\n".join(lines) + "\n"))))
    assert inputs == lines
    run.task.findings.clear()
    assert len(list(verbs.predict(run, lines[:3]))) == 3
    assert [(finding.subject, finding.count) for finding in run.task.findings] == [("vocabulary", 3)]  # ω, U+2028, b


def test_a_text_is_known_by_the_part_of_it_that_was_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"Line {number} says something of its own.\n" for number in range(200)]
    data, run = write(tmp_path / "a.txt", "".join(lines)), str(tmp_path / "run")
    options = ["--layers", "4", "--batch-size", "2", "--window", "10"]
    assert main(["train", "text", str(data), "--out", run, "--steps", "1", *options]) == 0

    def learned(name: str, content: list[str]) -> bool:
        capsys.readouterr()
        assert main(["evaluate", run, str(write(tmp_path / name, "".join(content)))]) == 0
        said = " ".join(capsys.readouterr().err.split())
        assert "learned from" not in said or f"that this run learned from a part of ({tmp_path / name})" in said
        return "learned from" in said

    data.unlink()
    assert learned("copy.txt", lines)
    assert learned("longer.txt", [*lines, "And more of it.\n" * 99])
    assert not learned("end.txt", lines[-9:])
    assert not learned("other.txt", [line.replace("own", "OWN") for line in lines])
