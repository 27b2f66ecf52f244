-- What a platform wants to know of an app beside its keys, such as which kind it is: by name, as its manifest lists them.
-- Locks: platform_apps, against everything, for an instant.

alter table platform_apps add column options jsonb not null default '{}';
