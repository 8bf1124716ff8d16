-- What the sampler of a revision was told of other sweeps' trials when it was submitted.
alter table sweep_revision add column warm_start json;
