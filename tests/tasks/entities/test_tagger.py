from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.data.loaders import BucketLoader
from throughtime.data.words.vocabulary import Vocabulary
from throughtime.decoding.crf import CRF
from throughtime.errors import ArgumentError
from throughtime.layers import LSTM
from throughtime.models.parts.characters import CharacterCNN, CharacterEncoder, CharacterLSTM, buckets
from throughtime.models.tagger import Tagger, WordFeatures
from throughtime.tasks.entities.answers import possible_tags
from throughtime.tasks.entities.corpora.schemes import Scheme, all_tags, rules, spans_of
from throughtime.tasks.entities.corpora.sentence import Span
from throughtime.tasks.entities.corpora.spellings import LONGEST_WORD, SpelledLoader, Spellings

WORDS = ["a", "to", "is", "see", "letter", "Teddy", "Roosevelt", "https://example.org/a/long/link", "é"]
SENTENCES = [["a", "letter", "to", "Teddy"], ["see", "https://example.org/a/long/link"], ["is", "a", "a"], ["é"]]


def loader(batch_size: int, alphabet: Vocabulary) -> SpelledLoader:
    rows = [
        {"inputs": np.array([4 + WORDS.index(w) for w in s]), "forms": np.array([WORDS.index(w) for w in s])}
        for s in SENTENCES
    ]
    plain = BucketLoader(rows, batch_size, seed=0, shuffle=False, padding={"forms": -1})
    return SpelledLoader(plain, Spellings(WORDS, alphabet))


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_batches_hold_the_letters_of_each_distinct_word_once_shortest_first(batch_size: int) -> None:
    alphabet = Vocabulary.fit(WORDS)
    for number, batch in enumerate(loader(batch_size, alphabet).epoch(0)):
        lengths = batch["character_lengths"].tolist()
        assert lengths == sorted(lengths)
        starts = np.cumsum([0, *lengths])
        spelled = ["".join(alphabet.decode(batch["characters"][a:b].tolist())) for a, b in pairwise(starts)]
        sentences = SENTENCES[number * batch_size : (number + 1) * batch_size]
        assert sorted(spelled) == sorted({word for sentence in sentences for word in sentence})
        for row, sentence in enumerate(sentences):
            assert [spelled[place] for place in batch["spelling"][row, : len(sentence)]] == sentence
        assert "forms" not in batch.tensors


def test_a_link_is_spelled_by_its_two_ends_and_unknown_letters_are_one() -> None:
    alphabet = Vocabulary("ab")
    word = "a" * 30 + "b" * 30
    characters, lengths = Spellings([word, "xab"], alphabet).of(np.array([0, 1]))
    half = LONGEST_WORD // 2
    assert lengths.tolist() == [LONGEST_WORD, 3]
    assert alphabet.decode(characters.tolist()) == [*"a" * half, *"b" * half, "<unk>", "a", "b"]


@pytest.mark.parametrize("kind", [CharacterLSTM, CharacterCNN])
def test_a_words_vector_depends_on_its_own_letters_alone(kind: type[CharacterEncoder]) -> None:
    torch.manual_seed(0)
    encoder = kind(12, 5, 4).double()
    lengths = torch.tensor([1, 1, 2, 3, 3, 4, 7, 20, 21])
    letters = torch.randint(12, (int(lengths.sum()),))
    together = encoder(letters, lengths)
    for row, word in enumerate(letters.split(lengths.tolist())):
        alone = encoder(word, torch.tensor([len(word)]))
        torch.testing.assert_close(together[row], alone[0], atol=1e-12, rtol=0)
    assert encoder(letters[:0], lengths[:0]).shape == (0, encoder.size)


def test_character_lstm_is_what_torch_computes() -> None:
    torch.manual_seed(0)
    encoder = CharacterLSTM(9, 5, 4).double()
    plain = torch.nn.LSTM(5, 4, bidirectional=True, batch_first=True).double()
    plain.load_state_dict(encoder.recurrent.state_dict())
    word = torch.tensor([[4, 8, 5, 5]])
    _, (hidden, _) = plain(encoder.embedding(word))
    torch.testing.assert_close(encoder(word[0], torch.tensor([4]))[0], hidden[:, 0].reshape(-1))


def test_buckets_cover_everything_and_pad_to_three_times_at_most() -> None:
    lengths = sorted(np.random.default_rng(0).integers(1, 90, 300).tolist())
    cuts = list(buckets(lengths))
    assert [place for first, last in cuts for place in range(first, last)] == list(range(300))
    assert all(lengths[last - 1] <= 3 * lengths[first] for first, last in cuts)
    assert list(buckets([])) == []


def make(
    crf: bool = True, bidirectional: bool = True, letters: bool = True, dropout: float = 0.0, rate: float = 0.0
) -> Tagger:
    torch.manual_seed(0)
    characters = CharacterLSTM(40, 4, 3) if letters else None
    features = WordFeatures(torch.full((4 + len(WORDS),), rate), 6, characters, torch.randn(13, 5))
    recurrent = LSTM(features.size, 7, batch_first=True, bidirectional=bidirectional)
    tags = all_tags(["X"], "IOB2")
    return Tagger(
        features,
        recurrent,
        len(tags),
        CRF(len(tags), *map(torch.from_numpy, rules(tags, "IOB2"))) if crf else None,
        dropout,
        locked=True,
    ).double()


def batches(size: int) -> list[Batch]:
    found = []
    for batch in loader(size, Vocabulary.fit(WORDS)).epoch(0):
        tensors = dict(batch.tensors)
        tensors["pretrained"] = tensors["inputs"].clamp(max=12)
        tensors["targets"] = (tensors["inputs"] == 9).long()  # Teddy is B-X
        found.append(Batch(tensors, batch.sequences, batch.tokens))
    return found


@pytest.mark.parametrize("crf", [True, False])
def test_a_batch_is_its_sentences_each_by_itself(crf: bool) -> None:
    model = make(crf)
    (together,) = batches(4)
    loss = model.loss(together)
    alone = [model.loss(batch) for batch in batches(1)]
    assert loss.total.item() == pytest.approx(sum(one.total.item() for one in alone), rel=1e-12)
    assert loss.count == sum(one.count for one in alone) == 10
    best = model.best(model(together), together["lengths"])
    for row, batch in enumerate(batches(1)):
        own = model.best(model(batch), batch["lengths"])[0]
        assert best[row, : len(own)].tolist() == own.tolist()
        assert best[row, len(own) :].eq(0).all()


def test_softmax_loss_is_the_cross_entropy_of_the_real_words() -> None:
    model = make(crf=False)
    for batch in batches(1):
        expected = F.cross_entropy(model(batch)[0], batch["targets"][0], reduction="sum")
        assert model.loss(batch).total.item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize("scheme", ["IO", "IOB2", "IOBES"])
def test_the_probability_of_an_entity_is_that_of_all_sentences_of_tags_that_have_it(crf: bool, scheme: Scheme) -> None:
    torch.manual_seed(1)
    tags = all_tags(["X", "Y"], scheme)
    machine = CRF(len(tags), *map(torch.from_numpy, rules(tags, scheme))).double() if crf else None
    model = Tagger(torch.nn.Identity(), LSTM(2, 2, batch_first=True), len(tags), machine)
    steps = 3
    scores, lengths = torch.randn(1, steps, len(tags), dtype=torch.float64), torch.tensor([steps])
    sums: dict[Span, float] = {}
    total = 0.0
    for path in product(range(len(tags)), repeat=steps):
        if machine is not None:
            weight = math.exp(machine.score(scores, torch.tensor([path]), lengths).item())
        else:
            weight = math.exp(sum(scores[0, t, k].item() for t, k in enumerate(path)))
        total += weight
        for span in spans_of([tags[k] for k in path]):
            sums[span] = sums.get(span, 0.0) + weight
    for span, weight in sums.items():
        possible = torch.from_numpy(possible_tags(span, steps, steps, tags, scheme))[None]
        found = model.probability(scores, lengths, possible).item()
        # without a CRF tags may break the scheme's rules, and then one entity has several ways to be written
        assert found <= weight / total + 1e-12
        if crf or scheme == "IO":
            assert found == pytest.approx(weight / total, rel=1e-10)


def test_forward_alone_cannot_tell_what_comes_next() -> None:
    person = Batch({"inputs": torch.tensor([[5, 9, 10]]), "lengths": torch.tensor([3])}, 1, 3)
    bears = Batch({"inputs": torch.tensor([[5, 9, 8]]), "lengths": torch.tensor([3])}, 1, 3)
    for both_ways in (False, True):
        torch.manual_seed(0)
        recurrent = LSTM(6, 7, batch_first=True, bidirectional=both_ways)
        model = Tagger(WordFeatures(torch.zeros(13), 6), recurrent, 3).eval()
        same = torch.equal(model(person)[0, 1], model(bears)[0, 1])
        assert same != both_ways


def test_training_takes_words_for_unknown_as_often_as_told() -> None:
    (batch,) = batches(4)
    features = make(letters=False, rate=1.0).features
    unknown = features(Batch({**batch.tensors, "inputs": torch.ones_like(batch["inputs"])}, 4, 10))
    assert torch.equal(features.train()(batch), unknown)
    assert not torch.equal(features.eval()(batch), unknown)
    never = make(letters=False, rate=0.0).features
    assert torch.equal(never.train()(batch), never.eval()(batch))


def test_pretrained_vectors_stay_and_everything_else_learns() -> None:
    model = make()
    before = {name: value.clone() for name, value in model.named_parameters()}
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    model.loss(batches(4)[0]).total.backward()
    optimiser.step()
    same = {name for name, value in model.named_parameters() if torch.equal(value, before[name])}
    assert same == {"features.pretrained.weight"}


def test_parts_that_do_not_fit_are_named() -> None:
    recurrent = LSTM(2, 2, batch_first=True)
    with pytest.raises(ArgumentError, match="found 1 tags"):
        Tagger(torch.nn.Identity(), recurrent, 1)
    with pytest.raises(ArgumentError, match="a CRF of 4"):
        Tagger(torch.nn.Identity(), recurrent, 3, CRF(4))
    with pytest.raises(ArgumentError, match="batch_first=False"):
        Tagger(torch.nn.Identity(), LSTM(2, 2), 3)
