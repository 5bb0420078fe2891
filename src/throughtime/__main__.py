"""`python -m throughtime` is the command line."""

from __future__ import annotations

import sys

from throughtime.cli.main import main

sys.exit(main())
