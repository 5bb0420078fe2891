"""The documentation: links and files exist, commands can be parsed, Python runs, sentences are those of the source."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from throughtime import tasks
from throughtime.cli import (
    bench,
    bench_agreement,
    bench_memory,
    check,
    evaluate,
    generate,
    main,
    predict,
    report,
    stress,
    train,
)
from throughtime.cli.inside import attention, embeddings, gates, gradients, saliency, units
from throughtime.tasks.base import Generates

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINES_OF_README = 120

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@cache
def files_of_ours() -> list[str]:
    folders = ("src", "tests", "benchmarks", "docs")
    return [f"/{path.relative_to(ROOT)}" for folder in folders for path in (ROOT / folder).rglob("*.*")]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LINES_OF_README


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    files = [target.partition("#")[0] for target in targets if "://" not in target]
    assert [file for file in files if file and not (page.parent / file).exists()] == []


@each_page
def test_named_files_exist(page: Path) -> None:
    """Files of ours in backticks, by any end of their path: `benchmarks/speech.py prompts`, `cpp/simd.h`."""
    named = re.findall(r"`([\w./-]+\.(?:py|h|cpp))\b[^`]*`", page.read_text(encoding="utf-8"))
    ours = [name for name in named if not re.search(r"NAME|^__init__", name)]
    assert [name for name in ours if not any(path.endswith(f"/{name}") for path in files_of_ours())] == []


# -- commands ------------------------------------------------------------------------------------------------


def flags_of(*classes: type[Any]) -> set[str]:
    """The options that settings and arguments have on the command line."""
    names: set[str] = set()
    for kind in classes:
        fields = kind.model_fields if hasattr(kind, "model_fields") else (f.name for f in dataclasses.fields(kind))
        names |= {name.rstrip("_").replace("_", "-") for name in fields}  # `from_` is no word of Python's
    return {f"--{name}" for name in names} | {f"--no-{name}" for name in names} | {"--help"}


def flags_for(verb: str, task: str | None) -> set[str]:
    found = [tasks.find(task)] if task is not None else [tasks.find(name) for name in tasks.names]
    if verb in ("train", "check"):
        return flags_of({"train": train, "check": check}[verb].Arguments, *(one.Settings for one in found))
    if verb == "generate":
        return flags_of(generate.Arguments, *(one.Generation for one in found if issubclass(one, Generates)))
    return flags_of(*(module.Arguments for module in OTHERS.get(verb, ())))


OTHERS = {
    "evaluate": [evaluate],
    "predict": [predict],
    "stress": [stress],
    "report": [report],
    "bench": [bench, bench_agreement, bench_memory],
    "inspect": [attention, embeddings, gates, gradients, saliency, units],
}


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command line, without what stands after two spaces, which explains it."""
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"^(?:    |\$ |.*?`)(?:.*\| )?throughtime ([a-z].*?)(?:`|$)", text, re.MULTILINE):
        command = re.split(r"  +| \|\| | && | > | \| ", re.sub(r"\"[^\"]*\"", "TEXT", line))[0]
        yield command.split()


@each_page
def test_commands_can_be_given(page: Path) -> None:
    for verb, *words in commands(page):
        assert verb in main.VERBS, verb
        task = None
        if verb in ("train", "check") and words:  # a verb alone is only spoken of
            assert words[0] in (*tasks.names, "TASK", "--help"), words[0]
            task = words[0] if words[0] in tasks.names else None
        options = {word for word in words if word.startswith("--")}
        assert options <= flags_for(verb, task), (verb, *words)


@cache
def flags_anywhere() -> set[str]:
    """Of all verbs and tasks, and of the benchmarks."""
    known = {flag for verb in ("train", "check", "generate", *OTHERS) for flag in flags_for(verb, None)}
    scripts = (path.read_text(encoding="utf-8") for path in ROOT.glob("benchmarks/*.py"))
    return known | {flag for script in scripts for flag in re.findall(r"--[a-z][a-z-]+", script)} | {"--version"}


@each_page
def test_options_exist(page: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    options = {flag for span in spans for flag in re.findall(r"(?<!\S)--[a-z][a-z-]+", span)}
    assert options - flags_anywhere() == set()


@pytest.mark.parametrize("name", tasks.names)
def test_every_application_has_a_page(name: str) -> None:
    """With what files, what comes out, and what to do when it is not good enough; its options are this task's."""
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for title in ("Files", "The model", "What comes out", "When it is not good enough"):
        assert f"\n## {title}\n" in text
    task = tasks.find(name)
    own = flags_for("train", name) | flags_for("evaluate", None) | flags_for("predict", None)
    if issubclass(task, Generates):
        own |= flags_for("generate", name)
    spans = [span for span in re.findall(r"`([^`\n]+)`", text) if "benchmarks/" not in span]
    assert {flag for span in spans for flag in re.findall(r"(?<!\S)--[a-z][a-z-]+", span)} - own == set()


# -- Python --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "README.md" and blocks(page, "python")])
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page that are marked `python`, one after the other; those marked `py` are only shown."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


@each_page
def test_python_can_be_read(page: Path) -> None:
    for block in blocks(page, "py"):
        ast.parse(block)


# -- sentences -----------------------------------------------------------------------------------------------


@cache
def strings() -> str:
    """All string constants of the package, those of one expression together as they are in the source."""
    found = []
    for path in (ROOT / "src").rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        found += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\0".join(found)


def sentences() -> list[str]:
    """Those in the first column of troubleshooting's tables; in two backticks where one is a part of them."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`.*?) \| ", text, re.MULTILINE)
    spans = (span for cell in cells for _, span in re.findall(r"(`+)(.+?)\1(?!`)", cell))
    return [span for span in spans if " " in span]


def test_sentences_are_those_of_the_source() -> None:
    """What stands between names and numbers, and between "found" and "expected", which `DataError` puts in."""
    assert len(sentences()) > 80
    parts = {sentence: re.split(r"…|\bfound |, expected ", sentence) for sentence in sentences()}
    strange = {
        sentence: [part for part in some if part.strip(" ,:;()") not in strings()] for sentence, some in parts.items()
    }
    assert {sentence: some for sentence, some in strange.items() if some} == {}
