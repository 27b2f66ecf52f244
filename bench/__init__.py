"""How fast houselights is, as ratios measured side by side in one run: `make bench`.

Not a part of the installed package. `runs` tells what is measured; `figures` what the numbers come to.
"""
