-- Times are the database's. Keys are 32 bytes. What must come back as it was written, field order
-- included, is json; what is looked into is jsonb.

-- One row: which coordinator may write. Every writing transaction takes it `for share`.
create table leader (
  singleton boolean primary key default true check (singleton),
  epoch bigint not null default 0,
  holder text not null default '',
  since timestamptz not null default now()
);
insert into leader default values;

-- What applies to the whole store.
create table meta (
  name text primary key,
  value jsonb not null
);

create table sweep (
  id text primary key,
  project text not null,
  name text not null,
  state text not null check (state in ('running', 'paused', 'completed', 'stopped', 'failed')),
  revision integer not null,
  created_at timestamptz not null default now(),
  created_by text not null,
  finished_at timestamptz,
  unique (project, name)
);
create index sweep_open on sweep (id) where state in ('running', 'paused');

create table sweep_revision (
  sweep text not null references sweep (id),
  revision integer not null,
  spec json not null,
  data json,
  -- SHA-256 of spec, data and keys: the same digest is the same revision.
  digest bytea not null,
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (sweep, revision)
);

create table trial (
  id text primary key,
  sweep text not null,
  revision integer not null,
  number integer not null,
  assignment json not null,
  -- Trajectory and settings per epoch.
  plan json not null,
  -- Key of each epoch.
  path bytea[] not null,
  state text not null check (state in ('queued', 'running', 'paused', 'completed', 'pruned', 'failed', 'infeasible', 'cancelled')),
  -- Length of the path as it ended.
  epochs integer,
  best_epoch integer,
  failure jsonb,
  updated_at timestamptz not null default now(),
  foreign key (sweep, revision) references sweep_revision (sweep, revision),
  unique (sweep, revision, number)
);

-- Orders recordings and retrainings together, so that one number says what came later.
create sequence recorded_seq;

create table attempt (
  id text primary key,
  token text not null,
  stage text not null,
  worker text not null,
  kind text not null check (kind in ('train', 'evaluate')),
  keys bytea[] not null,
  from_epoch integer not null,
  alone boolean not null,
  state text not null default 'leased' check (state in ('leased', 'ended')),
  outcome text,
  message text not null default '',
  granted_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((state = 'ended') = (outcome is not null and ended_at is not null))
);
create index attempt_leased on attempt (id) where state = 'leased';
-- Failures are counted, and attempts of a path found, by the first key of the span.
create index attempt_first_key on attempt ((keys[1]));

create table epoch (
  key bytea primary key check (length(key) = 32),
  -- Epoch e is accepted only after e-1.
  parent bytea references epoch (key),
  epoch integer not null check (epoch >= 0),
  result jsonb not null,
  seconds double precision not null,
  params bigint not null,
  checkpoint text,
  attempt text not null,
  recorded_seq bigint not null default nextval('recorded_seq'),
  recorded_at timestamptz not null default now(),
  check ((parent is null) = (epoch = 0))
);
create index epoch_recorded_seq on epoch (recorded_seq);
create index epoch_checkpoint on epoch (checkpoint) where checkpoint is not null;

create table epoch_retrained (
  key bytea not null references epoch (key),
  attempt text not null,
  recorded_seq bigint primary key default nextval('recorded_seq'),
  recorded_at timestamptz not null default now(),
  unique (key, attempt)
);

create table evaluation (
  key bytea not null references epoch (key),
  part text not null check (part in ('val', 'test')),
  result jsonb not null,
  probabilities text not null,
  attempt text not null,
  recorded_at timestamptz not null default now(),
  primary key (key, part)
);
create index evaluation_probabilities on evaluation (probabilities);

create table worker (
  id text primary key,
  name text not null,
  slots integer not null,
  memory_bytes bigint not null,
  numerics text[] not null,
  connected boolean not null,
  first_seen timestamptz not null default now(),
  last_seen timestamptz not null default now()
);

create table blob (
  id text primary key,
  -- Null where it was referred to before it was registered.
  bytes bigint,
  kind text not null,
  created_at timestamptz not null default now(),
  last_used timestamptz not null default now()
);
create index blob_last_used on blob (last_used);

-- One row, locked from the first event of a transaction to its commit: ids are without gaps and in order of commit.
create table event_counter (
  singleton boolean primary key default true check (singleton),
  last bigint not null default 0
);
insert into event_counter default values;

create table event (
  id bigint primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  type text not null,
  sweep text,
  trial text,
  detail jsonb not null
);
create index event_sweep on event (sweep, id);
