-- When a slot of its worker began an attempt: a lease may wait there for one. Written with its end; null for one that never began.
alter table attempt add column begun_at timestamptz;
-- Of those that have ended it was not kept: they are taken to have begun when they were leased.
update attempt set begun_at = granted_at where state = 'ended';
