/** From what was submitted, or what a command makes of it, to the spec and its trials; or to all that is wrong, as BadRequest. */
import { type Mistake, formatMistake, parseSweepFile } from '../sweep/parse.js';
import type { Problem } from '../sweep/mistakes.js';
import { checkAgainstData } from '../sweep/check-data.js';
import { checkCosts } from '../sweep/check-constraints.js';
import { checkFit } from '../sweep/check-fit.js';
import { checkBases, checkCuts } from '../sweep/check-transfer.js';
import { checkAgainstEngine } from '../sweep/check-engine.js';
import { resolveTrials } from '../sweep/resolve.js';
import { rewrite, type Replacement } from '../sweep/rewrite.js';
import type { DataSummary, SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { SweepSource } from '../store/records.js';
import { BadRequest } from './errors.js';
import type { SubmitRequest } from './views.js';

export interface Compiled {
  readonly source: SweepSource;
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly numerics: string;
  /** Those that are known from the spec alone. */
  readonly planned: readonly TrialPlan[];
  /** A line for each of what is found wrong later. */
  readonly say: (problems: readonly Problem[]) => string[];
}

export function compileRequest(request: SubmitRequest): Compiled {
  const { warmStartFrom } = request;
  const text = warmStartFrom === undefined ? request.source.text : rewrite(request.source.text, [{ path: ['warmStart'], value: { from: warmStartFrom } }]);
  const source: SweepSource = { ...request.source, text, module: request.module ?? null, list: request.list ?? null, program: request.program ?? null, ...(request.weights === undefined ? {} : { weights: request.weights }) };
  return compile({ source, sharing: request.sharing, data: request.data, numerics: request.numerics }, checkBases, (mistake) => formatMistake(source.name, mistake));
}

/** What of a stored sweep stays whatever is changed in its file. */
export interface Stored {
  readonly source: SweepSource;
  readonly sharing: boolean;
  readonly data: DataSummary | null;
  readonly numerics: string;
}

/** The stored file with these values in it. A mistake is told by its field: the text is nobody's file. */
export function compileRewritten(stored: Stored, replacements: readonly Replacement[]): Compiled {
  const text = rewrite(stored.source.text, replacements);
  // Knobs that matter to none of these trials may matter to others of the sweep.
  return compile({ ...stored, source: { ...stored.source, text } }, checkCuts, fieldLine);
}

/** As a command says what is wrong with what it was given. */
export function fieldLine({ field, found, expected, suggestion }: Pick<Mistake, 'field' | 'found' | 'expected' | 'suggestion'>): string {
  return `${field}: found ${found}, expected ${expected}${suggestion === null ? '' : `; ${suggestion}`}`;
}

function compile({ source, sharing, data, numerics }: Stored, checkTransfer: typeof checkBases, say: (mistake: Mistake) => string): Compiled {
  const parsed = parseSweepFile(source.text, source.name, source.module, source.list, source.program, source.weights ?? null);
  if ('mistakes' in parsed) throw new BadRequest(parsed.mistakes.map(say).join('\n'));
  const spec: SweepSpec = { ...parsed.spec, sharing };
  if ((spec.trainable.kind === 'image-classifier') !== (data !== null)) {
    throw new BadRequest(`sweep ${spec.name}: ${data === null ? 'its data was not submitted with it' : 'a trainable without data was submitted with data'}`);
  }
  if (spec.trainable.kind === 'module' && source.program === null) throw new BadRequest(`sweep ${spec.name}: the code of its module was not submitted with it`);
  if (spec.trainable.kind === 'image-classifier' && spec.trainable.weights !== undefined && spec.trainable.weights.blob === undefined) throw new BadRequest(`sweep ${spec.name}: its weights were not submitted with it`);
  const unknown = parsed.place([...(data === null ? [] : checkAgainstData(spec, data)), ...checkAgainstEngine(spec, numerics)]);
  if (unknown.length > 0) throw new BadRequest(unknown.map(say).join('\n'));
  const costly = parsed.place([...checkCosts(spec, data, source.module), ...checkTransfer(spec, data, source.module)]);
  if (costly.length > 0) throw new BadRequest(costly.map(say).join('\n'));
  const unfit = parsed.place(checkFit(spec, data, source.module));
  if (unfit.length > 0) throw new BadRequest(unfit.map(say).join('\n'));
  return { source, spec, data, numerics, planned: resolveTrials(spec, data, numerics, source.module), say: (problems) => parsed.place(problems).map(say) };
}
