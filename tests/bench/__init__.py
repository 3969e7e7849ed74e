"""`make bench`: ours against theirs, alternately, in one run on one machine.

Absolute figures say more about the machine than about the code, so every line is a ratio
of two sides that took turns. Nothing is asserted: a figure that misses its target is
printed all the same.
"""
