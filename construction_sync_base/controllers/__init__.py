from . import authorize, contract, files, inbox, operations, webhooks
