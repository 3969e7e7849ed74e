from . import naive, noop
