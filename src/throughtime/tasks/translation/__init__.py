"""Translation: sentences of one language in another, learned from pairs of them."""

from __future__ import annotations

from throughtime.tasks.translation.settings import TranslationSettings
from throughtime.tasks.translation.task import Translation

__all__ = ["Translation", "TranslationSettings"]
