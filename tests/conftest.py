"""What every test leaves behind as it found it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

pytest.register_assert_rewrite("helpers")
settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")
collect_ignore_glob = ["tasks/*/tiny.py"]  # files of one name, which hold no tests


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    """torch.compile compiles a function eight times at most: what other tests compiled must not count."""
    yield
    if "torch._dynamo" in sys.modules:
        torch.compiler.reset()
