from . import controllers, handlers, models, wizards
from .hooks import post_init_hook, post_load, uninstall_hook
