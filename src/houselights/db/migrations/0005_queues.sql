-- Deliveries of each webhook are found however much is queued for others; errors of ours are counted apart from tries,
-- and what was parked, and what has been kept for long enough, is found without a walk.
-- Locks: deliveries and connect_sessions, against writes, while their indexes are made: some seconds for a million rows.

-- errors of ours in a row, which are no tries
alter table deliveries add column failures smallint not null default 0;

create index deliveries_queued on deliveries (application_id, webhook_id, due_at) where state = 'QUEUED';
create index deliveries_parked on deliveries (webhook_id) where state = 'PARKED';

create index deliveries_of_day on deliveries (event_day);
create index connect_sessions_ended on connect_sessions (expires_at);
