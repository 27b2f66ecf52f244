-- The tables of the main job: applications, users, accounts, their documents, the two queues, webhooks and events.
-- Locks: creates only; nothing that exists is touched.
--
-- Every primary and foreign key begins with application_id: isolation is in the key. Words such as statuses are
-- text with a check, so that a later release adds one without rewriting a type.

create table deployment (
    only_row     boolean primary key default true check (only_row),
    -- what the sandbox's clock is ahead of the database's, and what it was until it moved; production never moves it
    clock_offset interval not null default '0 seconds' check (clock_offset >= '0 seconds'),
    clock_offset_before interval not null default '0 seconds',
    clock_moves_at timestamptz not null default 'epoch',
    -- the master key in use, so that a wrong one is refused at the start, and the root key wrapped under it
    master_key_id text,
    root         bytea,
    -- what is sealed now is sealed under a data key of this generation; since when values are sealed anew under it,
    -- null where all are
    data_key_generation integer not null default 1,
    resealing_since timestamptz,
    check ((master_key_id is null) = (root is null))
);
insert into deployment default values;

create view clock as
select clock_timestamp() + case when clock_timestamp() < clock_moves_at then clock_offset_before else clock_offset end
       as now
from deployment;

create table applications (
    application_id uuid primary key,
    client_id      text        not null unique check (client_id <> '' and position(':' in client_id) = 0),
    name           text        not null,
    environment    text        not null check (environment in ('sandbox', 'staging', 'production')),
    settings       jsonb       not null default '{}',
    created_at     timestamptz not null
);

-- A client secret twice: its keyed digest recognises a caller, the sealed text signs webhooks.
create table application_secrets (
    application_id uuid        not null references applications,
    secret_id      uuid        not null,
    digest         bytea       not null,
    sealed         bytea       not null,
    created_at     timestamptz not null,
    expires_at     timestamptz,
    primary key (application_id, secret_id)
);

-- An application's data keys, one a generation, wrapped by the master key. The nil UUID's seals what all applications
-- share (platform apps), so no reference. Old ones stay: a backup's or a late writer's value still opens.
create table data_keys (
    application_id uuid        not null,
    key_id         uuid        not null,
    generation     integer     not null,
    master_key_id  text        not null,
    wrapped        bytea       not null,
    created_at     timestamptz not null,
    primary key (application_id, key_id),
    unique (application_id, generation)
);

-- The operator's apps at a platform: for all applications of an environment (application_id is the nil UUID, so no
-- reference) or an application's own. New connections use the one that is not retired; one that was replaced or
-- removed goes on for the accounts that it connected.
create table platform_apps (
    application_id   uuid        not null,
    work_platform_id uuid        not null,
    environment      text        not null check (environment in ('sandbox', 'staging', 'production')),
    client_id        text        not null,
    sealed_secret    bytea       not null,
    base_urls        jsonb       not null default '{}',
    updated_at       timestamptz not null,
    retired_at       timestamptz,
    primary key (application_id, work_platform_id, environment, client_id)
);
create unique index platform_apps_in_use on platform_apps (application_id, work_platform_id, environment)
    where retired_at is null;

-- Calls that a platform counts in rolling windows, shared by all processes: the grants of each window, and under
-- seconds = 0 until when the platform asked to be left alone. account_id: nil where all of an app's calls count
-- together. application_id: whose platform app it is, nil for everybody's, so no reference.
create table budgets (
    application_id   uuid          not null,
    work_platform_id uuid          not null,
    environment      text          not null,
    account_id       uuid          not null,
    seconds          integer       not null check (seconds >= 0),
    granted_at       timestamptz[] not null default '{}',
    granted          integer[]     not null default '{}',
    rest_until       timestamptz,
    primary key (application_id, work_platform_id, environment, account_id, seconds)
) with (fillfactor = 50);

create table users (
    application_id uuid        not null references applications,
    user_id        uuid        not null,
    name           text        not null,
    external_id    text        not null,
    status         text        not null default 'ACTIVE' check (status in ('ACTIVE', 'INACTIVE')),
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    primary key (application_id, user_id),
    unique (application_id, external_id)
);
create index users_newest on users (application_id, created_at desc, user_id);

create table accounts (
    application_id        uuid        not null,
    account_id            uuid        not null,
    user_id               uuid        not null,
    work_platform_id      uuid        not null,
    status                text        not null check (status in ('CONNECTED', 'NOT_CONNECTED', 'SESSION_EXPIRED')),
    products              text[]      not null,
    platform_username     text,
    platform_profile_name text,
    -- null where whoever imported the account did not know it
    platform_profile_id   text,
    platform_profile_published_at timestamptz,
    profile_pic_url       text,
    disconnection_source  text,
    -- whether each product is refreshed by itself, or only when somebody asks
    identity_monitor      text        not null default 'STANDARD' check (identity_monitor in ('STANDARD', 'ON_DEMAND')),
    audience_monitor      text        not null default 'STANDARD' check (audience_monitor in ('STANDARD', 'ON_DEMAND')),
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    primary key (application_id, account_id),
    unique (application_id, user_id, work_platform_id, platform_profile_id),
    foreign key (application_id, user_id) references users
);
create index accounts_newest on accounts (application_id, updated_at desc, account_id);

-- What the creator's consent gave, sealed as one value; its version rises with every write.
create table account_tokens (
    application_id uuid        not null,
    account_id     uuid        not null,
    sealed         bytea       not null,
    -- the platform app that obtained it: only that one can use it
    platform_app_owner uuid    not null,
    platform_app_client_id text not null,
    environment    text        not null,
    version        bigint      not null default 1,
    -- one renewal at a time in all processes: leased by the database's clock, its starts without an end counted
    renewing_until timestamptz,
    renewal_starts smallint    not null default 0,
    expires_at     timestamptz,
    updated_at     timestamptz not null,
    -- when it is told next that expires_at comes nearer; null where there is no end, or no further warning
    warn_at        timestamptz,
    primary key (application_id, account_id),
    foreign key (application_id, account_id) references accounts
);
create index account_tokens_ending on account_tokens (warn_at) where warn_at is not null;

-- Who consented, as the platform calls them to the app that asked: for what it tells of them later, also when the
-- token is gone. Where a platform names nobody it is the profile.
create table consents (
    application_id   uuid        not null,
    account_id       uuid        not null,
    work_platform_id uuid        not null,
    environment      text        not null,
    platform_app_owner uuid      not null,
    platform_app_client_id text not null,
    person           text        not null,
    consented_at     timestamptz not null,
    primary key (application_id, account_id),
    foreign key (application_id, account_id) references accounts on delete cascade
);
create index consents_of_person on consents (person, platform_app_client_id);

-- A queue: grants that accounts let go of, to be ended at their platform; gone when that is done or given up. No
-- reference to the account, which may be erased meanwhile. sealed: as it was, for account_tokens' place.
create table revocations (
    application_id   uuid        not null references applications,
    revocation_id    uuid        not null,
    account_id       uuid        not null,
    work_platform_id uuid        not null,
    environment      text        not null,
    platform_app_owner uuid      not null,
    platform_app_client_id text not null,
    person           text        not null,
    sealed           bytea       not null,
    due_at           timestamptz not null,
    lease_until      timestamptz,
    fence            bigint      not null default 0,
    starts           smallint    not null default 0,
    failures         smallint    not null default 0,
    created_at       timestamptz not null,
    primary key (application_id, revocation_id)
);
create index revocations_due on revocations (work_platform_id, due_at);

-- What platforms asked us to delete in the name of a person, and that it was done: without whom it was about. Its id
-- is the confirmation code. application_id: whose platform app was told, nil for everybody's, so no reference.
create table deletions (
    application_id   uuid        not null,
    deletion_id      uuid        not null,
    work_platform_id uuid        not null,
    -- of the request as it was signed: one that comes again is answered as the first time
    digest           bytea       not null,
    accounts         integer     not null,
    asked_at         timestamptz not null,
    done_at          timestamptz not null,
    primary key (application_id, deletion_id),
    unique (application_id, digest)
);
create unique index deletions_by_code on deletions (deletion_id);

create table profiles (
    application_id uuid        not null,
    profile_id     uuid        not null,
    account_id     uuid        not null,
    head           bytea       not null,
    body           bytea       not null,
    content_hash   bytea       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    fetched_at     timestamptz not null,
    primary key (application_id, profile_id),
    unique (application_id, account_id),
    foreign key (application_id, account_id) references accounts
);
create index profiles_newest on profiles (application_id, created_at desc, profile_id);

-- body: as this application wants it spelt; facts: what was read, from which the body can be rendered anew.
create table audiences (
    application_id uuid        not null,
    account_id     uuid        not null,
    audience_id    uuid        not null,
    head           bytea       not null,
    body           bytea       not null,
    quality        text        not null default '',
    facts          bytea       not null,
    content_hash   bytea       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    fetched_at     timestamptz not null,
    stale_at       timestamptz not null,
    primary key (application_id, account_id),
    foreign key (application_id, account_id) references accounts
);

-- A queue: one row an account. Leases and fences are the database's clock; every other instant is handed in.
create table refreshes (
    application_id  uuid        not null,
    account_id      uuid        not null,
    -- the account's: each platform is a queue of its own
    work_platform_id uuid       not null,
    due_at          timestamptz,
    -- 0: somebody asked; 1: scheduled
    priority        smallint    not null default 1,
    -- requests asked, taken by the run that started last, answered by the run that ended last
    asked           bigint      not null default 0,
    taken           bigint      not null default 0,
    answered        bigint      not null default 0,
    requested_at    timestamptz,
    started_at      timestamptz,
    finished_at     timestamptz,
    lease_until     timestamptz,
    fence           bigint      not null default 0,
    -- starts since the last orderly end: a run that kills its worker is parked
    starts          smallint    not null default 0,
    -- temporary failures in a row
    failures        smallint    not null default 0,
    -- until when the platform asked not to be called
    wait_until      timestamptz,
    parked_at       timestamptz,
    outcome         text,
    error_class     text,
    error_code      text,
    -- ends of the last successful runs, and why there is no audience where there is none
    identity_at     timestamptz,
    audience_at     timestamptz,
    audience_reason text,
    primary key (application_id, account_id),
    foreign key (application_id, account_id) references accounts
) with (fillfactor = 75);
create index refreshes_due on refreshes (work_platform_id, priority, due_at)
    where due_at is not null and parked_at is null;

create table webhooks (
    application_id uuid        not null references applications,
    webhook_id     uuid        not null,
    name           text        not null,
    url            text        not null,
    events         text[]      not null,
    is_active      boolean     not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    primary key (application_id, webhook_id)
);
create index webhooks_newest on webhooks (application_id, created_at desc, webhook_id);

-- What happened, with the exact bytes that are signed and sent. By day, so that old days are dropped, not deleted.
create table events (
    application_id uuid        not null,
    day            date        not null,
    event_id       uuid        not null,
    kind           text        not null,
    account_id     uuid,
    body           bytea       not null,
    created_at     timestamptz not null,
    primary key (application_id, day, event_id)
) partition by range (day);
create table events_rest partition of events default;

-- A queue: one row an event and webhook. No reference to events: their days are dropped whole.
create table deliveries (
    application_id uuid        not null,
    webhook_id     uuid        not null,
    event_id       uuid        not null,
    event_day      date        not null,
    state          text        not null default 'QUEUED'
                   check (state in ('QUEUED', 'DELIVERED', 'EXHAUSTED', 'HELD', 'PARKED')),
    due_at         timestamptz not null,
    attempts       smallint    not null default 0,
    lease_until    timestamptz,
    fence          bigint      not null default 0,
    starts         smallint    not null default 0,
    created_at     timestamptz not null,
    finished_at    timestamptz,
    primary key (application_id, webhook_id, event_id),
    foreign key (application_id, webhook_id) references webhooks on delete cascade
) with (fillfactor = 75);
create index deliveries_due on deliveries (due_at) where state = 'QUEUED';

-- One HTTP try. status and error exclude each other; error is a stable code.
create table attempts (
    application_id uuid        not null,
    day            date        not null,
    webhook_id     uuid        not null,
    event_id       uuid        not null,
    attempt        smallint    not null,
    started_at     timestamptz not null,
    elapsed_ms     integer     not null,
    status         smallint,
    error          text,
    primary key (application_id, day, webhook_id, event_id, attempt)
) partition by range (day);
create table attempts_rest partition of attempts default;

-- What a platform answered to a run that was stored, or that its answers broke: bodies, compressed and sealed.
create table replies (
    application_id uuid        not null,
    day            date        not null,
    account_id     uuid        not null,
    -- the fence under which the account's refresh ran
    run            bigint      not null,
    read_at        timestamptz not null,
    sealed         bytea       not null,
    primary key (application_id, day, account_id, run)
) partition by range (day);
create table replies_rest partition of replies default;
