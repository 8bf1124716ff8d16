-- Whether a completed trial has chosen an epoch is asked before its checkpoint is dropped.
create index trial_chosen on trial ((path[best_epoch + 1])) where state = 'completed';
create index trial_last_epoch on trial ((path[epochs])) where state = 'completed';
