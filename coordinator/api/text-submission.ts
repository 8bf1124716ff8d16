/**
 * A sweep file by its text alone, as a page sends it: what a command finds out beside the file (its images, code
 * and weights) must be known here already. A sweep's data are those of the latest sweep that says the same of them.
 */
import { canonicalJson } from '../../proto/canonical.js';
import { oneLine } from '../../proto/one-line.js';
import type { SweepRecord } from '../store/records.js';
import { describe, type Problem } from '../sweep/mistakes.js';
import { formatMistake, parseSweepFile } from '../sweep/parse.js';
import { oneOf } from '../sweep/schema-parts.js';
import type { DataSpec, SweepSpec } from '../sweep/spec.js';
import { BadRequest } from './errors.js';
import type { SubmitRequest } from './views.js';

export interface TextSubmission {
  /** How messages name the file. */
  readonly name: string;
  readonly text: string;
  /** As SubmitRequest has it. */
  readonly replace?: boolean | undefined;
}

const BY_COMMAND = 'hand it in where its files are: trawl submit FILE --coordinator URL';

/** `sweeps`: of the project. Throws BadRequest with a line per mistake. */
export function requestOfText({ name, text, replace }: TextSubmission, sweeps: readonly SweepRecord[]): SubmitRequest {
  const parsed = parseSweepFile(text, name, null, null, null, null);
  if ('mistakes' in parsed) throw new BadRequest(parsed.mistakes.map((mistake) => formatMistake(name, mistake)).join('\n'));
  const request = { source: { name, text }, sharing: true, ...(replace === undefined ? {} : { replace }) };
  const { trainable } = parsed.spec;
  if (trainable.kind === 'synthetic') return { ...request, data: null, numerics: 'none' };
  if (trainable.kind !== 'image-classifier') throw new BadRequest(`trainable: found a ${trainable.kind}, whose files are not here, expected a model of the zoo or synthetic; ${BY_COMMAND}`);
  if (trainable.weights !== undefined) throw new BadRequest(`weights: found ${trainable.weights.file}, which is not here, expected no weights; ${BY_COMMAND}`);
  const withData = sweeps.filter(({ data }) => data !== null);
  const known = withData.filter(({ spec }) => saysSame(spec, trainable.data)).at(-1);
  if (known === undefined) throw new BadRequest(parsed.place(unlikeKnown(trainable.data, withData)).map((mistake) => formatMistake(name, mistake)).join('\n'));
  return { ...request, data: known.data, numerics: known.numerics };
}

/** What keeps these data from being those of a sweep: how they differ from those that are most alike, the latest of several. */
function unlikeKnown(data: DataSpec, sweeps: readonly SweepRecord[]): Problem[] {
  const suggestion = `other data come by command: ${BY_COMMAND}`;
  const known = sweeps.flatMap(({ spec: { name, trainable } }) => (trainable.kind === 'image-classifier' ? [{ name, data: trainable.data, keys: differing(data, trainable.data) }] : []));
  const alike = known.filter((each) => each.data.path === data.path);
  const least = Math.min(...alike.map(({ keys }) => keys.length));
  const nearest = alike.findLast(({ keys }) => keys.length === least);
  if (nearest === undefined) {
    const paths = [...new Set(known.map((each) => describe(each.data.path)))];
    return [{ path: ['data', 'path'], at: 'value', found: describe(data.path), expected: paths.length === 0 ? 'data that a sweep here has already, and none has any' : `${oneOf(paths)}, which sweeps here have already`, suggestion }];
  }
  return nearest.keys.map((key) => ({ path: ['data', key], at: 'value', found: describe(data[key]), expected: `${describe(nearest.data[key])}, as sweep ${oneLine(nearest.name, 60)} has it`, suggestion }));
}

/** What a sweep of an earlier version does not say at all is what null says today. */
function differing(one: DataSpec, other: DataSpec): (keyof DataSpec)[] {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])] as (keyof DataSpec)[];
  return keys.filter((key) => canonicalJson(one[key] ?? null) !== canonicalJson(other[key] ?? null));
}

function saysSame({ trainable }: SweepSpec, data: DataSpec): boolean {
  return trainable.kind === 'image-classifier' && differing(trainable.data, data).length === 0;
}
