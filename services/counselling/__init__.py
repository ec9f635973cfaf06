"""The country centres: who is expected, who has arrived, what they need."""
