"""The programme's figures: what each counts, in words and in SQL, and how no number tells of anybody."""
