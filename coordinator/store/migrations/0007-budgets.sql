-- What a revision has used up of its budget beside time, and what of it ended the sweep.
alter table sweep_revision
  add column slot_ms double precision not null default 0,
  add column trained_epochs integer not null default 0,
  add column since_best integer not null default 0,
  add column ended_by text;
