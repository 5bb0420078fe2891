"""What an application is: the core that every one has, and one small interface a capability."""

from __future__ import annotations

from throughtime.data.splits import Splits
from throughtime.tasks.base.attackable import Attackable
from throughtime.tasks.base.attends import Alignment, Attends
from throughtime.tasks.base.capability import Capability
from throughtime.tasks.base.classifies import Classifies
from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.base.draws import Draws
from throughtime.tasks.base.embeds import Embeds
from throughtime.tasks.base.expresses import Expresses
from throughtime.tasks.base.generates import Generates, GenerateSettings, check_writable
from throughtime.tasks.base.inputs import existing
from throughtime.tasks.base.measures import Measures
from throughtime.tasks.base.metric import Metric
from throughtime.tasks.base.paints import Paints
from throughtime.tasks.base.streams import Streams
from throughtime.tasks.base.symbols import Symbols, SymbolSequence
from throughtime.tasks.base.task import Described, Prediction, Task
from throughtime.tasks.base.watches import Watches

__all__ = [
    "Alignment",
    "Attackable",
    "Attends",
    "Capability",
    "Classifies",
    "Condition",
    "Conditions",
    "Described",
    "Draws",
    "Embeds",
    "Expresses",
    "GenerateSettings",
    "Generates",
    "Measures",
    "Metric",
    "Paints",
    "Prediction",
    "Splits",
    "Streams",
    "SymbolSequence",
    "Symbols",
    "Task",
    "Watches",
    "check_writable",
    "existing",
]
