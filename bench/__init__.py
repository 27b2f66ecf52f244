"""How fast houselights is, as ratios measured side by side in one run: `make bench`.

Not part of the installed package. `runs` says what is measured, `figures` how results are calculated.
"""
