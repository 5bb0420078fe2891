"""`python -m throughtime`, and the command `throughtime`: the command line, in which Ctrl-C is heard from the start."""

from __future__ import annotations

import signal
import sys

from throughtime.cli.interrupts import heed_after_imports


def main() -> int:
    """Run the command line; its exit status."""
    heed_after_imports()
    try:
        from throughtime.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        print("throughtime: interrupted", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said: only Python itself is still to be ended


if __name__ == "__main__":
    sys.exit(main())
