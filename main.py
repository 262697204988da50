"""Starts aphyn_gui; equal to the console script ``aphyn-gui``."""

import sys

from aphyn_gui.app import main

if __name__ == "__main__":
    sys.exit(main())
