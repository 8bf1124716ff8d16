-- Where a completed trial stands by the objective of its sweep, smaller is better: a part of a leaderboard is read in
-- order. Null in both where it is not known; then leaderboards are made of all trials.
alter table trial add column shortfall double precision;
alter table trial add column minimised double precision;
alter table trial add constraint trial_score_check check ((shortfall is null) = (minimised is null));
-- Here it is known where the objective is a metric as it was reported, without limits. What is not finite is kept as a text.
update trial t set shortfall = 0,
    minimised = case when jsonb_typeof(m.value) = 'number' then case when r.spec #>> '{objective,direction}' = 'maximize' then -1 else 1 end * (m.value #>> '{}')::float8
      when m.value #>> '{}' = '-0' then 0 else 'NaN' end
  from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision, epoch e,
    lateral (select e.result -> 'metrics' -> (r.spec #>> '{objective,metric}') as value) m
  where s.id = t.sweep and s.revision = t.revision and t.state = 'completed' and e.key = t.path[t.best_epoch + 1] and m.value is not null
    and coalesce(r.spec #>> '{objective,floors}', '{}') = '{}' and coalesce(r.spec #>> '{objective,ceilings}', '{}') = '{}';
create index trial_score on trial (sweep, revision, shortfall, minimised, number) where state = 'completed';
