-- Trials are counted by state without their rows, which are wide.
create index trial_state on trial (sweep, revision, state);
