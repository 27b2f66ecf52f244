"""`python -m houselights`."""

import sys

from houselights.cli import main

if __name__ == "__main__":
    sys.exit(main())
