"""A process that is forked off one whose layers ran in several threads does not wait for threads that were not forked
with it.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

# a layer that is worth two threads, and a product of torch's own
SCRIPT = """
import os, signal
import torch
from throughtime.kernels import forking
from throughtime.layers import GRU

{patch}
torch.set_num_threads(2)
layer, x = GRU(64, 256), torch.randn(20, 64, 64)
work = lambda: layer(x)[0].detach() @ torch.ones(256, 4096)
here = work()
if (child := os.fork()) == 0:
    signal.alarm(30)  # seconds, after which it is ended
    torch.testing.assert_close(work(), here)
    os._exit(10 + torch.get_num_threads())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.equal(work(), here))
"""


@pytest.mark.parametrize(
    ("patch", "threads"),
    [("", 2), ("forking._release = lambda: False", 1)],
    ids=["let go", "not to be let go"],
)
def test_a_forked_process_goes_on(patch: str, threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(patch=patch)],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert done.stdout.split() == [str(10 + threads), "True"]
