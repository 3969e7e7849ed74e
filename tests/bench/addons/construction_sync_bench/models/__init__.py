from . import construction_bench
