"""Who may do what: peers, rights, addresses. Pure decisions."""
