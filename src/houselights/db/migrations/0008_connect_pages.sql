-- What the pages of connecting know beside: to which platforms a session is limited, and the logos of applications.
-- Locks: connect_sessions, against everything, for an instant; else creates only.

-- null where the creator chooses among all; a session for one platform has that in work_platform_id
alter table connect_sessions add column work_platform_ids uuid[];

-- An application's logo as its creators see it. version: what its address ends in; the setting `logo` names it too.
create table application_logos (
    application_id uuid  primary key references applications,
    version        text  not null,
    kind           text  not null check (kind in ('image/png', 'image/jpeg', 'image/webp')),
    image          bytea not null check (length(image) <= 65536)
);
