"""What tests of the journey service share."""
