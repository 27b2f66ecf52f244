-- Deliveries of each webhook are found however much is queued for others.
-- Locks: deliveries, against writes, while the index is made: about a second for a million rows.

create index deliveries_queued on deliveries (application_id, webhook_id, due_at) where state = 'QUEUED';
