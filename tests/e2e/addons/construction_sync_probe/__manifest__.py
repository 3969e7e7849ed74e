{
    "name": "Construction Sync probe",
    "summary": "Handlers that sleep or kill their worker; installed by the end-to-end tests only",
    "version": "19.0.1.0.0",
    "author": "Construction Sync contributors",
    "license": "LGPL-3",
    "category": "Hidden",
    "depends": ["construction_sync_base"],
}
