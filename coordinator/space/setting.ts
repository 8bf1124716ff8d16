/** Settings inside settings: the fields of a value that is a map. */
import type { Json } from '../../proto/work.js';

/** Undefined where nothing stands there. */
export function valueAt(value: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = value;
  for (const name of path) current = current !== undefined && isMap(current) && Object.hasOwn(current, name) ? current[name] : undefined;
  return current;
}

/** The same map with another value at `path`, which it must have; the order of its fields is kept. */
export function withValueAt(value: Json, path: readonly string[], put: Json): Json {
  const [name, ...rest] = path;
  if (name === undefined || !isMap(value)) return put;
  return { ...value, [name]: withValueAt(value[name] ?? null, rest, put) };
}

export function isMap(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
