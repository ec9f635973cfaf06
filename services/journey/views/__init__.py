"""What is shown: lists by plain SELECTs, and views made of documents and ledger."""
