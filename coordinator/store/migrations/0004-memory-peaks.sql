-- What trainings took of memory where they ran, by model (family) and pixels at once (load).
create table memory_peak (
  family text not null,
  load bigint not null,
  bytes bigint not null,
  measured_at timestamptz not null default now(),
  primary key (family, load)
);
