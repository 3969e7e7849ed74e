from . import held
