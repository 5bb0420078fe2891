"""Trajectory: where something that moves goes, how fast, and where it will be."""

from __future__ import annotations

from throughtime.tasks.trajectory.task import Trajectory

__all__ = ["Trajectory"]
