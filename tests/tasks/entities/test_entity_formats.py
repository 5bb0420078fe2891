from __future__ import annotations

import json
from pathlib import Path

import pytest

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.entities import EntitiesSettings
from throughtime.tasks.entities.corpora.reading import read_sentences, read_to_answer
from throughtime.tasks.entities.corpora.sentence import Span

WORDS = [("Ann", "Lee", "met", "Bo", "."), ("In", "Rome", "!")]
SPANS = [(Span(0, 2, "PER"), Span(3, 4, "PER")), (Span(1, 2, "LOC"),)]
TAGS = [["B-PER", "I-PER", "O", "B-PER", "O"], ["O", "B-LOC", "O"]]
NAMES = ("O", "B-PER", "I-PER", "B-LOC")
PLACES = [[[0, 7, "PER"], [12, 14, "PER"]], [[3, 7, "LOC"]]]
TEXTS = [" ".join(words) for words in WORDS]


def studio(places: list[list[object]]) -> list[dict[str, object]]:
    return [{"start": start, "end": end, "labels": [label]} for start, end, label in places]


TASKS = [
    {"data": {"text": text}, "annotations": [{"result": [{"type": "labels", "value": one} for one in studio(places)]}]}
    for text, places in zip(TEXTS, PLACES, strict=True)
]
ROWS = [[*zip(words, tags, strict=True)] for words, tags in zip(WORDS, TAGS, strict=True)]
TABLE = "Sentence #,Word,POS,Tag\n" + "".join(
    f'{"" if place else f"Sentence: {number}"},"{word}",NN,{tag}\n'
    for number, row in enumerate(ROWS)
    for place, (word, tag) in enumerate(row)
)
AS_WORDS = {
    "tokens.jsonl": "\n".join(json.dumps({"tokens": w, "ner_tags": t}) for w, t in zip(WORDS, TAGS, strict=True)),
    "numbers.jsonl": "\n".join(
        json.dumps({"tokens": w, "ner_tags": list(map(NAMES.index, t))}) for w, t in zip(WORDS, TAGS, strict=True)
    ),
    "kaggle.csv": TABLE,
    "sentences.tsv": "text\tlabels\n"
    + "".join(f"{text}\t{' '.join(tags)}\n" for text, tags in zip(TEXTS, TAGS, strict=True)),
    "wiki.txt": "".join(" ".join(f"{word}|NN|{tag}" for word, tag in row) + "\n" for row in ROWS),
    "first.conll": "\n".join("".join(f"{tag} {word}\n" for word, tag in row) for row in ROWS),
    "under.conll": "\n".join("".join(f"{word} {tag.replace('-', '_')}\n" for word, tag in row) for row in ROWS),
}
AS_TEXTS = {
    "studio.json": json.dumps(TASKS),
    "studio_min.json": json.dumps([{"text": t, "label": studio(p)} for t, p in zip(TEXTS, PLACES, strict=True)]),
    "html.jsonl": "\n".join(
        json.dumps({"text": f"<b>{t}</b><br/>", "spans": [[s + 3, e + 3, k] for s, e, k in p]})
        for t, p in zip(TEXTS, PLACES, strict=True)
    ),
}


@pytest.mark.parametrize("name", [*AS_WORDS, *AS_TEXTS])
def test_entities_are_read_and_answered_alike(tmp_path: Path, name: str) -> None:
    asked, path = EntitiesSettings(tag_names=NAMES), tmp_path / name
    path.write_text((AS_WORDS | AS_TEXTS)[name], encoding="utf-8")
    found = read_sentences(path, asked, Findings())
    assert [sentence.words for sentence in found] == WORDS
    assert [sentence.spans for sentence in found] == SPANS
    inputs = list(read_to_answer(path, asked, Findings()))
    if name in AS_WORDS:
        assert [tuple(words) for words in inputs] == WORDS
    else:
        assert all(text in given for text, given in zip(TEXTS, inputs, strict=True))


def test_numbers_without_names_and_tags_for_other_words_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(AS_WORDS["numbers.jsonl"])
    with pytest.raises(DataError, match="line 1: found the number 1 as a tag, expected names: --tag-names"):
        read_sentences(path, EntitiesSettings(), Findings())
    path.write_text('{"tokens": ["Ann", "ran"], "ner_tags": ["B-PER"]}\n')
    with pytest.raises(DataError, match="line 1: found 2 words and 1 tags"):
        read_sentences(path, EntitiesSettings(), Findings())


def test_texts_that_an_annotator_rejected_are_left_out(tmp_path: Path) -> None:
    path, findings = tmp_path / "a.jsonl", Findings()
    answers = ({"text": "Ann ran", "spans": [[0, 3, "PER"]], "answer": answer} for answer in ("accept", "reject"))
    path.write_text("\n".join(map(json.dumps, answers)))
    assert len(read_sentences(path, EntitiesSettings(), findings)) == 1
    assert [finding.subject for finding in findings if finding.level == "left out"] == ["rejected texts"]
