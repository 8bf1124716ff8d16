/** From zod's issues to problems with a suggestion: the one alternative that was probably meant, not all that failed. */
import type * as z from 'zod';
import { describe, fieldName, type Path, type Problem } from './mistakes.js';
import { namesOf, oneOf } from './schema-parts.js';
import { hyperparametersOf } from './schema-space.js';
import { NOT_BUILT, notBuiltField, notBuiltValue, suggestKey, suggestValue } from './suggest.js';

type Issue = z.core.$ZodIssue;

/** `raw` is what was parsed; issues' paths are relative to it. */
export function problemsOf(issues: readonly Issue[], raw: unknown): Problem[] {
  const problems = issues.flatMap((issue) => problemsOfIssue(issue, [], raw));
  // One value may fail several checks; the first says enough.
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    const place = `${problem.at} ${fieldName(problem.path)}`;
    if (!first.has(place)) first.set(place, problem);
  }
  const unknown = problems.filter((problem) => problem.at === 'key');
  return [...first.values()].filter((problem) => !unknown.some((other) => explains(other, problem)));
}

/** A key that is missing only because it stands misspelt (or as something not built yet) beside its place is one mistake, not two. */
function explains(unknown: Problem, missing: Problem): boolean {
  if (missing.at !== 'value' || missing.found !== describe(undefined)) return false;
  if (fieldName(unknown.path.slice(0, -1)) !== fieldName(missing.path.slice(0, -1))) return false;
  return unknown.suggestion === `did you mean ${missing.path.at(-1)}?` || (unknown.suggestion?.includes(NOT_BUILT) ?? false);
}

function problemsOfIssue(issue: Issue, base: Path, raw: unknown): Problem[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  const value = valueAt(raw, path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, issue.message, raw));
  if (issue.code === 'invalid_union') {
    if (isForeignStep(path, value)) return [{ path, at: 'value', found: describe(value), expected: issue.message, suggestion: STEPPED }];
    const branch = meantBranch(issue.errors, value);
    return branch === null ? [noBranch(issue, path, value)] : branch.flatMap((inner) => problemsOfIssue(inner, path, raw));
  }
  const candidates = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  if (fieldName(path) === 'weights.sha256' && typeof value === 'number') return [{ path, at: 'value', found: 'a number', expected: issue.message, suggestion: "digits without quotes are read as a number: write it in quotes, '…'" }];
  const suggestion = value === undefined ? null : (notBuiltValue(fieldName(path), value) ?? suggestValue(value, candidates));
  return [{ path, at: 'value', found: describe(value), expected: issue.message, suggestion }];
}

const STEPPED = 'a rate that drops in steps is {piecewise: {initial: 0.01, factor: 0.1, every: 10}} or {steps: [[0, 0.01], [10, 0.001]]}';

/** Other tools call a schedule `step`, which is here the step of a range. */
function isForeignStep(path: Path, value: unknown): boolean {
  return path[0] === 'space' && isMap(value) && Object.keys(value).join() === 'step';
}

function unknownKey(parent: Path, key: string, expected: string, raw: unknown): Problem {
  const path = [...parent, key];
  if (fieldName(parent) === 'objective' && (key === 'maximize' || key === 'minimize')) {
    return { path, at: 'key', found: 'both maximize and minimize', expected: 'one of them', suggestion: null };
  }
  if (fieldName(parent) === 'data.crop' && (key === 'box' || key === 'masks')) return { path, at: 'key', found: 'both a box and masks', expected: 'one of them', suggestion: null };
  const suggestion = notBuiltField(fieldName(path)) ?? suggestKey(key, namesOf(expected), parent);
  const own = fieldName(parent) === 'space' && isMap(raw) ? hyperparametersOf((raw as { readonly model?: unknown }).model) : null;
  return { path, at: 'key', found: `the unknown key ${describe(key)}`, expected: own === null ? expected : oneOf(own), suggestion };
}

/**
 * Of a union's alternatives, each with what it found wrong, the one whose form the value has: the same
 * kind of thing, and of maps the one that shares most keys, at least half of them. Null where none comes near.
 */
function meantBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | null {
  let best: readonly Issue[] | null = null;
  let least = Infinity;
  for (const issues of branches) {
    if (issues.some((issue) => isWrongKind(issue))) continue;
    const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : []));
    if (isMap(value) && unknown.length > Object.keys(value).length / 2) continue;
    const missing = issues.filter((issue) => issue.path.length === 1 && valueAt(value, issue.path) === undefined);
    const troubles = unknown.length + missing.length;
    if (troubles < least) [best, least] = [issues, troubles];
  }
  return best;
}

/** Whether the issue rejects the value as a whole: another type, or none of the words allowed. */
function isWrongKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((branch) => branch.some(isWrongKind));
  // A number that is not whole is reported as a wrong type too, but is of the right kind.
  if (issue.code === 'invalid_type') return !['int', 'safeint'].includes(issue.expected);
  return issue.code === 'invalid_value' || issue.code === 'invalid_format';
}

function noBranch(issue: z.core.$ZodIssueInvalidUnion, path: Path, value: unknown): Problem {
  const inner = issue.errors.flat().flatMap(leaves);
  const only = isMap(value) && Object.keys(value).length === 1 ? Object.keys(value)[0] : undefined;
  const expected = issue.message;
  if (only !== undefined) {
    const names = inner.flatMap((each) => (each.code === 'unrecognized_keys' && each.path.length === 0 ? namesOf(each.message) : []));
    const suggestion = notBuiltField(fieldName([...path, only])) ?? suggestKey(only, [...new Set(names)], path);
    return { path, at: 'value', found: describe(value), expected, suggestion };
  }
  const values = inner.flatMap((each) => (each.code === 'invalid_value' && each.path.length === 0 ? each.values.map(String) : []));
  return { path, at: 'value', found: describe(value), expected, suggestion: notBuiltValue(fieldName(path), value) ?? suggestValue(value, values) };
}

/** Of a union within a union, the issues of its alternatives. */
function leaves(issue: Issue): Issue[] {
  return issue.code === 'invalid_union' && issue.path.length === 0 ? issue.errors.flat().flatMap(leaves) : [issue];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as { readonly [part: PropertyKey]: unknown })[part];
  }
  return current;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
