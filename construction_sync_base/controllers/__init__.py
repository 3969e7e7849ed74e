from . import inbox, operations, webhooks
