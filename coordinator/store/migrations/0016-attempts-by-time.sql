-- What slots were at in the last hours: for the timeline of the fleet.
create index attempt_granted on attempt (granted_at);
