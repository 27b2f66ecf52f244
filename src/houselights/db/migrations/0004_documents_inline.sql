-- Audience documents stay in their rows, as they are, up to a page; decision 0030 says what that costs and brings.
-- Rows that are there already change when they are next written.
-- Locks: audiences, against other changes of the schema only, for an instant.

alter table audiences set (toast_tuple_target = 8160);
