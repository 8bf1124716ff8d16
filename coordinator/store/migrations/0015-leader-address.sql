-- Where the leader is reached over HTTP: a standby tells it to whoever asks.
alter table leader add column url text;
