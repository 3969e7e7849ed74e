{
    "name": "Construction Sync: benchmark",
    "summary": "The other side of `make bench`; never for a real database",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Construction Sync",
    "depends": ["construction_sync_base", "base_automation"],
    "data": ["security/ir.model.access.csv"],
}
