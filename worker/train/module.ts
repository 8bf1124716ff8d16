/**
 * The trainable `module`: JavaScript of a user's own, run in this process, which holds nothing else. Its
 * `train` is a generator that gives an epoch at a time, so that nothing runs ahead of what is wanted.
 */
import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { EpochSettings, ProgramTrajectory, TrainWork } from '../../proto/work.js';
import { ProgramFailed, ProgramSilent } from './program-error.js';
import { resultOf } from './program-report.js';
import { programSettings, type ProgramSettings } from './program-settings.js';
import type { EpochWatch, TrainedEpoch, Trainer } from './trainer.js';
import type { Workspace } from './workspace.js';

/** What `train` is called with. */
export type ModuleRun = Pick<ProgramSettings, 'from' | 'to' | 'seed' | 'replicate' | 'load' | 'epochs'> & {
  /** Aborted when what it trains is not wanted any more. */
  readonly signal: AbortSignal;
};

type Epochs = AsyncIterator<unknown> | Iterator<unknown>;

export class ModuleTrainer implements Trainer {
  readonly #epochs: Epochs;
  readonly #ending: AbortController;
  readonly #workspace: Workspace;
  readonly #silenceMs: number | null;
  #turn = 0;
  #save: ((folder: string) => unknown) | null = null;

  private constructor(epochs: Epochs, ending: AbortController, workspace: Workspace, silenceMs: number | null) {
    this.#epochs = epochs;
    this.#ending = ending;
    this.#workspace = workspace;
    this.#silenceMs = silenceMs;
  }

  /** `code` is the module's file. Call once in a process: it is the module's from then on. Throws whatever the module throws. */
  static async start(work: TrainWork, trajectory: ProgramTrajectory, workspace: Workspace, code: string): Promise<ModuleTrainer> {
    process.chdir(workspace.work);
    const { train } = (await toldInLog(() => import(pathToFileURL(code).href))) as { readonly train?: unknown };
    if (typeof train !== 'function') throw new ProgramFailed(`the module's train: found ${train === undefined ? 'none' : `a ${typeof train}`}, expected export async function* train(run)`);
    const ending = new AbortController();
    const { from, to, seed, replicate, load, epochs } = programSettings(work, trajectory, workspace);
    const run: ModuleRun = { from, to, seed, replicate, load, epochs, signal: ending.signal };
    const given: unknown = (train as (run: ModuleRun) => unknown)(run);
    if (!isIterator(given)) throw new ProgramFailed("the module's train: found a function that returns no iterator, expected a generator: export async function* train(run)");
    return new ModuleTrainer(given, ending, workspace, work.silenceMs);
  }

  async train(epoch: number, _settings: EpochSettings, watch: EpochWatch): Promise<TrainedEpoch | null> {
    this.#turn = epoch;
    this.#save = null;
    const began = performance.now();
    const next = await this.#next(watch);
    if (next === null) return null;
    if (next.done === true) throw new ProgramFailed(`the module's train ended before epoch ${epoch}, expected a yield of {metrics} for each epoch up to run.to`);
    const { metrics, save } = typeof next.value === 'object' && next.value !== null ? (next.value as { readonly metrics?: unknown; readonly save?: unknown }) : {};
    const result = resultOf(metrics, epoch);
    if (save !== undefined && typeof save !== 'function') throw new ProgramFailed(`save of epoch ${epoch}: found a ${typeof save}, expected a function that writes into the folder that it is given`);
    this.#save = (save as ((folder: string) => unknown) | undefined) ?? null;
    return { result, cost: { seconds: (performance.now() - began) / 1000, steps: 0, params: 0, msPerImage: null } };
  }

  async state(): Promise<AsyncIterable<Uint8Array> | null> {
    if (this.#save === null) return null;
    const folder = this.#workspace.savedAt(this.#turn);
    await mkdir(folder, { recursive: true });
    const save = this.#save;
    await this.#withinSilence(toldInLog(() => save(folder)));
    return this.#workspace.checkpoint(this.#turn);
  }

  evaluate(): Promise<null> {
    return Promise.resolve(null);
  }

  /** The process ends soon, whatever the module still does. */
  close(): Promise<void> {
    this.#ending.abort();
    return Promise.resolve();
  }

  /** Null where nobody wants the epoch any more. Throws ProgramSilent. */
  #next(watch: EpochWatch): Promise<IteratorResult<unknown> | null> {
    return this.#withinSilence(Promise.race([toldInLog(() => this.#epochs.next()), watch.interruption.then(() => null)]));
  }

  /** Throws ProgramSilent where it takes longer than the module may be silent. */
  async #withinSilence<Value>(wanted: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const { promise: late, reject } = deferred();
    if (this.#silenceMs !== null) timer = setTimeout(() => reject(new ProgramSilent(this.#silenceMs ?? 0)), this.#silenceMs);
    try {
      return await Promise.race([wanted, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Code of the module's own. Of an error the outcome has the message; the log has where it was thrown. */
async function toldInLog<Value>(run: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    throw error;
  }
}

function deferred(): { readonly promise: Promise<never>; readonly reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}

function isIterator(value: unknown): value is Epochs {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function';
}
