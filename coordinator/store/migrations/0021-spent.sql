-- What each epoch on an ended trial's path took, in seconds, and how many of the first had been recorded before its sweep was made:
-- costs are summed without the epochs themselves. Null in both where its path has no end yet; then the epochs are read.
alter table trial add column spent double precision[];
alter table trial add column before integer;
update trial t set spent = w.spent, before = w.before
  from (
    select t.id, coalesce(array_agg(e.seconds order by u.n) filter (where e.key is not null), '{}') as spent,
      (count(*) filter (where date_trunc('milliseconds', e.recorded_at) < date_trunc('milliseconds', s.created_at)))::int as before
    from trial t join sweep s on s.id = t.sweep
    left join lateral unnest(t.path[1:t.epochs]) with ordinality as u(key, n) on true left join epoch e on e.key = u.key
    where t.epochs is not null group by t.id
  ) w
  where w.id = t.id and cardinality(w.spent) = t.epochs;
alter table trial add constraint trial_spent_check check (case when spent is null then before is null else coalesce(cardinality(spent) = epochs and before between 0 and epochs, false) end);
