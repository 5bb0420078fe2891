"""Sentiment: the class of a text, whatever the classes are."""

from __future__ import annotations

from throughtime.tasks.sentiment.settings import SentimentSettings
from throughtime.tasks.sentiment.task import Sentiment

__all__ = ["Sentiment", "SentimentSettings"]
