-- Sweeps are changed while they live: what a revision was made of, that a person changed something, and trials that a person asked for.
alter table sweep_revision add column origin text not null default 'file' check (origin in ('file', 'command'));
alter table sweep_revision add column source json;
alter table sweep add column changes integer not null default 0;
alter table sweep add column retried_at timestamptz;
alter table trial add column ahead integer;
