/**
 * One text per value: what is hashed and what is compared. Two values have the same text exactly
 * when they are equal, whatever the order in which their fields were written.
 */
import { CodedError } from './coded-error.js';
import type { Json } from './work.js';

export class NotCanonical extends CodedError {
  readonly code = 'NotCanonical';
  constructor(path: string, found: string) {
    super(`${path === '' ? 'the value' : path} is ${found}, which has no canonical JSON`);
  }
}

/**
 * JSON with fields sorted by code unit, no white space, and -0 written as 0. Throws NotCanonical for
 * whatever JSON would silently drop or change: undefined, NaN, infinities, functions, class instances.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '');
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotCanonical(path, String(value));
    // JSON.stringify writes the shortest digits that read back as the same double, and -0 as 0.
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item: unknown, index) => write(item, `${path}[${index}]`)).join(',')}]`;
  }
  if (typeof value === 'object' && isPlain(value)) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${write(field, path === '' ? name : `${path}.${name}`)}`).join(',')}}`;
  }
  throw new NotCanonical(path, value === undefined ? 'undefined' : `a ${typeof value}`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function sameJson(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
