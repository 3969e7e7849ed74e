from . import construction_handler_probe, construction_location
