-- Connecting: the creators' way through our pages, and what those pages are told.
-- Locks: creates only; nothing that exists is touched.

-- A creator's way through the pages of connecting. Digests only: the state and the cookie are never stored.
create table connect_sessions (
    application_id     uuid        not null,
    session_id         uuid        not null,
    user_id            uuid        not null,
    -- the platform that it is limited to; null where the creator chooses
    work_platform_id   uuid,
    -- the account that is to be connected again
    account_id         uuid,
    products           text[]      not null,
    redirect_url       text,
    -- whether it ends with the first account
    single_account     boolean     not null default true,
    -- what the page that opened it calls itself, the language that it wants, and its origin if it shows a dialog
    display_name       text,
    language           text,
    host_origin        text,
    created_at         timestamptz not null,
    expires_at         timestamptz not null,
    -- when the creator had read what is asked for and went on
    consented_at       timestamptz,
    -- the last attempt: where, for which account again, what the platform carries, whose browser it is, and until when
    -- the platform may answer
    attempt_platform_id uuid,
    attempt_account_id uuid,
    state_digest       bytea,
    browser_digest     bytea,
    state_expires_at   timestamptz,
    -- when a callback took the state; it is single use, and a repeated callback shows the first one's outcome
    taken_at           timestamptz,
    -- the accounts that the consent reached, with their grants, until the creator has said which
    sealed_candidates  bytea,
    outcome            text,
    outcome_account_id uuid,
    primary key (application_id, session_id),
    foreign key (application_id, user_id) references users,
    foreign key (application_id, account_id) references accounts,
    foreign key (application_id, outcome_account_id) references accounts
);
create index connect_sessions_choosing on connect_sessions (expires_at) where sealed_candidates is not null;

-- What a session tells the page that shows it: each account that came or went and each attempt that failed, in order.
create table connect_notices (
    application_id     uuid        not null,
    session_id         uuid        not null,
    number             integer     not null,
    kind               text        not null check (kind in ('CONNECTED', 'DISCONNECTED', 'FAILED')),
    work_platform_id   uuid        not null,
    account_id         uuid,
    reason             text,
    primary key (application_id, session_id, number),
    foreign key (application_id, session_id) references connect_sessions on delete cascade
);
