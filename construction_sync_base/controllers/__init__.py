from . import contract, files, inbox, operations, webhooks
