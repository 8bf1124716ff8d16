-- Who asked a worker last to leave, and when; till it is started again.
alter table worker
  add column drained_by text,
  add column drained_at timestamptz;
