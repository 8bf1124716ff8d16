-- A person has asked the worker to leave, and it has not left so far: the next leader asks it too.
alter table worker add column draining boolean not null default false;
