from . import inbox, webhooks
