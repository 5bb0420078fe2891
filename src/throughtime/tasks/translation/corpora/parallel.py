"""Pairs of sentences that are translations of each other: aligned text files, tables, memories, catalogues."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.packed import PACKINGS, beginning, named_without_packing, suffix_of
from throughtime.data.progress import counted
from throughtime.data.splits import Split, named_splits, note_merged_splits, split_of
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError
from throughtime.tasks.translation.corpora.catalogues import CATALOGUES, read_catalogue
from throughtime.tasks.translation.corpora.memories import MEMORIES, memory_sources, read_memory
from throughtime.tasks.translation.corpora.pair import Pair, Sides, tidy
from throughtime.tasks.translation.corpora.tables import read_sources, read_table

TABLES = (".tsv", ".tab", ".csv", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm")
_JSON = ".json"  # in a folder it is more often about the data
_NOT_TOLD = Sides()


def read_pairs(
    path: Path, sides: Sides = _NOT_TOLD, encoding: str = "utf-8", *, findings: Findings | None = None
) -> list[Pair]:
    """Read all the pairs that a path stands for.

    | path                        | what is read                                                                     |
    |-----------------------------|----------------------------------------------------------------------------------|
    | a .po or .mo file           | its translated messages, msgid to msgstr or as told                              |
    | a table: .tsv, .csv, .jsonl | two columns: by name or number as told, else the first two that hold sentences   |
    | .json, .parquet, a text     |                                                                                  |
    | with tabs in it             |                                                                                  |
    | a .tmx or .xliff file       | two languages: as told, else those that it says it translates from and to        |
    | a folder                    | all the pairs of all that is here, in it                                         |
    | `corpus`, where there are   | two files of as many lines, line n of the one the translation of line n of the   |
    | `corpus.da` and `corpus.en` | other; the endings have to be told; `corpus.da` stands for the pair as well      |

    All may be packed by gzip, bzip2, xz or zip. Pairs of which a side is blank are left out, as are untranslated
    messages of catalogues.

    Args:
        path: see above.
        sides: which side is which.
        encoding: of text files; a catalogue says its own.
        findings: takes how it was understood and what was left out.

    Raises:
        DataError: it cannot be read as that, at which line and why, or the sides have to be told.
    """
    findings = Findings() if findings is None else findings
    suffix = suffix_of(path)
    if path.is_dir():
        return _folder(path, sides, encoding, findings)
    if suffix in MEMORIES and path.is_file():
        return read_memory(path, sides, findings)
    if suffix in CATALOGUES and path.exists():
        if messages := _catalogue(path, sides, findings):
            return messages
        raise DataError(path, "no translated message", "messages with msgid and msgstr, not fuzzy")
    if path.is_file() and is_table(path, sides):
        return read_table(path, sides, encoding, findings)
    return _aligned(_prefix(path, sides), sides, encoding, findings)


def sources_of(path: Path, sides: Sides, encoding: str, findings: Findings) -> list[str]:
    """What is to be translated of a file: the source column of a table, a memory's units, the lines of another text."""
    if suffix_of(path) in MEMORIES:
        return memory_sources(path, sides, findings)
    if is_table(path, sides):
        return read_sources(path, sides, encoding, findings)
    return read_lines(path, encoding, findings=findings)


def find_splits(path: Path, sides: Sides, findings: Findings | None = None) -> dict[Split, Path] | None:
    """The splits that a folder names (train, valid or dev, test), as prefixes, files or folders.

    Returns:
        As `named_splits`; None if the folder does not name them.

    Raises:
        DataError: two parts of one split, or valid and test without train.
    """
    findings = Findings() if findings is None else findings
    unread = Findings()
    units = list(dict.fromkeys(_unit(path, part) for part in _parts(path, sides, unread)))
    named = named_splits(path, units)
    if named is None:  # who reads the whole folder notes what is not read in it
        note_merged_splits(path, units, findings)
        return None
    for finding in unread:
        findings.add(finding)
    for unit in units:
        if unit not in named.values():
            findings.left_out("unread files", "pairs whose name is that of no split, beside train", unit)
    return named


def _unit(folder: Path, part: Path) -> Path:
    """A part of a folder, or the folder in it that is named after a split and holds the part."""
    first, *inside = part.relative_to(folder).parts
    return folder / first if inside and split_of(folder / first) else part


def _folder(folder: Path, sides: Sides, encoding: str, findings: Findings) -> list[Pair]:
    pairs = []
    for part in counted(_parts(folder, sides, findings), "reading translations, by the file"):
        # a catalogue that nobody has translated yet is nothing unusual among others
        if part.suffix.lower() in CATALOGUES:
            pairs += _catalogue(part, sides, findings)
        else:
            pairs += read_pairs(part, sides, encoding, findings=findings)
    if not pairs:
        hint = "" if sides.source and sides.target else "; for aligned files say --source and --target, their endings"
        raise DataError(folder, "no pairs of sentences", f"aligned files, tables, .tmx, .xliff, .po or .mo files{hint}")
    return pairs


def _parts(folder: Path, sides: Sides, findings: Findings) -> list[Path]:
    """What `read_pairs` can read in a folder: files, and prefixes of aligned files; the other files are left out."""
    try:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    except OSError as error:
        raise DataError(folder, f"a folder that cannot be read ({error.strerror})", "pairs of sentences") from error
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    parts = [file for file in files if suffix_of(file) in (*TABLES, *MEMORIES)]
    if {sides.source, sides.target} <= {None, "msgid", "msgstr"}:
        catalogues = [file for file in files if file.suffix.lower() in CATALOGUES]
        # the compiled form of a catalogue says the same again
        parts += [file for file in catalogues if file.suffix != ".mo" or file.with_suffix(".po") not in catalogues]
    read = set(parts)
    if sides.source and sides.target:
        there = set(files)
        for file in files:
            name = named_without_packing(file).name
            prefix = file.with_name(name.removesuffix(f".{sides.source}"))
            other = _side(prefix, sides.target)
            if prefix.name != name and other in there:
                parts.append(prefix)
                read |= {file, other}
    for file in files:
        if file not in read:
            what = f"a file with the ending {file.suffix!r}" + " beside its .po" * (file.suffix == ".mo")
            findings.left_out("unread files", what, file)
    return parts


def _prefix(path: Path, sides: Sides) -> Path:
    """The part that the names of two aligned files have in common."""
    name = named_without_packing(path).name
    for side in (sides.source, sides.target):
        if side and path.is_file() and name.endswith(f".{side}"):
            return path.with_name(name.removesuffix(f".{side}"))
    if path.is_file():
        expected = "a table, .tmx, .xliff, .po or .mo file, or what the names of two aligned files have in common"
        raise DataError(
            path,
            f"a file with the ending {path.suffix!r} and no tab in its first line",
            f"{expected} (--source, --target)",
        )
    return path


def _aligned(prefix: Path, sides: Sides, encoding: str, findings: Findings) -> list[Pair]:
    if not (sides.source and sides.target):
        expected = "a file or folder; for two aligned files, what their names have in common, and --source and --target"
        raise DataError(prefix, "no such file", expected)
    paths = [_side(prefix, side) for side in (sides.source, sides.target)]
    for path in paths:
        if not path.is_file():
            raise DataError(path, "no such file", f"two aligned files, {paths[0].name} and {paths[1].name}")
    source, target = (read_lines(path, encoding, findings=findings) for path in paths)
    if len(source) != len(target):
        found = f"{len(source):,} lines, and {len(target):,} in {paths[1].name}"
        raise DataError(paths[0], found, "as many in both: line n of the one is the translation of line n of the other")
    findings.taken("format", f"aligned files: {paths[0].name} the source, {paths[1].name} the target", prefix)
    pairs = []
    for line, (one, other) in enumerate(zip(source, target, strict=True), 1):
        if one.strip() and other.strip():
            pairs.append(Pair(tidy(one), tidy(other), paths[0], line))
        elif one.strip() or other.strip():
            findings.left_out("empty sides", "a pair without a text on both sides", paths[0], line)
        else:
            findings.left_out("empty sides", "a line that is empty in both files", paths[0], line)
    if not pairs:
        raise DataError(paths[0], "no line that has text in both files", "pairs of sentences")
    return pairs


def _side(prefix: Path, side: str) -> Path:
    """One of two aligned files, packed or not."""
    plain = prefix.with_name(f"{prefix.name}.{side}")
    packed = (plain.with_name(plain.name + packing) for packing in PACKINGS)
    return plain if plain.exists() else next((path for path in packed if path.exists()), plain)


def _catalogue(path: Path, sides: Sides, findings: Findings) -> list[Pair]:
    asked = (sides.source or "msgid", sides.target or "msgstr")
    if sides in (Sides(None, "msgid"), Sides("msgstr", None)):
        asked = ("msgstr", "msgid")
    if set(asked) != {"msgid", "msgstr"}:
        raise DataError(path, f"the sides {asked[0]!r} and {asked[1]!r}", "msgid and msgstr, the sides of a catalogue")
    findings.taken("format", f"a catalogue of messages: {asked[0]} the source, {asked[1]} the target", path)
    return [Pair(*message) for message in read_catalogue(path, *asked, findings=findings)]


def is_table(path: Path, sides: Sides) -> bool:
    """Whether a file is a table: it is called so, or is no side of aligned files and has a tab in its first line."""
    if suffix_of(path) in (*TABLES, _JSON) or sides.marks.delimiter is not None:
        return True
    name = named_without_packing(path).name
    aligned = any(side and name.endswith(f".{side}") for side in (sides.source, sides.target))
    return not aligned and b"\t" in beginning(path).partition(b"\n")[0]
