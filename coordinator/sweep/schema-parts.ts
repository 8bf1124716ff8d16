/** Pieces that the schema of a sweep file is put together from. */
import * as z from 'zod';

/** "one of a, b": what is expected where a name is none of those that may stand there. */
export function oneOf(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `one of ${names.join(', ')}`;
}

/** The names of a text made by `oneOf`: candidates for "did you mean". */
export function namesOf(expected: string): readonly string[] {
  return expected.replace(/^one of /, '').split(', ');
}

export const MAX_TRIALS = 100_000;
export const MAX_EPOCHS = 100_000;

export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape, what: string): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? oneOf(Object.keys(shape)) : what) });
}

export function name<const Names extends readonly [string, ...string[]]>(names: Names): z.ZodEnum<{ [N in Names[number]]: N }> {
  return z.enum(names, { error: oneOf(names) });
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodNumber {
  const what = `a whole number ${max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`}`;
  return z.number(what).int(what).min(min, what).max(max, what);
}

export const anyNumber = z.number('a number');
export const positive = z.number('a number above 0').positive('a number above 0');
export const atLeastZero = z.number('a number of at least 0').min(0, 'a number of at least 0');
export const text = (what: string): z.ZodString => z.string(what).min(1, what);

export const seed = whole(0, 2 ** 32 - 1);
