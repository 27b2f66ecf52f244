"""What is promised under load, faults and kills, counted by somebody other than our own tables: `make measures`.

A module is a measure: it ends with its `MEASURE`, needs nothing but this machine, and stops by itself.
`__main__` lists them; `frame` says what one is; `report` shows what came out.
"""
