from . import contract, inbox, operations, webhooks
