"""What `check` says of strangers' files of names: how they were understood, what was left out, what looks wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.tasks.entities import Entities, EntitiesSettings

NAMES = ("Ada", "Bea", "Cid", "Dan", "Eli", "Fay", "Gus", "Hal", "Ida", "Jon", "Kay", "Lea")


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def columns(row: str = "{word} {tag}", between: str = "\n", tags: tuple[str, ...] = ("B-PER", "O", "O")) -> str:
    """Twelve sentences such as "Ada sees Rome", each word as the row says: {n} its number."""
    sentences = []
    for name in NAMES:
        words = enumerate(zip((name, "sees", "Rome"), tags, strict=True), 1)
        sentences.append("".join(row.format(n=n, word=word, tag=tag) + "\n" for n, (word, tag) in words))
    return between.join(sentences)


def seen(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """Exit status of `check`, and what it printed, each finding on a line."""
    status = main(["check", "entities", str(path), *options])
    said = capsys.readouterr()
    return status, said.out + said.err


def words_and_tags(path: Path) -> list[tuple[tuple[str, ...], list[tuple[int, int, str]]]]:
    found = Entities(EntitiesSettings(), path.parent).read(path)
    return [(sentence.words, [tuple(span) for span in sentence.spans]) for sentence in found]


FIRST = (("Ada", "sees", "Rome"), [(0, 1, "PER")])


@pytest.mark.parametrize(
    ("tags", "label", "says"),
    [
        (("B_PER", "O", "O"), "PER", "tags: letters joined by '_', as in 'B_PER'"),
        (("PER-B", "O", "O"), "PER", "tags: the letter last, as in 'PER-B'"),
        (("b-per", "o", "o"), "per", "tags: letters in lower case, as in 'b-per'"),
        (("B", "O", "O"), "entity", "tags: letters without a label (B): all are called 'entity'"),
        (("PERSON", "O", "O"), "PERSON", "tags: labels without a letter: read as IO"),
    ],
)
def test_tags_of_other_notations_are_read_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tags: tuple[str, ...], label: str, says: str
) -> None:
    path = write(tmp_path, "a.txt", columns(tags=tags))
    assert words_and_tags(path)[0] == (FIRST[0], [(0, 1, label)])
    assert says in seen(path, capsys)[1]


def test_letters_alone_join_to_whole_entities(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "New\tB\nRome\tI\nBonn\tB\nran\tO\n\nso\tO\n")
    assert words_and_tags(path)[0][1] == [(0, 2, "entity"), (2, 3, "entity")]


@pytest.mark.parametrize("key", ["name", "NER", "Entity"])
def test_tags_in_the_last_column_of_conllu_are_found_by_their_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    row = "{n}\t{word}\t_\tX\t_\t_\t0\troot\t_\tSpaceAfter=No|" + key + "={tag}"
    path = write(tmp_path, "a.conllu", columns(row))
    assert words_and_tags(path)[0] == FIRST
    said = seen(path, capsys)[1]
    assert f"columns: tags in column 10, after {key}=" in said
    assert "words in column 2 of 10; column 1 counts them" in said


@pytest.mark.parametrize("misc", ["_", "SpaceAfter=No", "Entity=(person-1"])
def test_a_last_column_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], misc: str
) -> None:
    path = write(tmp_path, "a.conllu", columns("{n}\t{word}\t_\tX\t_\t_\t0\troot\t_\t" + misc))
    status, said = seen(path, capsys)
    assert status == 2
    assert "a.conllu, line 1: found" in said.splitlines()[-1]  # after how it was understood until then


def test_ranges_and_empty_nodes_are_no_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra = columns("{n}\t{word}\t_\t{tag}").replace("2\tsees", "2-3\tseesRome\t_\tO\n2\tsees")
    path = write(tmp_path, "a.txt", extra.replace("3\tRome\t_\tO\n", "3\tRome\t_\tO\n3.1\tit\t_\tO\n"))
    assert words_and_tags(path)[0] == FIRST
    said = seen(path, capsys)[1]
    assert "ranges: a range such as 4-5, whose words follow it, 12 times" in said
    assert "empty nodes: a node such as 3.1, which is no word of the text, 12 times" in said


def test_comments_of_another_width_and_columns_with_more_tags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = columns("{n}\t{word}\t{tag}\tO", between="\n#\tsource\t[2009-10-17]\n")
    path = write(tmp_path, "a.tsv", "#\tsource\t[2009-10-17]\n" + rows.replace("Ada\tB-PER\tO", "Ada\tB-PER\tB-LOC"))
    assert words_and_tags(path)[0] == (FIRST[0], [(0, 1, "LOC")])
    status, said = seen(path, capsys, "--tag-column", "3")
    assert status == 0
    assert "comments: a line that begins with # before a sentence, 12 times" in said
    assert "column 3 has tags on 12 words, column 4, which was taken, on 1: --tag-column" in seen(path, capsys)[1]


def test_a_last_column_without_tags_gives_way_to_the_only_one_that_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "a.txt", columns("{word} {tag} X{n}"))
    assert words_and_tags(path)[0] == FIRST
    assert "columns: tags in column 2: column 3 has none" in seen(path, capsys)[1]


def test_phrases_beside_entities_are_not_suspected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.txt", columns("{word} B-NP {tag}"))
    assert seen(path, capsys)[0] == 0


def test_tags_that_break_their_scheme_are_counted_with_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "a.txt", columns().replace("Cid B-PER", "Cid I-PER"))
    status, said = seen(path, capsys)
    assert status == 1
    assert "scheme: IOB2, by the letters there are" in said
    assert "I-PER after O; read as conlleval does (" in said
    assert "line 9)" in said


def test_labels_that_differ_in_case_alone_are_suspicious(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.txt", columns().replace("Cid B-PER", "Cid B-per"))
    assert "labels that differ in case alone: PER, per" in seen(path, capsys)[1]


def test_a_file_without_empty_lines_is_named_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.txt", columns(between=""))
    status, said = seen(path, capsys)
    assert status == 2
    assert "found one sentence of 36 words, expected several, with an empty line after each" in said
    long = columns() + "\n" + columns(between="") * 6
    assert (
        "a sentence of more than 200 words, not cut; is an empty line missing?"
        in seen(write(tmp_path, "b.txt", long), capsys)[1]
    )


def test_documents_are_counted_and_decide_the_split_where_there_are_ten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = write(tmp_path, "few.txt", "-DOCSTART- O\n\n" + columns() + "\n-DOCSTART- O\n\n" + columns())
    assert "documents: 2: fewer than 10, no split goes by them" in seen(few, capsys)[1]
    universal = columns("{n}\t{word}\t{tag}", between="\n# newdoc id = x\n")
    path = write(tmp_path, "many.conllu", "# newdoc id = x\n" + universal)
    assert "documents: 12: a split keeps each together" in seen(path, capsys)[1]
    assert len({sentence.document for sentence in Entities(EntitiesSettings(), tmp_path).read(path)}) == 12


# -- JSON lines ----------------------------------------------------------------------------------------------------


def annotations(*more: str, start: int = 0, end: int = 3) -> str:
    rows = [json.dumps({"text": f"{name} sees Rome.", "spans": [[start, end, "PER"]]}) for name in NAMES]
    return "\n".join((*rows, *more)) + "\n"


def test_texts_without_words_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.txt", annotations('{"text": "", "spans": []}', '{"text": " \\n", "spans": []}'))
    status, said = seen(path, capsys)
    assert status == 0
    assert "empty texts: a text without words, 2 times" in said
    assert "lines 13, 14" in said
    assert len(words_and_tags(path)) == 12
    assert len(list(Entities(EntitiesSettings(), tmp_path).read_inputs(str(path)))) == 14


def test_places_that_cut_words_are_suspicious(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = seen(write(tmp_path, "a.jsonl", annotations(start=1)), capsys)
    assert status == 1
    assert "an entity that begins or ends inside a word, 12 times" in said
    assert "inside a word" not in seen(write(tmp_path, "b.jsonl", annotations()), capsys)[1]


def test_halves_of_characters_are_replaced_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.jsonl", annotations('{"text": "Mia \\ud83d ran", "spans": [[0, 3, "PER"]]}'))
    assert words_and_tags(path)[-1][0] == ("Mia", "\N{REPLACEMENT CHARACTER}", "ran")
    status, said = seen(path, capsys)
    assert status == 0
    assert "half of a character (a lone surrogate), read as U+FFFD (" in said
    inputs = list(Entities(EntitiesSettings(), tmp_path).read_inputs(str(path)))
    assert inputs[-1] == "Mia \N{REPLACEMENT CHARACTER} ran"


def test_repeated_and_padded_entities_and_a_second_list_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = json.dumps({"text": "Max ran", "spans": [[0, 3, "PER"], [0, 4, "PER"]], "label": [[4, 7, "X"]]})
    path = write(tmp_path, "a.jsonl", annotations(twice))
    assert words_and_tags(path)[-1] == (("Max", "ran"), [(0, 1, "PER")])
    status, said = seen(path, capsys)
    assert status == 1
    assert "an entity that is given twice, merged" in said
    assert "'label' beside 'spans', which was taken" in said


# -- the same file in train and predict ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a.conll", "a.jsonl", "a"])
def test_what_a_file_is_follows_from_its_content_alone(tmp_path: Path, name: str) -> None:
    task = Entities(EntitiesSettings(), tmp_path)
    path = write(tmp_path, name, columns())
    assert list(task.read_inputs(str(path))) == [sentence.words for sentence in task.read(path)]
    path = write(tmp_path, name, annotations())
    assert list(task.read_inputs(str(path))) == [f"{given} sees Rome." for given in NAMES]
    assert len(task.read(path)) == 12
    path = write(tmp_path, name, "Ada sees Rome.\n\nVitamin B-12 helps.\n")
    assert list(task.read_inputs(str(path))) == ["Ada sees Rome.", "", "Vitamin B-12 helps."]


@pytest.mark.parametrize("content", [columns(), annotations(), "Ada sees Rome.\n\nBea sees Rome.\n"])
def test_a_carriage_return_within_a_line_ends_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    task = Entities(EntitiesSettings(), tmp_path)
    inputs = list(task.read_inputs(str(write(tmp_path, "a.txt", content))))
    path = tmp_path / "b.txt"
    path.write_bytes(content.replace(" ", "\r", 1).encode())
    assert list(task.read_inputs(str(path))) == inputs
    assert [one.count for one in task.findings if one.subject == "line ends"] == [1]
    if content.startswith("Ada sees"):
        return
    assert words_and_tags(path) == words_and_tags(tmp_path / "a.txt")
    assert "line ends: a carriage return within a line, read as a space (" in seen(path, capsys)[1]


def test_findings_of_predict_say_what_was_read(tmp_path: Path) -> None:
    task = Entities(EntitiesSettings(), tmp_path)
    list(task.read_inputs(str(write(tmp_path, "a.txt", "Ada sees Rome.\n"))))
    assert [str(one).split(" (")[0] for one in task.findings] == [
        "encoding: utf-8",
        "format: a text a line; it begins with no JSON and has no columns of tags",
    ]


def test_findings_are_stored_with_the_run(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", columns(tags=("B_PER", "O", "O")))
    small = {"hidden_size": 4, "embedding_size": 4, "character_size": 3, "vectors": ("none",), "steps": 1}
    throughtime.train("entities", path, out=tmp_path / "run", quiet=True, **small)
    stored = json.loads((tmp_path / "run" / "data.json").read_text())
    assert "letters joined by '_', as in 'B_PER'" in [one["what"] for one in stored["findings"]]
