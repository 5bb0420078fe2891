"""Pairs of sentences of the same words and opposite meaning: does a model of the built-in reviews tell them apart?

    python benchmarks/negation.py RUN [RUN ...]

RUN is what `throughtime train sentiment --out RUN` made. Nothing of the pairs is in the training data, and nothing was
chosen by them: settings were chosen by the pairs of DEVELOPMENT, which are other sentences with other words.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import throughtime
from throughtime.data.words.splitting import split_words

MAIN = [("The food was good, not bad at all.", "The food was bad, not good at all.")]
PAIRS = [
    ("The acting is great, not terrible.", "The acting is terrible, not great."),
    ("It was funny and never boring.", "It was boring and never funny."),
    ("I love this film and do not hate it.", "I hate this film and do not love it."),
    ("The story is not bad, it is really good.", "The story is not good, it is really bad."),
    ("A clever plot that is not stupid at all.", "A stupid plot that is not clever at all."),
    ("The service was not slow, it was excellent.", "The service was not excellent, it was slow."),
    (
        "This is not the worst film of the year, it is the best.",
        "This is not the best film of the year, it is the worst.",
    ),
    ("The cast is strong, never weak.", "The cast is weak, never strong."),
    ("Nothing here is dull, everything is fun.", "Nothing here is fun, everything is dull."),
    ("Far from awful, the music is wonderful.", "Far from wonderful, the music is awful."),
]
DEVELOPMENT = [
    ("The hotel was nice, not dirty at all.", "The hotel was dirty, not nice at all."),
    ("The script is smart and not dumb.", "The script is dumb and not smart."),
    ("The movie was not boring, it was interesting.", "The movie was not interesting, it was boring."),
    ("It is entertaining, never tedious.", "It is tedious, never entertaining."),
    ("I recommend it and do not regret it.", "I regret it and do not recommend it."),
    ("Not a failure but a success.", "Not a success but a failure."),
    ("The jokes are fresh, not stale.", "The jokes are stale, not fresh."),
    ("This book is not poor, it is superb.", "This book is not superb, it is poor."),
    ("A beautiful film, not an ugly one.", "An ugly film, not a beautiful one."),
    ("The performance was not weak but brilliant.", "The performance was not brilliant but weak."),
    ("No part of it is bad, all of it is good.", "No part of it is good, all of it is bad."),
    ("It was enjoyable, hardly painful.", "It was painful, hardly enjoyable."),
    ("The direction is not lame, it is amazing.", "The direction is not amazing, it is lame."),
    ("The dialogue was good, not awful.", "The dialogue was awful, not good."),
]


def measure(name: str, pairs: Sequence[tuple[str, str]], positive: Sequence[tuple[float, float]]) -> None:
    """One line: pairs of which both sentences are right, sentences right, pairs in the right order."""
    both = sum(good > 0.5 > bad for good, bad in positive)
    single = sum((good > 0.5) + (bad < 0.5) for good, bad in positive)
    order = sum(good > bad for good, bad in positive)
    print(f"{name:34} pairs {both}/{len(pairs)}  sentences {single}/{2 * len(pairs)}  order {order}/{len(pairs)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--development", action="store_true", help="only the pairs that settings may be chosen by")
    asked = parser.parse_args()
    sets = {"development pairs": DEVELOPMENT} if asked.development else {"main pair": MAIN, "ten pairs": PAIRS}
    assert all(sorted(split_words(a)) == sorted(split_words(b)) for pairs in sets.values() for a, b in pairs)
    for folder in asked.runs:
        run = throughtime.Run(folder)
        bags = run.task.baseline  # type: ignore[attr-defined]
        place = run.task.labels.names.index("positive")  # type: ignore[attr-defined]
        for name, pairs in sets.items():
            answers = throughtime.predict(run, [sentence for pair in pairs for sentence in pair])
            scores = [answer["probabilities"]["positive"] for answer in answers]
            measure(f"{folder}: {name}", pairs, list(zip(scores[::2], scores[1::2], strict=True)))
            of_bags = [tuple(float(bags.probabilities(split_words(text))[place]) for text in pair) for pair in pairs]
            measure("   bag of words", pairs, of_bags)  # type: ignore[arg-type]
            print(f"   bag of words: scores of both sentences the same in {sum(a == b for a, b in of_bags)} pairs")
            for (good, bad), first, second in zip(pairs, scores[::2], scores[1::2], strict=True):
                print(f"      {first:.3f} {good}   {second:.3f} {bad}")


if __name__ == "__main__":
    main()
