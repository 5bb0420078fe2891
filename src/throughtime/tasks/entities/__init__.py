"""Entities: the names in a sentence, and what kind of name each is."""

from __future__ import annotations

from throughtime.tasks.entities.settings import EntitiesSettings
from throughtime.tasks.entities.task import Entities

__all__ = ["Entities", "EntitiesSettings"]
