/**
 * Which engines this machine has, which of them is taken, and why: the one place that decides, for
 * submitting a sweep, for a worker and for commands that compute by themselves.
 *
 * The order is graph on a GPU, graph on the CPU, wasm. An engine is named in every epoch key by its
 * `numerics`; a worker offers all that it can use, so a sweep that began on one goes on on that one,
 * whatever is installed in between.
 */
import { probeNative, testNative } from './native/check.js';
import { EngineUnusable, othersWrite, type NativeProblem } from './native/errors.js';
import { findNatives, type Device, type FoundNative, type Places } from './native/found.js';
import type { EngineName } from './names.js';
import type { Gpu } from './native/gpus.js';
import type { NativePlace } from './native/load.js';
import { readStamp, type Stamp } from './native/stamp.js';
import { wasmNumerics } from './wasm/numerics.js';

/** An engine that may be used here and now. Plain data: it travels to training children. */
export interface UsableEngine {
  readonly kind: 'graph' | 'wasm';
  readonly device: Device;
  /** Begins every `numerics` of trajectories that it trains, before the decoder's part. */
  readonly numerics: string;
  /** For a person, e.g. `graph on CPU (TensorFlow 2.21.0)`. */
  readonly label: string;
  /** Null for wasm. */
  readonly native: NativePlace | null;
  /** The GPUs that slots are pinned to, in turn; empty on the CPU. */
  readonly gpus: readonly UsableGpu[];
}

export interface UsableGpu {
  readonly uuid: string;
  /** When the engines were looked at, before any training of ours; null where the driver does not tell. */
  readonly freeBytes: number | null;
}

/** An engine of this machine, usable or not. */
export interface EngineFact {
  readonly name: string;
  readonly label: string;
  readonly found: FoundNative | null;
  readonly stamp: Stamp | null;
  readonly usable: UsableEngine | null;
  /** Null where it is usable. */
  readonly problem: NativeProblem | null;
}

export interface SurveyOptions {
  readonly places: Places;
  /** Told before an engine is tested that never was: a few seconds each. */
  readonly onTest?: (label: string) => void;
  /** False to look only: what would be tested is then not usable. */
  readonly tests?: boolean;
  readonly signal?: AbortSignal;
}

/** In the order of preference; wasm, which is always there, comes last. Rejects with the signal's reason. */
export async function surveyEngines(options: SurveyOptions): Promise<EngineFact[]> {
  const facts: EngineFact[] = [];
  for (const found of findNatives(options.places)) facts.push(await examine(found, options));
  return [...facts, { name: 'wasm', label: 'wasm', found: null, stamp: null, usable: wasmEngine(), problem: null }];
}

async function examine(found: FoundNative, { onTest, tests, signal }: SurveyOptions): Promise<EngineFact> {
  const refusal = refusalOf(found);
  if (refusal !== null) return { name: found.name, label: labelOf(found, null), found, stamp: null, usable: null, problem: refusal };
  const stamp = await stampOf(found, { ...(onTest === undefined ? {} : { onTest }), ...(tests === undefined ? {} : { tests }), ...(signal === undefined ? {} : { signal }) });
  const label = labelOf(found, stamp);
  const unusable = (problem: NativeProblem): EngineFact => ({ name: found.name, label, found, stamp, usable: null, problem });
  if (stamp === null) return unusable({ found: 'it was not tested yet', remedy: `test it: trawl engine test ${found.name}` });
  if (stamp.problem !== null || stamp.numerics === null) return unusable(stamp.problem ?? { found: 'its test came to nothing', remedy: `test it again: trawl engine test ${found.name}` });
  // A GPU may be taken, or its driver replaced, at any time; files of a CPU engine are the same by their fingerprint.
  const probed = found.device === 'gpu' ? await probeNative(found, signal) : { problem: null, gpus: [] as Gpu[] };
  if (probed.problem !== null) return unusable(probed.problem);
  const native: NativePlace = { name: found.name, device: found.device, addon: found.addon, folder: found.folder };
  const usable: UsableEngine = { kind: 'graph', device: found.device, numerics: stamp.numerics, label, native, gpus: probed.gpus.map(({ uuid, freeBytes }) => ({ uuid, freeBytes: Number.isFinite(freeBytes) ? freeBytes : null })) };
  return { name: found.name, label, found, stamp, usable, problem: null };
}

/** Why its code is not to be run without being asked for; null where it may be. */
function refusalOf(found: FoundNative): NativeProblem | null {
  if (found.writable !== null) return othersWrite(found.writable);
  // Who has asked for its test, of these very files, has said that they are his.
  if (found.trusted || readStamp(found) !== null) return null;
  return { found: `it lies in ${found.folder}, found from the folder you stand in, and is code that nobody has asked for yet`, remedy: `where it is yours: trawl engine test ${found.name}` };
}

/** A test that failed for what may pass (a GPU that was taken, a box too busy) is made again; one of the numbers is not. */
async function stampOf(found: FoundNative, { onTest, tests, signal }: Omit<SurveyOptions, 'places'>): Promise<Stamp | null> {
  const stamp = readStamp(found);
  if (tests === false || (stamp !== null && (stamp.problem === null || stamp.wrong))) return stamp;
  onTest?.(labelOf(found, null));
  return testNative(found, undefined, signal);
}

function labelOf({ name, device, tensorflow, from }: FoundNative, stamp: Stamp | null): string {
  const version = stamp?.tensorflow ?? tensorflow;
  const what = [...(version === null ? [] : [`TensorFlow ${version}`]), ...(from === 'package' ? [`of ${name}`] : [])].join(' ');
  return `graph on ${device === 'gpu' ? 'GPU' : 'CPU'}${what === '' ? '' : ` (${what})`}`;
}

/** What there always is. */
export function wasmEngine(): UsableEngine {
  return { kind: 'wasm', device: 'cpu', numerics: wasmNumerics(), label: 'wasm', native: null, gpus: [] };
}

export interface EngineChoice {
  readonly engine: UsableEngine;
  /** Why this one, for a person. */
  readonly why: string;
}

/** Pure. Throws EngineUnusable where the forced one cannot be used. */
export function chooseEngine(facts: readonly EngineFact[], forced: EngineName | null): EngineChoice {
  const candidates = facts.filter((fact) => forced === null || kindOf(fact) === forced);
  const passedOver: EngineFact[] = [];
  for (const fact of candidates) {
    if (fact.usable !== null) return { engine: fact.usable, why: whyText(fact, passedOver, forced) };
    passedOver.push(fact);
  }
  const first = passedOver[0];
  throw new EngineUnusable(first?.label ?? 'graph', first?.problem ?? { found: 'no native engine is installed', remedy: 'install one: trawl engine install (with a GPU: --gpu)' });
}

function kindOf({ found }: EngineFact): 'graph' | 'wasm' {
  return found === null ? 'wasm' : 'graph';
}

function whyText(chosen: EngineFact, passedOver: readonly EngineFact[], forced: EngineName | null): string {
  if (passedOver.length > 0) return passedOver.map(({ label, problem }) => `${label} cannot be used: ${problem === null ? '' : `${problem.found}; ${problem.remedy}`}`).join('. ');
  if (forced !== null) return 'as --engine says';
  if (chosen.found === null) return 'no native engine is installed; a faster one: trawl engine install';
  return speedText(chosen);
}

/** By the steps that its test timed beside wasm's, of models that are named with the image size. */
function speedText({ stamp }: EngineFact): string {
  const steps = stamp?.steps ?? [];
  const slower = steps.filter(({ msPerStep, wasmMsPerStep }) => wasmMsPerStep < msPerStep);
  if (steps.length === 0) return 'the first in order of what can be used here';
  if (slower.length === 0) return 'the fastest that was tested here';
  const figures = slower.map(({ name, msPerStep, wasmMsPerStep }) => `${name}: wasm ${wasmMsPerStep.toFixed(1)} ms per step, this ${msPerStep.toFixed(1)}`).join('; ');
  // Steps are in the order of their image sizes.
  const where = slower.length === steps.length ? 'though wasm was faster' : slower.at(-1) === steps.at(-1) ? 'though wasm was faster with large images' : 'though wasm was faster with small images';
  return `the first in order, ${where} in its test (${figures}): --engine wasm takes it`;
}

/** E.g. `wasm: no native engine is installed; a faster one: trawl engine install`. */
export function choiceText({ engine, why }: EngineChoice): string {
  return `${engine.label}: ${why}`;
}

/** All usable ones, best first; the kind that was forced alone. Throws EngineUnusable as chooseEngine does. */
export function offeredEngines(facts: readonly EngineFact[], forced: EngineName | null): readonly [UsableEngine, ...UsableEngine[]] {
  const { engine } = chooseEngine(facts, forced);
  const others = facts.flatMap(({ usable }) => (usable === null || usable === engine || (forced !== null && usable.kind !== forced) ? [] : [usable]));
  // Two installations of the same TensorFlow for the same device have the same numerics: the first stands for both.
  return [engine, ...others.filter(({ numerics }, at) => numerics !== engine.numerics && others.findIndex((other) => other.numerics === numerics) === at)];
}
