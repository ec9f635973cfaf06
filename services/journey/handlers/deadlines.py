"""Nothing falls due in journey: what the others owe is told by their events (`DeadlineMissed` and its kin)."""
