-- How long the last rest was where a platform names no time, and how often in a row a platform refused an app.
-- Locks: allowances, exclusively, for as long as a column without a default takes to add; else creates only.

-- The next rest right after this one is longer.
alter table allowances add column rested interval;

-- One row an app that is being refused, gone with its first success. client_id: the platform's name for the app, which
-- may be kept for several applications. rest_until: no worker calls the platform with it before.
create table app_refusals (
    work_platform_id uuid        not null,
    client_id        text        not null,
    in_a_row         integer     not null check (in_a_row > 0),
    code             text        not null,
    rest_until       timestamptz,
    primary key (work_platform_id, client_id)
);
