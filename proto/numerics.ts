/** For a person: `graph 2.21.0 on cpu` of graph:2.21.0:cpu:DIGEST:decode…, and eager likewise; of wasm its name and the beginning of its kernels' digest. `JavaScript` of js:float64:decode…. */
export function numericsText(numerics: string): string {
  const [kind = '', first = '', second = ''] = numerics.split(':');
  if (isPlainNumerics(numerics)) return 'JavaScript';
  return kind === 'graph' || kind === 'eager' ? `${kind} ${first} on ${second}` : `${kind} ${first.slice(0, 8)}`;
}

/** Of a classical model, before the decoder's part: plain JavaScript, which every worker has. */
export const PLAIN_NUMERICS = 'js:float64';

/** Whether no engine has a part in it. */
export function isPlainNumerics(numerics: string): boolean {
  return numerics.startsWith(`${PLAIN_NUMERICS}:`);
}

/** Whether it is of an engine that trains on GPUs. */
export function isGpuNumerics(numerics: string): boolean {
  const [kind, , device] = numerics.split(':');
  return (kind === 'graph' || kind === 'eager') && device === 'gpu';
}
