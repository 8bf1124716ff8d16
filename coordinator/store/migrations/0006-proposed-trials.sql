-- Trials may be proposed while a sweep runs; they are resolved for the engine that it was submitted for.
alter table sweep_revision add column numerics text not null default 'none';
