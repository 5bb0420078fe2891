"""The sections of a run's report; each is made of what the run folder holds, and left out where that is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from throughtime.reports.curves import Curve, chart
from throughtime.reports.markup import Cell, Markup, Section, join, matrix, number, paragraph, table
from throughtime.reports.material import Material
from throughtime.reports.media import Album, spread
from throughtime.reports.reproducing import changed, command
from throughtime.reports.statistics import significance
from throughtime.storage.report import Table
from throughtime.storage.scores import MODEL

_CLASSES = 20
_DRAWN = 6  # pictures of the course of a training
_NAMES = {
    "train_loss": "loss in training",
    "learning_rate": "learning rate",
    "gradient_norm": "norm of the gradient, before clipping",
    "sequences_per_second": "sequences a second",
    "tokens_per_second": "tokens a second",
}


def sections(run: Material) -> Iterator[Section]:
    """All that there are, in the order in which they are read."""
    album = Album()
    for name, title, body in (
        ("read", "What was read", what_was_read(run)),
        ("course", "How it learned", course(run)),
        ("metrics", "How good it is", metrics(run)),
        ("examples", "Examples that are worth a look", examples(run)),
        ("samples", "What it made while it learned", samples(run, album)),
        *((f"note-{name}", note.title, noted(run, name, album)) for name, note in run.notes.items()),
        ("energy", "Energy", energy(run)),
        ("again", "How to make it again", again(run)),
    ):
        if body:
            yield Section(name, title, body)


def what_was_read(run: Material) -> Markup:
    """The splits, their classes, and what was found."""
    if run.data is None:
        return paragraph("This run is from before what was read was kept.", "note")
    splits = run.data["splits"]
    unit = next(iter(splits.values()))["unit"]
    rows: list[list[Cell]] = [
        [name, one["examples"], one["median_length"], one["longest"], one["checksum"][:12]]
        for name, one in splits.items()
    ]
    pieces = [table(["split", "examples", f"median {unit}", f"longest ({unit})", "checksum"], rows)]
    if classes := splits["train"]["classes"]:
        counts: list[list[Cell]] = [
            [name, *(one["classes"].get(name, 0) for one in splits.values())] for name in islice(classes, _CLASSES)
        ]
        more = f", the {_CLASSES} most frequent of {len(classes):,}" if len(classes) > _CLASSES else ""
        pieces.append(table(["class", *splits], counts, f"classes{more}"))
    found: list[list[Cell]] = [[one.level, str(one)] for one in run.findings]
    if found:
        pieces.append(table(["level", "finding"], found, "findings: what was taken for what, left out, looks wrong"))
    return join(pieces)


def course(run: Material) -> Markup:
    """A chart of each column of metrics.csv."""
    charts = [
        chart(_named(name), [Curve("", run.steps, run.column(name), run.best_step if _watched(name) else None)])
        for name in sorted(run.columns, key=lambda name: (not _watched(name), name != "train_loss"))
    ]
    return Markup(f'<div class="charts">{"".join(charts)}</div>') if any(charts) else Markup("")


def _watched(name: str) -> bool:
    return name.startswith("valid_")


def _named(name: str) -> str:
    if _watched(name):
        return f"{name.removeprefix('valid_')} on the validation split"
    return _NAMES.get(name, name.replace("_", " "))


def metrics(run: Material) -> Markup:
    """The model beside the baselines, how sure that is, and the tables of the evaluation."""
    report = run.report
    if report is None:
        return paragraph("This run has not been judged yet: it is still learning, or was stopped.", "note")
    rows: list[list[Cell]] = [
        [method, *(scores.get(name) for name in report.metrics)]
        for method, scores in [(MODEL, report.metrics), *report.baselines.items()]
    ]
    task = run.task.metric
    pieces = [
        table(["method", *report.metrics], rows, f"held-out test; {task.name}: {task.unit}", "first"),
        sureness(run),
        *map(_shown, report.tables),
    ]
    return join(pieces)


def sureness(run: Material) -> Markup:
    """Intervals by resampled examples, and whether the baselines could be as good by chance."""
    scores = run.scores
    if scores is None or not run.intervals:
        return paragraph(
            f"No interval can be given: {run.task.metric.name} is here not made of scores of single examples.", "note"
        )
    rows: list[list[Cell]] = []
    for method, counts in scores.counts.items():
        low, high = run.intervals[method]
        p = None if method == MODEL else significance(scores.counts[MODEL], counts, run.task.pooled)
        rows.append([method, run.pooled(method), low, high, p])
    caption = f"{scores.metric} with its 95 % interval: {len(scores):,} test examples, resampled 1,000 times"
    heads = ["method", scores.metric, "from", "to", "p of the difference from the model"]
    explained = (
        "p: how probable so large a difference would be if it were chance which of the two gave which answer (paired "
        "permutation test)"
    )
    return join([table(heads, rows, caption, "first"), paragraph(explained, "note")])


def _shown(found: Table) -> Markup:
    """A table of an evaluation; one of classes by classes as a shaded matrix."""
    columns, rows = list(found.columns), [list(row) for row in found.rows]
    if len(rows) > 1 and columns == ["", *(row[0] for row in rows)]:
        counts = [[value for value in row[1:] if not isinstance(value, str)] for row in rows]
        if all(len(row) == len(rows) for row in counts):
            return matrix(found.title, columns[1:], counts)
    return table(columns, rows, found.title)


def examples(run: Material) -> Markup:
    """Those that are answered worst, and those whose right answer surprised most."""
    scores = run.scores
    if scores is None:
        return Markup("")
    worst = scores.worst
    pieces = [_of_examples(run, worst, f"answered worst, by {scores.metric} of each alone")]
    others = [place for place in scores.most_surprising if place not in worst]
    if others:
        pieces.append(_of_examples(run, others, "most surprising: the right answer held for least probable"))
    return join(pieces)


def _of_examples(run: Material, places: Sequence[int], caption: str) -> Markup:
    scores = run.scores
    assert scores is not None
    expected = any(scores.shown[place].expected for place in places)
    heads = ["number", "example", *(["right"] if expected else []), "the model's answer", "score"]
    heads += ["nats"] if scores.surprise is not None else []
    rows: list[list[Cell]] = []
    for place in places:
        one = scores.shown[place]
        row: list[Cell] = [place + 1, one.example, *([one.expected] if expected else []), one.answer]
        row.append(float(scores.each[place]))
        rows.append(row + ([float(scores.surprise[place])] if scores.surprise is not None else []))
    return table(heads, rows, caption, "examples")


def samples(run: Material, album: Album) -> Markup:
    """Pictures that were drawn after evaluations, the first and the last among them."""
    paths = spread(sorted(run.folder.samples.glob("*.png")), _DRAWN)
    return album.figures((path, path.stem.replace("-", " ")) for path in paths) if paths else Markup("")


def noted(run: Material, name: str, album: Album) -> Markup:
    """What a later look into the run has found."""
    note = run.notes[name]
    inside = ((run.folder.notes / picture, what) for picture, what in note.pictures if "/" not in picture)
    return join([*map(paragraph, note.sentences), *map(_shown, note.tables), album.figures(inside, drawings=True)])


def energy(run: Material) -> Markup:
    """What has been used, and how that is known."""
    used = run.energy
    if used is None:
        return paragraph("unknown: this run is from before energy was counted.", "note")
    rows: list[list[Cell]] = []
    for what, one in (("the whole run", used.training), ("1,000 predictions", used.thousand)):
        if one is not None:
            rows.append([what, one.kwh, used.grams(one), one.how, one.seconds])
    parts: list[list[Cell]] = [
        [part.what, None if part.joules is None else part.joules / 3.6e6, part.how, part.by]
        for part in used.training.parts
    ]
    return join(
        [
            table(["", "kWh", "g CO2e", "how it is known", "seconds"], rows),
            table(["part of the whole run", "kWh", "how it is known", "by"], parts),
            paragraph(f"{used.grams_per_kwh:g} g CO2e a kWh: {used.intensity}", "note"),
        ]
    )


def again(run: Material) -> Markup:
    """The command, the versions, the settings."""
    mine = changed(run)
    rows: list[list[Cell]] = [
        [name, "none" if value is None else str(value), "changed" if name in mine else "default"]
        for name, value in run.task.settings.model_dump().items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in run.config["versions"].items())
    seed = run.config["settings"].get("seed", 0)
    return join(
        [
            Markup(f"<pre tabindex=0><code>{paragraph(command(run))[3:-4]}</code></pre>"),
            paragraph(f"seed {seed}; {versions}"),
            table(["setting", "value", ""], rows, "all settings"),
        ]
    )


def headline(run: Material) -> str:
    """What it came to, in a sentence."""
    report, metric = run.report, run.task.metric
    if report is None or metric.name not in report.metrics:
        return "not judged yet"
    value = report.metrics[metric.name]
    sure = ""
    if run.scores is not None and run.scores.metric == metric.name and run.intervals:
        low, high = run.intervals[MODEL]
        sure = f" (95 % interval {number(low)} to {number(high)})"
    others = {name: scores[metric.name] for name, scores in report.baselines.items() if metric.name in scores}
    if not others:
        return f"{metric.name} {number(value)}{sure} on held-out examples"
    best = (min if metric.best == "min" else max)(others, key=lambda name: others[name])
    verb = "beats" if metric.better(value, others[best]) else "does not beat"
    said = f"{metric.name} {number(value)}{sure} on held-out examples"
    return f"{said}; it {verb} the best simple method, {best} ({number(others[best])})"
