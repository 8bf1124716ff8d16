-- What the epochs on an ended trial's path reported, a list for each metric: curves are drawn without the epochs
-- themselves, which lie anywhere. A path and its epochs never change, so this is right for that many of them for good.
create table trial_curves (
  trial text primary key references trial(id),
  epochs integer not null check (epochs > 0),
  metrics jsonb not null
);
insert into trial_curves (trial, epochs, metrics)
  select t.id, t.epochs, m.metrics from trial t cross join lateral (
    with e as materialized (select u.n, e.result -> 'metrics' as metrics from unnest(t.path[1:t.epochs]) with ordinality as u(key, n) join epoch e on e.key = u.key)
    select (select count(*) from e) as recorded,
      coalesce((select jsonb_object_agg(k.name, (select jsonb_agg(e.metrics -> k.name order by e.n) from e)) from (select distinct jsonb_object_keys(e.metrics) as name from e) k), '{}') as metrics
  ) m
  where t.epochs > 0 and m.recorded = t.epochs;
