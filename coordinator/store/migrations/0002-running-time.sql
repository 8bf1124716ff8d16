-- How long a revision has run so far: what budget.wallClock counts.
alter table sweep_revision add column ran_ms double precision not null default 0;
