/** The first half of `trawl run`: from a sweep file and its images to what is submitted. Nothing is created for a file with mistakes. */
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { BlobStore } from '../../blob/store.js';
import type { SubmitRequest } from '../../coordinator/api/views.js';
import { checkBases } from '../../coordinator/sweep/check-transfer.js';
import { checkCosts } from '../../coordinator/sweep/check-constraints.js';
import { checkFit, fitWarningsOf } from '../../coordinator/sweep/check-fit.js';
import { checkAgainstData, checkClasses } from '../../coordinator/sweep/check-data.js';
import type { Problem } from '../../coordinator/sweep/mistakes.js';
import { isRawMap } from '../../coordinator/sweep/draft.js';
import type { MistakenSweep, ParsedSweep } from '../../coordinator/sweep/parse.js';
import { readSource } from '../../coordinator/sweep/source.js';
import { costWarningsOf } from '../../coordinator/sweep/warnings.js';
import type { DataSummary, SweepSpec } from '../../coordinator/sweep/spec.js';
import { CLASSICAL } from '../../proto/models.js';
import type { Json } from '../../proto/work.js';
import { classicalNumerics } from '../../worker/train/numerics.js';
import { layoutOf, placeOf, requirePath } from '../data/layout-of.js';
import { prepareDataset, type PrepareProgress } from '../data/prepare.js';
import { DataProblem } from '../data/problem.js';
import { BadInput } from '../exit.js';
import type { Home } from '../home.js';
import { mistakeLines } from '../text/mistake-lines.js';
import { readSweepWithModule, type SweepWithModule } from '../module/read-sweep.js';
import type { ModelEngine } from '../module/topology.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { WeightsSource } from '../../proto/pretrained.js';
import type { ProgramSource } from '../../proto/program.js';
import { UNDECIDED } from './engine.js';
import { DownloadFailed } from '../engine/errors.js';
import { prepareWeights } from '../weights/prepare.js';
import { prepareProgram } from '../program/prepare.js';

export interface LoadOptions {
  readonly file: string;
  readonly home: Home;
  /** Where images and programs go. */
  readonly blobs: BlobStore;
  readonly sharing: boolean;
  /** What is to train the models of a module. */
  readonly engine: ModelEngine;
  /** Values of `space` in the place of the file's own. */
  readonly set?: { readonly [hyperparameter: string]: Json };
  readonly onWarning: (line: string) => void;
  /** What can be had of a sweep without its data; null where the home knows none of the name. */
  readonly withoutData: (sweep: string) => Promise<string | null>;
  readonly onProgress: (progress: PrepareProgress) => void;
  readonly signal: AbortSignal;
}

export interface LoadedSweep {
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly request: SubmitRequest;
}

/** Throws BadInput with a line per mistake, and the blob store's errors. */
export async function loadSweep(options: LoadOptions): Promise<LoadedSweep> {
  const name = shown(options.file);
  const written = readSweepFile(options.file, name);
  const asWritten = await readSweepWithModule(written, name, options.file, options);
  try {
    if (options.set === undefined || 'mistakes' in asWritten.parsed) return await loadParsed(asWritten, written, name, options);
    return await loadWithSettings(withSettings(written, options.set), name, options);
  } finally {
    await asWritten.close();
  }
}

/** The file is right by itself: what is wrong now came with the settings. */
async function loadWithSettings(text: string, name: string, options: LoadOptions): Promise<LoadedSweep> {
  const sweep = await readSweepWithModule(text, name, options.file, options);
  try {
    if ('mistakes' in sweep.parsed) {
      throw new BadInput(sweep.parsed.mistakes.map(({ field, found, expected, suggestion }) => `--set: ${field}: found ${found}, expected ${expected}${suggestion === null ? '' : `; ${suggestion}`}`).join('\n'));
    }
    return await loadParsed(sweep, text, name, options);
  } finally {
    await sweep.close();
  }
}

async function loadParsed(sweep: SweepWithModule, text: string, name: string, options: LoadOptions): Promise<LoadedSweep> {
  const { parsed } = sweep;
  if ('mistakes' in parsed) return orNoHome(options.home, async () => { throw await badInput(parsed, name, options); });
  for (const warning of parsed.warnings) options.onWarning(warning);
  const { spec, data, module, program, weights } = await orNoHome(options.home, (isNewHome) => prepare(parsed, sweep, options, { name, isNewHome }));
  // Of a network, whoever chooses the engine puts in its own (engine.ts).
  const numerics = numericsOf(spec);
  const found = { ...(module === undefined ? {} : { module }), ...(program === undefined ? {} : { program }), ...(weights === undefined ? {} : { weights }), ...(sweep.list === null ? {} : { list: sweep.list }) };
  return { spec, data, request: { source: { name, text }, sharing: options.sharing, data, numerics, ...found } };
}

function numericsOf({ trainable }: SweepSpec): string {
  if (trainable.kind !== 'image-classifier') return 'none';
  return CLASSICAL.some(({ name }) => name === trainable.model) ? classicalNumerics() : UNDECIDED;
}

/** The sweep file as JSON, which is YAML too, with other values in `space`. */
function withSettings(text: string, set: { readonly [hyperparameter: string]: Json }): string {
  const raw = readSource(text).value;
  const file = isRawMap(raw) ? raw : {};
  return JSON.stringify({ ...file, space: { ...(isRawMap(file.space) ? file.space : {}), ...set } });
}

/** Bad input creates nothing, not even the home. What is written first are its caches, with the rights that folders have by default. */
async function orNoHome<T>(home: Home, work: (isNewHome: boolean) => Promise<T>): Promise<T> {
  const isNewHome = !existsSync(home.folder);
  try {
    const done = await work(isNewHome);
    if (isNewHome && existsSync(home.folder)) chmodSync(home.folder, 0o700);
    return done;
  } catch (error) {
    if (isNewHome && !existsSync(home.lock)) rmSync(home.folder, { recursive: true, force: true });
    throw error;
  }
}

/** The mistakes of the file, with what can be told of its images all the same. */
async function badInput(parsed: MistakenSweep, name: string, options: LoadOptions): Promise<BadInput> {
  try {
    return new BadInput(mistakeLines(name, parsed.with(await dataProblems(parsed, options))));
  } catch (error) {
    if (!(error instanceof DataProblem)) throw error;
    if (error.lines === null) return new BadInput(mistakeLines(name, parsed.with([error.problem])));
    return new BadInput([mistakeLines(name, parsed.mistakes), ...error.lines].join('\n'));
  }
}

/** Whether the images are there, and what their classes are called. Throws DataProblem. */
async function dataProblems({ dataPath, classes: asked }: MistakenSweep, { file, home, signal, onProgress }: LoadOptions): Promise<Problem[]> {
  const base = dirname(file);
  if (dataPath !== null && asked === null) await requirePath(resolve(base, dataPath));
  if (asked === null) return [];
  const { classes, refusals = [] } = await layoutOf(placeOf(asked.place, base), { cacheDir: home.dataCache, signal, onUnpack: (_, done, total) => onProgress({ phase: 'unpack', done, total }) });
  // Whether given parts are pooled, which makes up for a class that one of them lacks, may be what cannot be read.
  const refusal = refusals.find(({ code }) => code !== 'ClassMissingInPart');
  return refusal === undefined ? asked.check(classes) : [refusal.problem];
}

/** Relative to where the person stands, if that is shorter. */
function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near !== '' && !near.startsWith('..') ? near : file;
}

function readSweepFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const found = why === 'ENOENT' ? 'no such file' : why === 'EISDIR' ? 'a folder' : `a file that cannot be read (${why})`;
    throw new BadInput(`${name}: found ${found}, expected a sweep file; the shortest one says: data: ./my-images`);
  }
}

interface Prepared {
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly module?: ModelModule | undefined;
  readonly program?: ProgramSource | undefined;
  readonly weights?: WeightsSource | undefined;
}

async function prepare(parsed: ParsedSweep, sweep: SweepWithModule, options: LoadOptions, { name, isNewHome }: { readonly name: string; readonly isNewHome: boolean }): Promise<Prepared> {
  const { spec } = parsed;
  const { trainable } = spec;
  if (trainable.kind === 'synthetic') return { spec, data: null };
  const { blobs } = options;
  const requireNone = (problems: readonly Problem[]): void => {
    if (problems.length > 0) throw new BadInput(mistakeLines(name, parsed.place(problems)));
  };
  try {
    if (trainable.kind !== 'image-classifier') {
      const prepared = await prepareProgram(trainable, { base: resolve(dirname(options.file)), blobs, onWarning: (line) => options.onWarning(`${name}: ${line}`) });
      if ('problems' in prepared) throw new BadInput(mistakeLines(name, parsed.place(prepared.problems)));
      const { source: program } = prepared;
      return program === undefined ? { spec, data: null } : { spec: { ...spec, trainable: { ...trainable, program: program.blob } }, data: null, program };
    }
    const data = await prepareDataset({
      base: resolve(dirname(options.file)),
      spec: trainable.data,
      seed: spec.seed,
      blobs,
      cacheDir: options.home.dataCache,
      onClasses: (classes) => requireNone(checkClasses({ ...spec, positive: trainable.data.positive }, classes)),
      onProgress: options.onProgress,
      signal: options.signal,
    });
    for (const warning of data.warnings) options.onWarning(`${name}: data: ${warning}`);
    requireNone(checkAgainstData(spec, data));
    // The module is built for so many classes as there are.
    const module = await sweep.describe(spec, data.classes.length);
    requireNone(checkCosts(spec, data, module ?? null));
    for (const warning of parsed.warn(costWarningsOf(spec, data, module ?? null))) options.onWarning(warning);
    const weighed = await withWeights(parsed.spec, parsed, sweep, options, name, { data, module: module ?? null });
    requireNone(checkFit(spec, data, module ?? null));
    for (const warning of parsed.warn(fitWarningsOf(spec, data, module ?? null))) options.onWarning(warning);
    return { data, module, ...weighed };
  } catch (error) {
    if (error instanceof DataProblem) {
      const hint = error.code === 'DataFolderMissing' && !isNewHome ? await options.withoutData(spec.name) : null;
      throw new BadInput([error.lines?.join('\n') ?? mistakeLines(name, parsed.place([error.problem])), ...(hint === null ? [] : [hint])].join('\n'));
    }
    throw error;
  }
}

/** The spec with what its pretrained weights are, where it has some. Throws BadInput with a line per mistake. */
async function withWeights(spec: SweepSpec, parsed: ParsedSweep, sweep: SweepWithModule, options: LoadOptions, name: string, { data, module }: { readonly data: DataSummary; readonly module: ModelModule | null }): Promise<Pick<Prepared, 'spec' | 'weights'>> {
  const written = spec.trainable.kind === 'image-classifier' ? spec.trainable.weights : undefined;
  if (written === undefined) return { spec };
  const prepared = await prepareWeights(spec, written, {
    ...{ base: resolve(dirname(options.file)), blobs: options.blobs, cacheDir: options.home.dataCache, classes: data.classes.length, module, signal: options.signal },
    onProgress: (done, total) => options.onProgress({ phase: 'fetch', done, total: total ?? 0 }),
  }).catch((error: unknown) => {
    if (!(error instanceof DownloadFailed)) throw error;
    throw new DownloadFailed(parsed.warn([{ path: ['weights'], text: error.message }]).join(''), { cause: error });
  });
  const problems = [...('problems' in prepared ? prepared.problems : []), ...checkBases(spec, data, module)];
  if ('problems' in prepared || problems.length > 0) throw new BadInput(mistakeLines(name, parsed.place(problems)));
  const whole = sweep.withWeights(prepared.source);
  if ('mistakes' in whole) throw new BadInput(mistakeLines(name, whole.mistakes));
  return { spec: whole.spec, weights: prepared.source };
}
