-- Deliveries of each webhook are found however much is queued for others; errors of ours are counted apart from tries,
-- and what was parked is found without a walk.
-- Locks: deliveries, against writes, while the index is made: about a second for a million rows.

-- errors of ours in a row, which are no tries
alter table deliveries add column failures smallint not null default 0;

create index deliveries_queued on deliveries (application_id, webhook_id, due_at) where state = 'QUEUED';
create index deliveries_parked on deliveries (webhook_id) where state = 'PARKED';
