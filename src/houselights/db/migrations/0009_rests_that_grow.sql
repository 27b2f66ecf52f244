-- How long the last rest was where a platform names no time: the next one right after it is longer.
-- Locks: allowances, exclusively, for as long as a column without a default takes to add.
alter table allowances add column rested interval;
