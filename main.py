"""Starts aphyn_gui; equal to the console script ``aphyn-gui``."""

import sys

from aphyn_gui.cli import main

if __name__ == "__main__":
    sys.exit(main())
