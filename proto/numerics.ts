/** For a person: `graph 2.21.0 on cpu` of graph:2.21.0:cpu:DIGEST:decode…, and eager likewise; of wasm its name and the beginning of its kernels' digest. */
export function numericsText(numerics: string): string {
  const [kind = '', first = '', second = ''] = numerics.split(':');
  return kind === 'graph' || kind === 'eager' ? `${kind} ${first} on ${second}` : `${kind} ${first.slice(0, 8)}`;
}

/** Whether it is of an engine that trains on GPUs. */
export function isGpuNumerics(numerics: string): boolean {
  const [kind, , device] = numerics.split(':');
  return (kind === 'graph' || kind === 'eager') && device === 'gpu';
}
