-- The end of what an attempt's process printed before it failed.
alter table attempt add column log text not null default '';
