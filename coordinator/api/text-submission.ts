/**
 * A sweep file by its text alone, as a page sends it: what a command finds out beside the file (its images, code
 * and weights) must be known here already. A sweep's data are those of the latest sweep that says the same of them.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { SweepRecord } from '../store/records.js';
import { formatMistake, parseSweepFile } from '../sweep/parse.js';
import type { SweepSpec } from '../sweep/spec.js';
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
  const known = sweeps.filter(({ data, spec }) => data !== null && saysSame(spec, parsed.spec)).at(-1);
  if (known === undefined) throw new BadRequest(`data: found what no sweep here has, expected the \`data\` of one that does, as it stands in its file; ${BY_COMMAND}`);
  return { ...request, data: known.data, numerics: known.numerics };
}

/** Of their data. */
function saysSame(one: SweepSpec, other: SweepSpec): boolean {
  return dataText(one) === dataText(other);
}

function dataText({ trainable }: SweepSpec): string | null {
  return trainable.kind === 'image-classifier' ? canonicalJson(trainable.data) : null;
}
