"""Who asked to be told what: publication, subscribers, subscriptions, consent, suppression."""
