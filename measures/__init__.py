"""What is promised under load, faults and kills, counted independently of our own tables: `make measures`.

A module is a measure: it ends with its `MEASURE`, needs nothing but this machine, and ends without being stopped.
`__main__` lists them; `frame` says what a measure is; `report` shows the results.
"""
