/**
 * Which engines this machine has, which of them is taken, and why: the one place that decides, for
 * submitting a sweep, for a worker and for commands that compute by themselves.
 *
 * The order is graph on a GPU, graph on the CPU, wasm. Eager, which runs on the native engines too, stands
 * outside of it: it is slower, and taken only where it was asked for. An engine is named in every epoch key by its
 * `numerics`; a worker offers all that it can use, so a sweep that began on one goes on on that one,
 * whatever is installed in between.
 */
import { probeNative, testNative, type Probed } from './native/check.js';
import { EngineUnusable, othersWrite, withoutJavaScript, type NativeProblem } from './native/errors.js';
import { findNatives, type Device, type FoundNative, type Places } from './native/found.js';
import type { EngineName } from './names.js';
import type { NativePlace } from './native/load.js';
import { readStamp, type Stamp, type TestOutcome } from './native/stamp.js';
import { wasmNumerics } from './wasm/numerics.js';

/** An engine that may be used here and now. Plain data: it travels to training children. */
export interface UsableEngine {
  readonly kind: EngineName;
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
  /** The eager executor on it; null for wasm. */
  readonly eager: ExecutorFact | null;
}

/** An executor on a native engine: usable, or what is in its way. */
export interface ExecutorFact {
  readonly label: string;
  readonly usable: UsableEngine | null;
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
  return [...facts, { name: 'wasm', label: 'wasm', found: null, stamp: null, usable: wasmEngine(), problem: null, eager: null }];
}

async function examine(found: FoundNative, { onTest, tests, signal }: SurveyOptions): Promise<EngineFact> {
  const refusal = refusalOf(found);
  if (refusal !== null) return factOf(found, null, { problem: refusal, gpus: [] });
  const stamp = await stampOf(found, { ...(onTest === undefined ? {} : { onTest }), ...(tests === undefined ? {} : { tests }), ...(signal === undefined ? {} : { signal }) });
  if (stamp === null) return factOf(found, null, { problem: { found: 'it was not tested yet', remedy: `test it: trawl engine test ${found.name}` }, gpus: [] });
  const right = [stamp, stamp.eager].some((outcome) => outcome?.problem === null);
  // A GPU may be taken, or its driver replaced, at any time; files of a CPU engine are the same by their fingerprint.
  return factOf(found, stamp, right && found.device === 'gpu' ? await probeNative(found, signal) : { problem: null, gpus: [] });
}

function factOf(found: FoundNative, stamp: Stamp | null, probed: Probed): EngineFact {
  const executor = (kind: 'graph' | 'eager', outcome: TestOutcome | null, without: NativeProblem): ExecutorFact => {
    const label = labelOf(kind, found, stamp);
    const problem = stamp === null ? probed.problem : outcome === null ? without : (outcome.problem ?? probed.problem ?? (outcome.numerics === null ? untold(found) : null));
    if (problem !== null || outcome === null || outcome.numerics === null) return { label, usable: null, problem };
    const native: NativePlace = { name: found.name, device: found.device, addon: found.addon, javascript: found.javascript, folder: found.folder };
    const gpus = probed.gpus.map(({ uuid, freeBytes }) => ({ uuid, freeBytes: Number.isFinite(freeBytes) ? freeBytes : null }));
    return { label, usable: { kind, device: found.device, numerics: outcome.numerics, label, native, gpus }, problem: null };
  };
  return { name: found.name, found, stamp, ...executor('graph', stamp, untold(found)), eager: executor('eager', stamp?.eager ?? null, withoutJavaScript(found.name)) };
}

function untold(found: FoundNative): NativeProblem {
  return { found: 'its test came to nothing', remedy: `test it again: trawl engine test ${found.name}` };
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
  if (tests === false || (stamp !== null && [stamp, stamp.eager].every((outcome) => outcome === null || outcome.problem === null || outcome.wrong))) return stamp;
  onTest?.(labelOf('graph', found, null));
  return testNative(found, undefined, signal);
}

function labelOf(kind: 'graph' | 'eager', { name, device, tensorflow, from }: FoundNative, stamp: Stamp | null): string {
  const version = stamp?.tensorflow ?? tensorflow;
  const what = [...(version === null ? [] : [`TensorFlow ${version}`]), ...(from === 'package' ? [`of ${name}`] : [])].join(' ');
  return `${kind} on ${device === 'gpu' ? 'GPU' : 'CPU'}${what === '' ? '' : ` (${what})`}`;
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
  if (forced === 'eager') return { engine: firstUsable('eager', facts.flatMap(({ eager }) => eager ?? [])), why: 'as --engine says' };
  const candidates = facts.filter((fact) => forced === null || kindOf(fact) === forced);
  const engine = firstUsable('graph', candidates);
  const at = candidates.findIndex(({ usable }) => usable === engine);
  return { engine, why: whyText(candidates[at]!, candidates.slice(0, at), forced) };
}

/** Throws EngineUnusable, for the first one, where there is none. */
function firstUsable(kind: EngineName, executors: readonly ExecutorFact[]): UsableEngine {
  const usable = executors.find((executor) => executor.usable !== null)?.usable ?? null;
  if (usable !== null) return usable;
  const [first] = executors;
  throw new EngineUnusable(first?.label ?? kind, first?.problem ?? { found: 'no native engine is installed', remedy: 'install one: trawl engine install (with a GPU: --gpu)' });
}

function kindOf({ found }: EngineFact): EngineName {
  return found === null ? 'wasm' : 'graph';
}

/** Of all facts, in the order of preference; eager ones, which nobody gets who has not asked, last. */
export function usableEngines(facts: readonly EngineFact[]): UsableEngine[] {
  return [...facts.flatMap(({ usable }) => usable ?? []), ...facts.flatMap(({ eager }) => eager?.usable ?? [])];
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
  const others = usableEngines(facts).filter((usable) => usable !== engine && (forced === null || usable.kind === forced));
  // Two installations of the same TensorFlow for the same device have the same numerics: the first stands for both.
  return [engine, ...others.filter(({ numerics }, at) => numerics !== engine.numerics && others.findIndex((other) => other.numerics === numerics) === at)];
}
