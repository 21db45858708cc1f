"""python -m infer: see infer.cli."""

from infer.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
