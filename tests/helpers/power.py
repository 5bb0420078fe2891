"""A made-up folder of processors' meters, as Linux shows them."""

from __future__ import annotations

from pathlib import Path

ENDS = 262_143_328_850
"""Microjoules at which a meter begins anew."""


def meters(folder: Path, *microjoules: int, memory: int | None = None) -> Path:
    """Write what the meters of processors show, and that of the first one's memory; beside them those of what is
    counted already: a processor's cores, and the whole machine.
    """
    shown = {f"intel-rapl:{number}": (f"package-{number}", value) for number, value in enumerate(microjoules)}
    if microjoules:
        shown["intel-rapl:0:0"] = ("core", microjoules[0] // 2)
        shown["intel-rapl:9"] = ("psys", 2 * sum(microjoules))
        shown["intel-rapl-mmio:0"] = ("package-0", microjoules[0])
    if memory is not None:
        shown["intel-rapl:0:1"] = ("dram", memory)
    for zone, (name, value) in shown.items():
        (folder / zone).mkdir(parents=True, exist_ok=True)
        for file, content in (("name", name), ("energy_uj", value), ("max_energy_range_uj", ENDS)):
            (folder / zone / file).write_text(f"{content}\n")
    return folder
