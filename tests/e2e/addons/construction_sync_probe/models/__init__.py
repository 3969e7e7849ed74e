from . import construction_handler_probe
