-- Of a sweep that was stopped, single trials may be run alone: its other cancelled trials stay so, and its sampler proposes none.
alter table sweep add column only_asked boolean not null default false;
