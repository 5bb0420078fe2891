"""A run folder's config.toml: all that was asked, and the versions that did it."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from throughtime import __version__
from throughtime.errors import ThroughtimeError
from throughtime.settings import Settings
from throughtime.storage.atomic import clear_errors, write_atomically

_FORMAT = 1
_PARTS = {"format": int, "task": str, "unset": list, "settings": dict, "data": dict, "versions": dict}
_ROLES = {"data", "train", "valid", "test"}
_LARGEST = 2**20


def write(path: Path, task: str, data: Mapping[str, str], settings: Settings, features: Mapping[str, str]) -> None:
    """Write it, as `RunFolder.write_config` takes it; features are their files' checksums, by name."""
    import torch

    values = settings.model_dump(mode="json")
    content = {
        "format": _FORMAT,
        "task": task,
        # TOML has no null: settings without a value are listed by name
        "unset": sorted(name for name, value in values.items() if value is None),
        "settings": {name: value for name, value in values.items() if value is not None},
        "data": dict(data),
        "features": dict(features),
        "versions": {"throughtime": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }
    write_atomically(path, tomli_w.dumps(content))


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote: `task`, `settings`, `data`, `features` (earlier runs: none, or names without
    checksums, which are "" then), `versions`.

    Raises:
        ThroughtimeError: it is missing, broken, or of a later version.
    """
    with clear_errors(path, "read"), path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ThroughtimeError(f"{path}: found more than {_LARGEST:,} bytes, expected a configuration of throughtime")
    try:
        config = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or lists within lists without end
        raise ThroughtimeError(f"{path}: found no readable TOML ({error})") from error
    for name, kind in _PARTS.items():
        if not isinstance(config.get(name), kind):
            raise ThroughtimeError(f"{path}: found no {name!r}, expected a configuration of throughtime")
    if config["format"] > _FORMAT:
        raise ThroughtimeError(
            f"{path}: found format {config['format']}, expected at most {_FORMAT}: "
            f"it was written by throughtime {config['versions'].get('throughtime')}, this is {__version__}"
        )
    if not all(isinstance(name, str) for name in config["unset"]):
        raise ThroughtimeError(f"{path}: found unset = {config['unset']!r:.100}, expected names of settings")
    for role, place in config["data"].items():
        if role not in _ROLES or not isinstance(place, str) or "\0" in place:
            raise ThroughtimeError(f"{path}: found the data {role} = {place!r:.100}, expected a path of data")
    features = config.setdefault("features", [])
    if isinstance(features, list) and all(isinstance(name, str) for name in features):
        config["features"] = features = dict.fromkeys(features, "")
    if not isinstance(features, dict) or not all(
        isinstance(checksum, str) and Path(name).name == name for name, checksum in features.items()
    ):
        raise ThroughtimeError(f"{path}: found features = {features!r:.100}, expected names of files, with checksums")
    config["settings"] |= dict.fromkeys(config["unset"])
    return config
