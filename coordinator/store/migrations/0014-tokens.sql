-- Who may ask a coordinator beside the home's own commands. The secret itself is not kept: its SHA-256 is.
create table token (
  id text primary key,
  project text not null,
  name text not null,
  role text not null check (role in ('worker', 'viewer', 'operator', 'admin')),
  hash bytea not null check (octet_length(hash) = 32),
  created_at timestamptz not null default now(),
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  -- To the minute.
  last_used timestamptz
);
