"""The problems of memory: what is asked has the answer that is expected, and splits share nothing."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from throughtime.bench.memory.adding import Adding
from throughtime.bench.memory.agreement import Agreement, batch_of
from throughtime.bench.memory.copying import Copying
from throughtime.bench.memory.grammar import MOST, NOUNS, VERBS, VOCABULARY, Sentence, sentences
from throughtime.bench.memory.start import chrono
from throughtime.insight.gates import half_life
from throughtime.layers import Recurrent
from throughtime.layers.kinds import KINDS


def test_two_numbers_are_marked_one_in_each_half_and_their_sum_is_asked_for() -> None:
    problem = Adding(31, hidden_size=4, steps=1)
    for batch in islice(problem.loader("train", seed=5).epoch(0), 3):
        numbers, marks = batch["inputs"].unbind(-1)
        assert marks[:, :15].sum(dim=1).tolist() == marks[:, 15:].sum(dim=1).tolist() == [1.0] * 32
        expected = [sum(row[mark == 1].tolist()) for row, mark in zip(numbers, marks, strict=True)]
        assert batch["targets"].tolist() == pytest.approx(expected)
        assert 0 <= float(numbers.min()) < 0.01
        assert 0.99 < float(numbers.max()) < 1


def test_always_answering_one_comes_to_what_is_called_a_guess() -> None:
    problem = Adding(10, hidden_size=4, steps=1)
    model = problem.model(KINDS["gru"](2, 4, batch_first=True))
    for weight in model.parameters():
        torch.nn.init.zeros_(weight)
    torch.nn.init.ones_(model.output.bias)
    # 1,280 squares whose own deviation is 0.2
    assert problem.judge(model, "test")["squared_error"] == pytest.approx(problem.guess, abs=3 * 0.2 / 1280**0.5)


def test_what_is_said_first_is_to_be_said_again_when_it_is_asked_for() -> None:
    problem = Copying(7, hidden_size=4, steps=1)
    batch = next(problem.loader("train", seed=0).epoch(0))
    inputs, targets = batch["inputs"].numpy(), batch["targets"].numpy()
    assert inputs.shape == targets.shape == (50, 27)
    assert set(np.unique(inputs[:, :10])) == set(range(1, 9))
    assert (inputs[:, 10:16] == 9).all()
    assert (inputs[:, 16] == 10).all()
    assert (inputs[:, 17:] == 9).all()
    assert (targets[:, :17] == 9).all()
    np.testing.assert_array_equal(targets[:, 17:], inputs[:, :10])


def test_who_knows_when_to_speak_but_not_what_comes_to_what_is_called_a_guess() -> None:
    problem = Copying(5, hidden_size=4, steps=1)
    silent, speaking = np.zeros(11), np.zeros(11)
    silent[9], speaking[1:9] = 1.0, 1 / 8
    (batch,) = islice(problem.loader("test", seed=0).epoch(0), 1)
    terms = [-np.log((speaking if step >= 15 else silent)[batch["targets"][:, step]]) for step in range(25)]
    assert np.mean(terms) == pytest.approx(problem.guess)


@pytest.mark.parametrize("cell", ["gru", "reset_after", "lstm"])
def test_gates_begin_with_memories_of_all_lengths(cell: str) -> None:
    torch.manual_seed(0)
    layer: Recurrent = KINDS[cell](1, 400)
    chrono(layer, longest=100)
    for name, weight in layer.named_parameters():
        if name.startswith("weight"):
            torch.nn.init.zeros_(weight)
    with torch.no_grad():
        _, _, trace = layer(torch.zeros(1, 1, 1), trace=True)
    steps = trace[0, 0]
    kept = steps["forget"] if cell == "lstm" else 1 - steps["update"]
    if cell == "lstm":
        torch.testing.assert_close(steps["input"], 1 - kept)
    lives = half_life(kept[:, 0].numpy())
    # (τ - 1) / τ at each step, τ from 2 to 100
    assert lives.min() >= 1
    assert lives.max() <= np.log(0.5) / np.log(0.99) + 1e-3
    times = 1 / (1 - kept[0, 0].numpy())
    assert times.mean() == pytest.approx(51, abs=3 * 28.3 / 400**0.5)


MANY = {many for _, many in NOUNS}
ONE = {one for one, _ in NOUNS}


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_the_verb_agrees_with_the_first_noun_whatever_stands_between(split: str) -> None:
    numbers = {form: plural for forms in VERBS for plural, form in enumerate(forms)}
    seen = set()
    for sentence in islice(sentences(split, seed=3), 200):
        nouns = [word in MANY for word in sentence.words if word in MANY | ONE]
        (verb,) = (place for place, word in enumerate(sentence.words) if word in numbers)
        assert verb == sentence.verb
        assert nouns[0] == sentence.plural == numbers[sentence.words[verb]]
        assert len(nouns) - 1 == sentence.between <= MOST
        assert nouns[1:].count(not nouns[0]) == sentence.attractors
        assert set(sentence.words) <= set(VOCABULARY)
        seen.add((sentence.between, sentence.plural))
    assert len(seen) == 2 * (MOST + 1)


def test_spans_say_where_subject_and_verb_stand_in_the_text() -> None:
    for sentence in islice(sentences("test", seed=1), 50):
        found = {name: sentence.text[start:end] for name, (start, end) in sentence.spans.items()}
        assert found == {"subject": sentence.words[1], "verb": sentence.words[sentence.verb]}
        assert sentence.text.endswith(".")
        assert " ," not in sentence.text


def test_the_wrong_sentence_differs_in_the_form_of_the_verb_alone() -> None:
    forms = {form: other for pair in VERBS for form, other in (pair, pair[::-1])}
    for sentence in islice(sentences("test", seed=2), 50):
        changed = [pair for pair in zip(sentence.words, sentence.wrong.words, strict=True) if len(set(pair)) == 2]
        assert changed == [(sentence.words[sentence.verb], forms[sentence.words[sentence.verb]])]


def test_no_sentence_that_is_judged_is_learned_from() -> None:
    texts = {split: {one.text for one in islice(sentences(split, 7), 600)} for split in ("train", "valid", "test")}
    assert not texts["train"] & texts["valid"]
    assert not texts["train"] & texts["test"]
    assert not texts["valid"] & texts["test"]


def test_attractors_that_are_asked_for_are_all_of_the_other_number() -> None:
    for sentence in islice(sentences("valid", 0, 4, opposed=True), 30):
        assert (sentence.between, sentence.attractors) == (4, 4)


def test_who_finds_the_right_verb_more_probable_is_right() -> None:
    """A softmax that looks at nothing but the bias: it prefers the plural always, and is right for half of them."""
    problem = Agreement(hidden_size=8, steps=1)
    model = problem.model(KINDS["gru"](8, 8, batch_first=True))
    for weight in model.parameters():
        torch.nn.init.zeros_(weight)
    for _, many in VERBS:
        model.output.bias.data[1 + VOCABULARY.index(many)] = 1.0
    for attractors in (0, 4):
        some = list(islice(sentences("valid", 0, attractors, opposed=True), 200))
        share = sum(one.plural for one in some) / len(some)
        assert problem.judge(model, "valid")[f"right_{attractors}"] == pytest.approx(share)


def test_a_word_is_the_answer_to_those_before_it() -> None:
    short = Sentence(("The", "cat", "was", "full", "."), 1, 2, False, 0, 0)
    (long,) = islice(sentences("train", 0, 3), 1)
    batch = batch_of([short, long])
    words = ["<end>", *VOCABULARY]
    for row, one in enumerate((short, long)):
        length = int(batch["lengths"][row])
        assert [words[number] for number in batch["inputs"][row, :length]] == ["<end>", *one.words]
        assert [words[number] for number in batch["targets"][row, :length]] == [*one.words, "<end>"]
