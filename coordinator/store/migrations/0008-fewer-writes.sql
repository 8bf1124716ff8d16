-- Which sweeps pay for an attempt's epochs outlives the leader that granted it.
alter table attempt add column payers text[] not null default '{}';
-- Every grant and every end had to keep it; open attempts are read once per leader.
drop index attempt_leased;
-- A turn checks the parents of its epochs in one statement. The constraint did so row by row, and wrote a
-- lock into each parent.
alter table epoch drop constraint epoch_parent_fkey;
