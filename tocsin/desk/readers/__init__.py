"""The newsroom's screens about readers: finding them, one reader's whole story, changing many, growth."""
