-- Sessions of browsers that were signed out before their time, until when they would have lasted: the cookie
-- says by itself that it is good, so the store says which are not.
create table ended_session (
  id text primary key,
  ends_at timestamptz not null
);
