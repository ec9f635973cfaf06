"""The scout's desk in Germany: case, consent, referral, return journey."""
