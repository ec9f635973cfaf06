-- Nothing reads what `owed` and `overdue` are made of: figures read many rows, and the less a row holds the fewer pages they are.
alter table outcome drop column duties;
