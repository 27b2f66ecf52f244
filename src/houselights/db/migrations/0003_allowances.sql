-- Calls that platforms count, by whom the platform counts them for. `budgets`, by whose app it is here, is read and
-- written by the version before only; what is left in it goes with a later version.
-- Locks: creates only; nothing that exists is touched.

-- The grants of each rolling window, shared by all processes, and under seconds = 0 until when the platform asked to be
-- left alone. spender: the platform's name for who spends, an app's client id or the project of several apps; no
-- application of ours, for one app may be kept for several. account_id: nil where all of the spender's calls count
-- together.
create table allowances (
    work_platform_id uuid          not null,
    spender          text          not null,
    account_id       uuid          not null,
    seconds          integer       not null check (seconds >= 0),
    granted_at       timestamptz[] not null default '{}',
    granted          integer[]     not null default '{}',
    rest_until       timestamptz,
    primary key (work_platform_id, spender, account_id, seconds)
) with (fillfactor = 50);

-- Rests go on, and so does what the windows hold; of an app that was kept more than once, the fuller.
insert into allowances (work_platform_id, spender, account_id, seconds, granted_at, granted, rest_until)
select distinct on (b.work_platform_id, p.client_id, b.account_id, b.seconds)
    b.work_platform_id, p.client_id, b.account_id, b.seconds, b.granted_at, b.granted, b.rest_until
from budgets b join platform_apps p using (application_id, work_platform_id, environment)
where p.retired_at is null
order by b.work_platform_id, p.client_id, b.account_id, b.seconds, b.rest_until desc nulls last,
    cardinality(b.granted) desc;
