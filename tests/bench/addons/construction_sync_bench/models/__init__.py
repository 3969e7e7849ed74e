from . import construction_bench, construction_bench_row
