from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.findings import Findings
from throughtime.data.words.ppmi import cooccurrence, positive_information, vectors_from_text
from throughtime.data.words.pretrained import pretrained_vectors, starting_matrix
from throughtime.data.words.vectors import WordVectors, read_vectors, write_vectors
from throughtime.data.words.vocabulary import Vocabulary
from throughtime.errors import ArgumentError, DataError

GLOVE = "the 0.5 -1 2e-1\n, 1 2 3\ncafé 4 5 6\n"


def write(folder: Path, content: str | bytes, name: str = "vectors.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("head", ["", "3 3\n"])
def test_both_text_formats_are_read(tmp_path: Path, head: str) -> None:
    found = read_vectors(write(tmp_path, head + GLOVE))
    assert found.words == ["the", ",", "café"]
    np.testing.assert_allclose(found.vectors, [[0.5, -1, 0.2], [1, 2, 3], [4, 5, 6]], rtol=1e-6)
    assert found.vectors.dtype == np.float32


def test_only_wanted_words_are_kept_and_packed_files_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(GLOVE.encode()), "vectors.vec.gz")
    found = read_vectors(path, keep={"café", "unheard"})
    assert found.words == ["café"]
    assert found.vectors.tolist() == [[4, 5, 6]]


def test_words_with_spaces_in_them(tmp_path: Path) -> None:
    assert read_vectors(write(tmp_path, "1 3\nat name@domain 1 2 3\n")).words == ["at name@domain"]


MALFORMED: list[tuple[str, str | bytes, str]] = [
    ("empty", "", "an empty file"),
    ("fewer", "the 1 2 3\nof 1 2\n", "line 2: found 2 numbers, expected a word and 3 numbers"),
    ("more", "the 1 2 3\nof 1 2 3 4\n", "line 2: found more than 3 numbers"),
    ("word", "the 1 2 3\nof 1 two 3\n", "line 2: found 'two', expected a number"),
    ("nan", "the 1 2 3\nof 1 nan 3\n", "line 2: found nan, expected a finite number"),
    ("inf", "the 1 2 3\nof 1 2 -inf\n", "line 2: found -inf, expected a finite number"),
    ("none", "3 2\n\n", "line 1: found no vectors, expected 3 as its first line says"),
    ("size", "2 3\nthe 1 2\nof 1 2\n", "line 2: found 2 numbers, expected a word and 3"),
    ("prose", "It was a dark and stormy night.\n", "line 1: found 'It was a dark"),
    ("binary", b"2 3\nthe \x00\x00\x80\x3f\xff\xff\n", "line 2: found a binary file"),
    ("latin", b"the 1 2\n" + b"caf\xe9 1 2\n", "line 2: found byte 0xe9 at position 3"),
]


@pytest.mark.parametrize(("content", "says"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_malformed_vectors_are_one_clear_sentence(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(DataError) as failure:
        read_vectors(write(tmp_path, content))
    assert says in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("3 2\nthe 1 2\nof 3 4\n", "word vectors: 2 of them, and not 3 as the first line says"),
        ("1 2\nthe 1 2\nof 3 4\n", "word vectors: 2 of them, and not 1 as the first line says"),
        ("the 1 2\nof 3 4\nthe 5 6\n", "word vectors: a word a second time"),
    ],
)
def test_vectors_that_are_more_or_fewer_than_said_are_read_and_noted(tmp_path: Path, content: str, says: str) -> None:
    findings = Findings()
    found = read_vectors(write(tmp_path, content), findings=findings)
    assert found.words == ["the", "of"]
    assert found.vectors.tolist() == [[1, 2], [3, 4]]
    assert [str(finding).partition(" (")[0] for finding in findings] == [says]


def test_tabs_may_stand_between_the_numbers(tmp_path: Path) -> None:
    assert read_vectors(write(tmp_path, "the\t1\t2\nof\t3\t4\n")).vectors.tolist() == [[1, 2], [3, 4]]


def test_files_that_are_none(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.txt", write(tmp_path, b"no gzip", "vectors.gz")):
        with pytest.raises(DataError):
            read_vectors(path)
    with pytest.raises(DataError, match="no such file, expected glove, reviews, ratings, none"):
        pretrained_vectors(["glov"], tmp_path)


def test_written_vectors_are_read_back(tmp_path: Path) -> None:
    vectors = WordVectors(["a", "b"], np.array([[1.5, -2.25], [1e-9, 1e9]], dtype=np.float32))
    write_vectors(tmp_path / "v.txt", vectors)
    found = read_vectors(tmp_path / "v.txt")
    assert found.words == vectors.words
    np.testing.assert_array_equal(found.vectors, vectors.vectors)


def test_vectors_and_words_must_match() -> None:
    with pytest.raises(ArgumentError, match="1 words"):
        WordVectors(["a"], np.zeros((2, 3), dtype=np.float32))


def test_ppmi_against_its_formula() -> None:
    texts = [np.array([0, 1, 2, 1]), np.array([1, 0]), np.array([], dtype=np.int64), np.array([2])]
    counts = np.zeros((3, 3))
    for text in texts:
        for i, first in enumerate(text):
            for distance in (1, 2):
                if i + distance < len(text):
                    second = text[i + distance]
                    counts[first, second] += 1 - (distance - 1) / 2
                    counts[second, first] += 1 - (distance - 1) / 2
    found = cooccurrence(texts, size=3, window=2)
    np.testing.assert_allclose(found.toarray(), counts)
    context = counts.sum(axis=0) ** 0.75 / (counts.sum(axis=0) ** 0.75).sum()
    joint, word = counts / counts.sum(), counts.sum(axis=1) / counts.sum()
    with np.errstate(divide="ignore"):
        expected = np.maximum(0, np.log(joint / (word[:, None] * context)))
    np.testing.assert_allclose(positive_information(found).toarray(), expected, atol=1e-12)


def test_vectors_from_text_are_the_factorisation_and_repeat_exactly() -> None:
    random = np.random.default_rng(0)
    texts = [[f"w{number}" for number in random.integers(0, 12, 9)] for _ in range(60)]
    first, second = (vectors_from_text(texts, size=4, min_count=1) for _ in range(2))
    np.testing.assert_array_equal(first.vectors, second.vectors)
    vocabulary = Vocabulary(first.words)
    ppmi = positive_information(cooccurrence([vocabulary.encode(text) - 4 for text in texts], 12, 5)).toarray()
    left, values, _ = np.linalg.svd(ppmi)
    expected = left[:, :4] * np.sqrt(values[:4])
    # up to scale, and to the signs of the singular vectors
    found, wanted = first.vectors @ first.vectors.T, expected @ expected.T
    np.testing.assert_allclose(found / np.trace(found), wanted / np.trace(wanted), atol=1e-6)
    assert first.vectors.std() == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(ArgumentError, match="found 0 words at least 99 times"):
        vectors_from_text(texts, min_count=99)


def test_starting_matrix_puts_sources_side_by_side() -> None:
    vocabulary = Vocabulary(["good", "bad", "rare"])
    first = WordVectors(["bad", "good"], np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32))
    second = WordVectors(["good"], np.array([[5.0, -5.0, 0.0]], dtype=np.float32))
    matrix = starting_matrix(vocabulary, [first, second], size=9, seed=0)
    assert matrix.shape == (7, 5)
    assert matrix[0].tolist() == [0.0] * 5
    np.testing.assert_allclose(matrix[4:6, :2], np.array([[3.0, 4.0], [1.0, 2.0]]) * 0.4 / first.vectors.std())
    np.testing.assert_allclose(matrix[4, 2:], np.array([5.0, -5.0, 0.0]) * 0.4 / second.vectors.std(), rtol=1e-6)
    assert (matrix[6] != 0).all()
    np.testing.assert_array_equal(matrix, starting_matrix(vocabulary, [first, second], size=9, seed=0))
    assert (matrix[6] != starting_matrix(vocabulary, [first, second], size=9, seed=1)[6]).all()
    assert starting_matrix(vocabulary, [], size=9, seed=0).shape == (7, 9)
