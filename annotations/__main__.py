"""python -m annotations COMMAND: see annotations.cli."""

from annotations.cli import main

raise SystemExit(main())
