-- Epochs up to which its pruner has let a trial go: after a restart it is not judged before.
alter table trial add column until integer;
