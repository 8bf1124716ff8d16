-- What predicting an image took when the epoch was trained: for objectives that weigh a score against it.
alter table epoch add column ms_per_image double precision;
