/** Looking into parsed YAML of which nothing is known. */

export type Plain = { readonly [key: string]: unknown };

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Empty where there is none. */
export function plain(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

/** Empty where there is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** As it stands in a message. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? 'nothing' : JSON.stringify(value);
}

/** What lies at a path; undefined where nothing does. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => plain(found)[key], value);
}

/** Every object in it, itself too. */
export function* objectsIn(value: unknown): Generator<Plain> {
  if (Array.isArray(value)) for (const item of value) yield* objectsIn(item);
  if (!isPlain(value)) return;
  yield value;
  for (const item of Object.values(value)) yield* objectsIn(item);
}
