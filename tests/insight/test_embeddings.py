"""Word vectors: what they know, with numbers that are gensim's own, of vectors from files and from runs."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from PIL import Image

import throughtime
from throughtime.cli.main import main
from throughtime.data.words.space import WordSpace
from throughtime.data.words.vectors import WordVectors, write_vectors
from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.insight.axes import LECTURE, Axis, project
from throughtime.insight.maps import map_of
from throughtime.storage.weights import read_weights
from throughtime.tasks.word_questions import answer, correlate, read_questions, read_ratings, together

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"


@pytest.fixture(scope="module")
def space() -> WordSpace:
    """60 words in pairs that differ by the same way and noise; some of them once more with a capital."""
    draw = np.random.default_rng(3)
    stems, way = draw.normal(size=(28, 8)), draw.normal(size=8)
    vectors = np.concatenate([stems, stems + way]) + 0.45 * draw.normal(size=(56, 8))
    words = [f"one{n}" for n in range(28)] + [f"two{n}" for n in range(28)]
    words += ["One3", "TWO5", "One7", "Two7"]
    again = vectors[[3, 33, 7, 35]] + 0.05 * draw.normal(size=(4, 8))
    return WordSpace(words, np.concatenate([vectors, again]).astype(np.float32))


@pytest.fixture(scope="module")
def theirs(space: WordSpace) -> KeyedVectors:
    vectors = KeyedVectors(8)
    vectors.add_vectors(list(space.words), space.vectors)
    return vectors


def pairs(count: int, seed: int) -> str:
    draw = random.Random(seed)
    some = [draw.sample(range(30), 2) for _ in range(count)]
    return "".join(f"one{a} Two{a} ONE{b} two{b}\n" for a, b in some)


def test_neighbours_and_analogies_are_gensims(space: WordSpace, theirs: KeyedVectors) -> None:
    for word in ("one3", "two7", "TWO5"):
        expected = theirs.most_similar(word, topn=7)
        found = space.neighbours(word, 7)
        assert [one.word for one in found] == [word for word, _ in expected]
        np.testing.assert_allclose([one.cosine for one in found], [cosine for _, cosine in expected], atol=1e-6)
    expected = theirs.most_similar(positive=["two1", "one2"], negative=["one1"], topn=5)
    found = space.analogy("one1", "two1", "one2", 5)
    assert [one.word for one in found] == [word for word, _ in expected]
    np.testing.assert_allclose([one.cosine for one in found], [cosine for _, cosine in expected], atol=1e-6)


@pytest.mark.parametrize("frequent", [300_000, 50])
def test_accuracy_by_section_is_gensims(space: WordSpace, theirs: KeyedVectors, frequent: int, tmp_path: Path) -> None:
    path = tmp_path / "questions.txt"
    path.write_text(f": first kind\n{pairs(90, 1)}: second\n{pairs(60, 2)}")
    found = answer(space, read_questions(path), frequent)
    score, sections = theirs.evaluate_word_analogies(str(path), restrict_vocab=frequent)
    assert [one.name for one in found] == ["first kind", "second"]
    for one, other in zip(found, sections[:2], strict=True):
        assert (one.right, one.asked) == (len(other["correct"]), len(other["correct"]) + len(other["incorrect"]))
    whole = together(found)
    assert whole.accuracy == pytest.approx(score, abs=1e-12)
    assert 0.1 < whole.accuracy < 0.9
    assert whole.asked + whole.skipped == 150
    assert whole.skipped > 0


def test_correlation_with_ratings_is_gensims(space: WordSpace, theirs: KeyedVectors, tmp_path: Path) -> None:
    path, draw = tmp_path / "ratings.tsv", random.Random(5)
    lines = [f"One{draw.randrange(32)}\ttwo{draw.randrange(28)}\t{draw.randrange(20) / 2}\n" for _ in range(80)]
    path.write_text("# our own\n" + "".join(lines))
    found = correlate(space, read_ratings(path))
    pearson, spearman, unknown = theirs.evaluate_word_pairs(str(path))
    assert found.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert found.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert found.pairs + found.skipped == 80
    assert 100 * found.skipped / 80 == pytest.approx(unknown)
    assert found.skipped > 0


def test_ratings_are_read_with_any_marks_between(tmp_path: Path) -> None:
    expected = [("a", "b", 1.5), ("c", "d", 2.0)]
    for text in ("word1,word2,score\na,b,1.5\nc,d,2\n", "a b 1.5\n\nc d 2\n", "# x\na;b;1.5\nc;d;2\n"):
        (tmp_path / "ratings.txt").write_text(text)
        assert read_ratings(tmp_path / "ratings.txt") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (": capitals\nAthens Greece Oslo\n", "line 2: found 3 words, expected four"),
        (": capitals\n\n", "found no questions"),
        ("", "found an empty file"),
    ],
)
def test_questions_that_are_none_are_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(text)
    with pytest.raises(DataError, match=said):
        read_questions(tmp_path / "questions.txt")


@pytest.mark.parametrize("text", ["a b c d e\n", "a\tb\t1\nc\td\tmany\n", "# nothing\n", "a b\n"])
def test_ratings_that_are_none_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "ratings.txt").write_text(text)
    with pytest.raises(DataError, match=r"found .*expected"):
        read_ratings(tmp_path / "ratings.txt")


def test_on_an_axis_its_ends_are_at_minus_one_and_one_and_what_is_between_lies_between() -> None:
    units = np.array([[-3, 4, 0], [-3, -4, 0], [3, 4, 0], [3, -4, 0], [0, 0, 5], [0.6, 0, 0.8]], dtype=np.float32)
    space = WordSpace(["he", "him", "she", "her", "thing", "rather"], units)
    axis = Axis("Gender", ("he", "him"), ("she", "her"))
    places = project(space, [axis], ["thing", "rather", "He"])
    # the ends are (-0.6, 0, 0) and (0.6, 0, 0); he, left out of its own end, is measured from him: (-0.6, -0.8, 0)
    to_him, middle = np.array([0.6, 0.4, 0.0]), np.array([0.0, -0.4, 0.0])
    own = (np.array([-0.6, 0.8, 0.0]) - middle) @ to_him / (to_him @ to_him)
    np.testing.assert_allclose(places[:, 0], [0.0, 1.0, own], atol=1e-6)
    usual = units / np.linalg.norm(units, axis=1, keepdims=True)
    way = usual[4] - usual.mean(axis=0)
    expected = (usual[0] - usual.mean(axis=0)) @ way / (way @ way)
    assert project(space, [Axis("Things", (), ("thing",))], ["he"])[0, 0] == pytest.approx(expected, abs=1e-6)


def test_axes_are_written_on_a_line_or_refused() -> None:
    assert Axis.parse("Age=young, new:old") == Axis("Age", ("young", "new"), ("old",))
    assert not {"man", "woman", "king", "queen", "apple", "orange"} & {
        word for axis in LECTURE for word in (*axis.low, *axis.high)
    }
    for wrong in ("Age", "=a:b", "Age=", "Age=a:", "Age=a:b:c"):
        with pytest.raises(ArgumentError, match="found the axis"):
            Axis.parse(wrong)
    space = WordSpace(["a", "b"], np.eye(2, dtype=np.float32))
    with pytest.raises(ThroughtimeError, match="the axis X: found a vector of none of c"):
        project(space, [Axis("X", ("a",), ("c",))], ["b"])
    with pytest.raises(ThroughtimeError, match="found both its ends at one place"):
        project(space, [Axis("X", ("a",), ("a",))], ["b"])


def test_a_map_keeps_what_two_components_can(space: WordSpace) -> None:
    found = map_of(space, space.words[:20])
    centred = space.unit[:20] - space.unit[:20].mean(axis=0)
    values, ways = np.linalg.eigh(centred.T @ centred)
    assert found.kept == pytest.approx(values[-2:].sum() / values.sum(), rel=1e-5)
    np.testing.assert_allclose(np.abs(found.places), np.abs(centred @ ways[:, [-1, -2]]), atol=1e-5)
    near = map_of(space, [*space.words[:12], "One3", "One7"], "t-sne").places
    twins = np.linalg.norm(near[[3, 7]] - near[[12, 13]], axis=1)
    assert twins.max() < np.median(np.linalg.norm(near[:, None] - near, axis=-1))
    with pytest.raises(ArgumentError, match="found 2 words to lay out, expected at least 3"):
        map_of(space, ["one1", "one2"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sentiment", ["words"]),
        ("entities", ["words"]),
        ("text", ["characters"]),
        ("text-with-a-latent-space", ["characters"]),
        ("translation", ["pieces of words of the source", "pieces of words of the target"]),
    ],
)
def test_a_runs_vectors_are_those_that_its_model_reads(name: str, expected: list[str]) -> None:
    run = throughtime.Run(STORED / name / "run")
    spaces = run.task.word_spaces(run.model)
    assert [space.name for space in spaces] == expected
    matrices = [one for one in read_weights(STORED / name / "run" / "model.safetensors").values() if one.ndim == 2]
    weights = {tuple(row) for matrix in matrices for row in matrix.float().tolist()}
    for space in spaces:
        assert len(set(space.words)) == len(space) > 3
        assert not {"<pad>", "<unk>", "<bos>"} & set(space.words)
        assert {tuple(row) for row in space.vectors.tolist()} <= weights
    assert throughtime.inspect_embeddings(run).words == spaces[0].words


def test_which_of_a_runs_vectors_can_be_chosen() -> None:
    run = str(STORED / "translation" / "run")
    found = throughtime.inspect_embeddings(run, of="target")
    assert found.name == "pieces of words of the target"
    begins = next(
        word for word in found.words if word[0] == "␣" and not {word[1:], word[1:].lower()} & found.rows.keys()
    )
    assert found.find(begins[1:]) == found.rows[begins]
    with pytest.raises(ThroughtimeError, match="found no vectors of 'middle', expected one of: pieces of words of the"):
        throughtime.inspect_embeddings(run, of="middle")


def test_on_the_command_line_all_of_it_stands_in_tables_and_in_json(
    space: WordSpace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file, questions, ratings, picture = (tmp_path / name for name in ("v.txt", "q.txt", "r.txt", "map.png"))
    write_vectors(file, WordVectors(space.words, space.vectors))
    space = throughtime.inspect_embeddings(file)
    questions.write_text(f": capitals\n{pairs(40, 4)}")
    ratings.write_text("one1 two1 8\none1 one9 2\none2 two8 5\nnobody two1 3\n")
    words = ["inspect", "embeddings", str(file), "one3", "one1 : two1 = one2 : ?", "--questions", str(questions)]
    words += ["--ratings", str(ratings), "--out", str(picture)]
    assert main(words) == 0
    *shown, written = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 80
    assert written == f"wrote {picture}"
    rows = [line.split() for line in shown]
    nearest = space.neighbours("one3")[0]
    assert [nearest.word, f"{nearest.cosine:.3f}"] in rows
    judged = together(answer(space, read_questions(questions)))
    assert ["all", f"{judged.accuracy:.1%}", f"{judged.right}", f"{judged.asked}", f"{judged.skipped}"] in rows
    with Image.open(picture) as drawn:
        assert len(set(drawn.convert("L").tobytes())) > 16
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["words"], found["size"]) == (60, 8)
    assert found["neighbours"]["one3"][0]["word"] == nearest.word
    assert found["analogies"]["one1 : two1 = one2 : ?"][0]["word"] == space.analogy("one1", "two1", "one2")[0].word
    assert found["questions"]["sections"]["capitals"]["right"] == judged.right
    assert (found["ratings"]["pairs"]["pairs"], found["ratings"]["pairs"]["skipped"]) == (3, 1)
    places = ["inspect", "embeddings", str(file), "one4", "--axes", "Second=one1,one2:two1,gone", "--json"]
    assert main(places) == 0
    captured = capsys.readouterr()
    expected = project(space, [Axis("Second", ("one1", "one2"), ("two1",))], ["one4"])[0, 0]
    assert json.loads(captured.out)["places"]["axes"]["one4"]["Second"] == pytest.approx(expected, abs=1e-9)
    assert "words that have no vector: gone" in captured.err


def test_what_cannot_be_shown_is_one_sentence(
    space: WordSpace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "v.txt")
    write_vectors(Path(file), WordVectors(space.words, space.vectors))
    wrong = {
        "found no vector of 'nobody', expected one of the 60 words": [file, "nobody"],
        "found 'a : b = c', expected a word, or an analogy": [file, "a : b = c"],
        "found --axes without WORDS": [file, "--axes", "X=a:b"],
        "none.txt: found": [str(tmp_path / "none.txt"), "word"],
        "the task music has no vectors of words, expected one that does: text, sentiment, ": [
            str(STORED / "music" / "run")
        ],
        "found the ending '.gif'": [file, "--out", str(tmp_path / "map.gif")],
        "--frequent is 0": [file, "--frequent", "0"],
    }
    for sentence, words in wrong.items():
        assert main(["inspect", "embeddings", *words]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert sentence in captured.err
