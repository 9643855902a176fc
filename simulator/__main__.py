"""The door of `soglia-simulator`: the base install is the scanner's, and lacks what this program stands on.

In: the words of the command line, handed on to `commands.py`. Where a library of others is missing: a sentence, and exit code 2.
"""

import os
import sys
from importlib import import_module
from typing import Final

#: Belief is many small products of matrices: numpy's helpers for large ones would spin beside them and take their cores.
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_OURS: Final = frozenset({"scanner", "server", "simulator"})


def main() -> None:
    """Runs the command line, or says which install has what it needs."""
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")  # read when numpy is first imported
    try:
        commands = import_module("simulator.commands")
    except ModuleNotFoundError as missing:
        library = (missing.name or "").partition(".")[0]
        if not library or library in _OURS:
            raise  # a fault of ours, which no install mends
        sys.stderr.write(
            f"soglia-simulator needs more than the base install ({library} is missing): install soglia[simulator].\n"
        )
        raise SystemExit(2) from None
    commands.program()


if __name__ == "__main__":
    main()
