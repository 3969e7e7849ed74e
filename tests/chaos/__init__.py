"""`make chaos`: the faults of the catalogue on running servers, and what became of what was
acknowledged meanwhile. Slower and rougher than `tests/e2e`, whose fault tests it runs too."""
