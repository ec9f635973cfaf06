-- What was published of late, of all topics: records are read nearly in the order of their publication, so a summary of the
-- table's pages finds them, and costs a writer next to nothing.
create index ledger_recent on ledger using brin (published_at) with (autosummarize = on);
