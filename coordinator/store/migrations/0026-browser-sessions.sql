-- Sessions of browsers, by the hash of what the cookie holds: a coordinator that starts again, and any other over
-- this store, knows them. Those of before were sealed under a key that each start made anew.
drop table ended_session;

create table browser_session (
  hash bytea primary key check (length(hash) = 32),
  -- That it was opened with; null for a home's own.
  token text references token (id),
  ends_at timestamptz not null
);
