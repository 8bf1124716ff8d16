-- Written by the test "the committed schema is that of the migrations"; see CONTRIBUTING.md.

create sequence recorded_seq;

create table attempt (
  id text not null,
  token text not null,
  stage text not null,
  worker text not null,
  kind text not null,
  keys bytea[] not null,
  from_epoch integer not null,
  alone boolean not null,
  state text not null default 'leased'::text,
  outcome text,
  message text not null default ''::text,
  granted_at timestamp with time zone not null default clock_timestamp(),
  ended_at timestamp with time zone,
  payers text[] not null default '{}'::text[],
  log text not null default ''::text,
  begun_at timestamp with time zone,
  constraint attempt_pkey PRIMARY KEY (id),
  constraint attempt_check CHECK (((state = 'ended'::text) = ((outcome IS NOT NULL) AND (ended_at IS NOT NULL)))),
  constraint attempt_kind_check CHECK ((kind = ANY (ARRAY['train'::text, 'evaluate'::text]))),
  constraint attempt_state_check CHECK ((state = ANY (ARRAY['leased'::text, 'ended'::text])))
);

create table blob (
  id text not null,
  bytes bigint,
  kind text not null,
  created_at timestamp with time zone not null default now(),
  last_used timestamp with time zone not null default now(),
  constraint blob_pkey PRIMARY KEY (id)
);

create table browser_session (
  hash bytea not null,
  token text,
  ends_at timestamp with time zone not null,
  constraint browser_session_pkey PRIMARY KEY (hash),
  constraint browser_session_hash_check CHECK ((length(hash) = 32)),
  constraint browser_session_token_fkey FOREIGN KEY (token) REFERENCES token(id)
);

create table epoch (
  key bytea not null,
  parent bytea,
  epoch integer not null,
  result jsonb not null,
  seconds double precision not null,
  params bigint not null,
  checkpoint text,
  attempt text not null,
  recorded_seq bigint not null default nextval('recorded_seq'::regclass),
  recorded_at timestamp with time zone not null default now(),
  ms_per_image double precision,
  constraint epoch_pkey PRIMARY KEY (key),
  constraint epoch_check CHECK (((parent IS NULL) = (epoch = 0))),
  constraint epoch_epoch_check CHECK ((epoch >= 0)),
  constraint epoch_key_check CHECK ((length(key) = 32))
);

create table epoch_retrained (
  key bytea not null,
  attempt text not null,
  recorded_seq bigint not null default nextval('recorded_seq'::regclass),
  recorded_at timestamp with time zone not null default now(),
  constraint epoch_retrained_pkey PRIMARY KEY (recorded_seq),
  constraint epoch_retrained_key_attempt_key UNIQUE (key, attempt),
  constraint epoch_retrained_key_fkey FOREIGN KEY (key) REFERENCES epoch(key)
);

create table evaluation (
  key bytea not null,
  part text not null,
  result jsonb not null,
  probabilities text not null,
  attempt text not null,
  recorded_at timestamp with time zone not null default now(),
  constraint evaluation_pkey PRIMARY KEY (key, part),
  constraint evaluation_key_fkey FOREIGN KEY (key) REFERENCES epoch(key),
  constraint evaluation_part_check CHECK ((part = ANY (ARRAY['val'::text, 'test'::text])))
);

create table event (
  id bigint not null,
  at timestamp with time zone not null default clock_timestamp(),
  actor text not null,
  type text not null,
  sweep text,
  trial text,
  detail jsonb not null,
  constraint event_pkey PRIMARY KEY (id)
);

create table event_counter (
  singleton boolean not null default true,
  last bigint not null default 0,
  constraint event_counter_pkey PRIMARY KEY (singleton),
  constraint event_counter_singleton_check CHECK (singleton)
);

create table leader (
  singleton boolean not null default true,
  epoch bigint not null default 0,
  holder text not null default ''::text,
  since timestamp with time zone not null default now(),
  url text,
  constraint leader_pkey PRIMARY KEY (singleton),
  constraint leader_singleton_check CHECK (singleton)
);

create table memory_peak (
  family text not null,
  load bigint not null,
  bytes bigint not null,
  measured_at timestamp with time zone not null default now(),
  constraint memory_peak_pkey PRIMARY KEY (family, load)
);

create table meta (
  name text not null,
  value jsonb not null,
  constraint meta_pkey PRIMARY KEY (name)
);

create table migration (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint migration_pkey PRIMARY KEY (number)
);

create table sweep (
  id text not null,
  project text not null,
  name text not null,
  state text not null,
  revision integer not null,
  created_at timestamp with time zone not null default now(),
  created_by text not null,
  finished_at timestamp with time zone,
  changes integer not null default 0,
  retried_at timestamp with time zone,
  only_asked boolean not null default false,
  tags text[] not null default '{}'::text[],
  note text not null default ''::text,
  note_version integer not null default 0,
  note_at timestamp with time zone,
  note_by text,
  constraint sweep_pkey PRIMARY KEY (id),
  constraint sweep_project_name_key UNIQUE (project, name),
  constraint sweep_state_check CHECK ((state = ANY (ARRAY['running'::text, 'paused'::text, 'completed'::text, 'stopped'::text, 'failed'::text])))
);

create table sweep_revision (
  sweep text not null,
  revision integer not null,
  spec json not null,
  data json,
  digest bytea not null,
  created_at timestamp with time zone not null default now(),
  created_by text not null,
  ran_ms double precision not null default 0,
  numerics text not null default 'none'::text,
  slot_ms double precision not null default 0,
  trained_epochs integer not null default 0,
  since_best integer not null default 0,
  ended_by text,
  origin text not null default 'file'::text,
  source json,
  warm_start json,
  constraint sweep_revision_pkey PRIMARY KEY (sweep, revision),
  constraint sweep_revision_origin_check CHECK ((origin = ANY (ARRAY['file'::text, 'command'::text]))),
  constraint sweep_revision_sweep_fkey FOREIGN KEY (sweep) REFERENCES sweep(id)
);

create table token (
  id text not null,
  project text not null,
  name text not null,
  role text not null,
  hash bytea not null,
  created_at timestamp with time zone not null default now(),
  created_by text not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used timestamp with time zone,
  constraint token_pkey PRIMARY KEY (id),
  constraint token_hash_check CHECK ((octet_length(hash) = 32)),
  constraint token_role_check CHECK ((role = ANY (ARRAY['worker'::text, 'viewer'::text, 'operator'::text, 'admin'::text])))
);

create table trial (
  id text not null,
  sweep text not null,
  revision integer not null,
  number integer not null,
  assignment json not null,
  plan json not null,
  path bytea[] not null,
  state text not null,
  epochs integer,
  best_epoch integer,
  failure jsonb,
  updated_at timestamp with time zone not null default now(),
  until integer,
  ahead integer,
  shortfall double precision,
  minimised double precision,
  spent double precision[],
  before integer,
  constraint trial_pkey PRIMARY KEY (id),
  constraint trial_score_check CHECK (((shortfall IS NULL) = (minimised IS NULL))),
  constraint trial_spent_check CHECK (
CASE
    WHEN (spent IS NULL) THEN (before IS NULL)
    ELSE COALESCE(((cardinality(spent) = epochs) AND ((before >= 0) AND (before <= epochs))), false)
END),
  constraint trial_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'paused'::text, 'completed'::text, 'pruned'::text, 'failed'::text, 'infeasible'::text, 'cancelled'::text]))),
  constraint trial_sweep_revision_fkey FOREIGN KEY (sweep, revision) REFERENCES sweep_revision(sweep, revision),
  constraint trial_sweep_revision_number_key UNIQUE (sweep, revision, number)
);

create table trial_curves (
  trial text not null,
  epochs integer not null,
  metrics jsonb not null,
  constraint trial_curves_pkey PRIMARY KEY (trial),
  constraint trial_curves_epochs_check CHECK ((epochs > 0)),
  constraint trial_curves_trial_fkey FOREIGN KEY (trial) REFERENCES trial(id)
);

create table worker (
  id text not null,
  name text not null,
  slots integer not null,
  memory_bytes bigint not null,
  numerics text[] not null,
  connected boolean not null,
  first_seen timestamp with time zone not null default now(),
  last_seen timestamp with time zone not null default now(),
  draining boolean not null default false,
  drained_by text,
  drained_at timestamp with time zone,
  constraint worker_pkey PRIMARY KEY (id)
);

CREATE INDEX attempt_first_key ON public.attempt USING btree ((keys[1]));

CREATE INDEX attempt_granted ON public.attempt USING btree (granted_at);

CREATE INDEX blob_last_used ON public.blob USING btree (last_used);

CREATE INDEX epoch_checkpoint ON public.epoch USING btree (checkpoint) WHERE (checkpoint IS NOT NULL);

CREATE INDEX epoch_recorded_seq ON public.epoch USING btree (recorded_seq);

CREATE INDEX evaluation_probabilities ON public.evaluation USING btree (probabilities);

CREATE INDEX event_sweep ON public.event USING btree (sweep, id);

CREATE INDEX sweep_open ON public.sweep USING btree (id) WHERE (state = ANY (ARRAY['running'::text, 'paused'::text]));

CREATE INDEX trial_chosen ON public.trial USING btree ((path[(best_epoch + 1)])) WHERE (state = 'completed'::text);

CREATE INDEX trial_last_epoch ON public.trial USING btree ((path[epochs])) WHERE (state = 'completed'::text);

CREATE INDEX trial_score ON public.trial USING btree (sweep, revision, shortfall, minimised, number) WHERE (state = 'completed'::text);

CREATE INDEX trial_state ON public.trial USING btree (sweep, revision, state);
