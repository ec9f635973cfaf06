"""What tests of the journey service share: a case as it is heard of, and the pages that show it."""
