-- What people write down about a sweep: tags to find it by, and a note, of which each version is numbered.
alter table sweep
  add column tags text[] not null default '{}',
  add column note text not null default '',
  add column note_version integer not null default 0,
  add column note_at timestamptz,
  add column note_by text;
