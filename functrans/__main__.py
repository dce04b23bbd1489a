"""The command line: ``python -m functrans demo`` and ``python -m functrans explain``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from functrans import __version__
from functrans.demo import demo, explain


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m functrans",
        description="Composable function transforms for NumPy arrays.",
    )
    parser.add_argument("--version", action="version", version=f"functrans {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("demo", help="train a small network on handwritten digits")
    explaining = commands.add_parser(
        "explain", help="show program, derivative, kernels and fallbacks of your function"
    )
    explain.add_arguments(explaining)
    options = parser.parse_args(arguments)
    if options.command == "demo":
        demo.run()
        return 0
    try:
        explain.run(options)
    except explain.UsageError as error:
        explaining.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
