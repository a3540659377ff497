"""Who may enter the newsroom: a password, and a code for those who switched two-step login on."""
