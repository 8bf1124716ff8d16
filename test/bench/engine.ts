/**
 * Training on one thread, for every executor of this machine (eager, which calls TensorFlow for each operation, on
 * the small models alone) and, with --against, Keras: each in a
 * process of its own, asked in turn so that whatever else the machine does falls on all alike. Time of a
 * step; of an epoch of 1,000 images with feeding and evaluation (not of networks where one takes minutes); peak memory; time from the start of a
 * process to the end of its first step (`coldStartMs`), and that without what a later step of the same
 * process takes (`startUpMs`): of a large model one step may take more than a second, and no start makes
 * that shorter. Everybody reads the same pixels from a file. On stderr also: what a warm process of ours
 * takes beyond a step to train the same model from its beginning, and another one, and our peak memory
 * over Keras'.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { join } from 'node:path';
import { homeAt } from '../../cli/home.js';
import { packageRoot } from '../../proto/package-root.js';
import { surveyEngines } from '../../worker/engine/choose.js';
import { nativeEnvironment, type NativePlace } from '../../worker/engine/native/load.js';
import { type BenchOptions, type Emit, median, progress } from './bench.js';
import type { BenchEngine } from './engine-child.js';
import { MODELS } from './engine-models.js';
import { writePixels } from './engine-pixels.js';
import { nativeOfTests } from './native.js';

/** What can be asked: an engine of ours, or Keras. */
interface Contestant {
  readonly engine: string;
  readonly program: string;
  readonly arguments: (model: string, pixels: string) => readonly string[];
  readonly environment: { readonly [name: string]: string };
}

interface Figures {
  readonly steps: number[];
  readonly epochs: number[];
  readonly colds: number[];
  /** Without the step. */
  readonly starts: number[];
  readonly agains: number[];
  readonly anews: number[];
  readonly peaks: number[];
  /** Of a frozen base, of the process that computed them. */
  readonly features: number[];
  version: string;
}

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  const contestants = [...(await ourEngines()), ...(options.against === null ? [] : [kerasWith(options.against)])];
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  try {
    for (const model of MODELS.filter(({ name }) => options.cases.length === 0 || options.cases.includes(name))) {
      const { name, size, isSlow = false } = model;
      const deep = !name.startsWith('garth-cnn');
      const asked = contestants.filter(({ engine }) => engine !== 'eager' || !deep);
      const rounds = options.quick ? { starts: 1, steps: 3, epochs: isSlow ? 0 : 1 } : { starts: 5, steps: deep ? 3 : 6, epochs: isSlow ? 0 : deep || size > 64 ? 1 : 2 };
      report(name, await compete(name, writePixels(model, folder), asked, rounds), emit);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts in turn; in each start, steps in turn and then epochs in turn. Two processes at most are awake at once: the one that is asked, and this. */
async function compete(model: string, pixels: string, contestants: readonly Contestant[], rounds: { readonly starts: number; readonly steps: number; readonly epochs: number }): Promise<Map<string, Figures>> {
  const figures = new Map<string, Figures>(contestants.map(({ engine }) => [engine, { steps: [], epochs: [], colds: [], starts: [], agains: [], anews: [], peaks: [], features: [], version: '' }]));
  for (let start = 0; start < rounds.starts; start += 1) {
    progress(`${model}: start ${start + 1} of ${rounds.starts}`);
    const processes: { readonly asked: Asked; readonly into: Figures }[] = [];
    for (const contestant of contestants) {
      const asked = new Asked(contestant, model, pixels);
      const into = figures.get(contestant.engine)!;
      const { ms, version, featuresMs } = await asked.ready();
      if (featuresMs !== undefined && featuresMs !== null) into.features.push(featuresMs);
      // What made its features first is no start like the others.
      else into.colds.push(ms);
      into.version = version;
      processes.push({ asked, into });
    }
    const eachInTurn = async (times: number, question: string, into: (figures: Figures) => number[] | null): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        for (const { asked, into: of } of processes) {
          const { ms } = await asked.ask(question);
          if (ms !== undefined) into(of)?.push(ms);
        }
      }
    };
    await eachInTurn(2, 'step', () => null);
    await eachInTurn(rounds.steps, 'step', ({ steps }) => steps);
    for (const { into } of processes) {
      const cold = into.colds[into.starts.length];
      if (cold !== undefined) into.starts.push(cold - median(into.steps.slice(-rounds.steps)));
    }
    await eachInTurn(rounds.epochs, 'epoch', ({ epochs }) => epochs);
    for (const { asked, into } of processes) {
      const { peakBytes } = await asked.ask('peak');
      if (peakBytes !== undefined) into.peaks.push(peakBytes);
      if (asked.isOurs) {
        for (const [question, warms] of [['again', into.agains], ['anew', into.anews]] as const) warms.push((await asked.ask(question)).ms!);
      }
      await asked.end();
    }
  }
  return figures;
}

function report(model: string, figures: ReadonlyMap<string, Figures>, emit: Emit): void {
  const keras = figures.get('keras');
  const kerasVersion = keras === undefined ? {} : { keras: keras.version };
  for (const [engine, { steps, epochs, colds, starts, agains, anews, peaks, features, version }] of figures) {
    const put = (metric: string, values: readonly number[], unit: string): void => {
      if (values.length > 0) emit({ case: model, metric, value: rounded(median(values)), unit, runs: values.length, engine, versions: { engine: version } });
    };
    put('msPerStep', steps, 'ms');
    put('msPerEpoch', epochs, 'ms');
    put('peakBytes', peaks, 'bytes');
    put('coldStartMs', colds, 'ms');
    put('startUpMs', starts, 'ms');
    put('featuresMs', features, 'ms');
    if (agains.length > 0) progress(`${model}, ${engine}: beyond a step, a warm process takes ${rounded(median(agains))} ms to begin the same model again and ${rounded(median(anews))} ms to begin another (medians of ${agains.length})`);
    if (keras === undefined || engine === 'keras') continue;
    const against = (metric: string, ours: readonly number[], theirs: readonly number[]): void => {
      if (ours.length === 0) return;
      const value = rounded(median(ours) / median(theirs));
      emit({ case: model, metric, value, unit: '1', runs: ours.length, engine, versions: { engine: version, ...kerasVersion } });
    };
    against('ratio', steps, keras.steps);
    against('epochRatio', epochs, keras.epochs);
    progress(`${model}, ${engine}: peak memory ${rounded(median(peaks) / median(keras.peaks))} of Keras' (median of ${peaks.length})`);
  }
}

interface Answer {
  readonly ready?: string;
  readonly featuresMs?: number | null;
  readonly ms?: number;
  readonly peakBytes?: number;
}

/** A process that trains one model and answers a line with a line. */
export class Asked {
  readonly isOurs: boolean;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #began = performance.now();
  readonly #name: string;
  readonly #ended: Promise<void>;

  constructor({ engine, program, arguments: args, environment }: Contestant, model: string, pixels: string) {
    this.#name = `${engine}, ${model}`;
    this.isOurs = engine !== 'keras';
    this.#child = spawn(program, args(model, pixels), { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = new Promise((resolve) => this.#child.on('close', () => { resolve(); }));
  }

  async ready(): Promise<{ readonly ms: number; readonly version: string; readonly featuresMs: Answer['featuresMs'] }> {
    const { ready = '', featuresMs } = await this.#answer();
    return { ms: performance.now() - this.#began, version: ready, featuresMs };
  }

  ask(question: string): Promise<Answer> {
    this.#child.stdin.write(`${question}\n`);
    return this.#answer();
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => {
        reject(new Error(`${this.#name}: the process ended with ${String(code)}`));
      };
      this.#child.once('exit', ended);
      this.#child.once('error', reject);
      this.#lines.once('line', (line) => {
        this.#child.off('exit', ended);
        this.#child.off('error', reject);
        resolve(JSON.parse(line) as Answer);
      });
    });
  }
}

export async function ourEngines(): Promise<Contestant[]> {
  const script = join(packageRoot(), 'dist', 'test', 'bench', 'engine-child.js');
  const ours = (engine: BenchEngine): Contestant => ({
    engine: engine.kind,
    program: process.execPath,
    arguments: (model, pixels) => [script, model, pixels, JSON.stringify(engine)],
    environment: engine.native === null ? {} : nativeEnvironment(null, 1),
  });
  const { engines } = homeAt(undefined);
  const native = nativeOfTests() ?? (await installedNative(engines));
  if (native === null) progress(`engine: no native engine for the CPU that was tested is in ${engines}, and TRAWL_TEST_NATIVE names none: graph and eager are left out (trawl engine install)`);
  return [ours({ kind: 'wasm', native: null }), ...(native === null ? [] : [ours({ kind: 'graph', native })]), ...((native?.javascript ?? null) === null ? [] : [ours({ kind: 'eager', native })])];
}

/** The best native engine for the CPU that is installed in the home and tested; null for none. */
async function installedNative(folder: string): Promise<NativePlace | null> {
  const facts = await surveyEngines({ places: { folders: [folder], cwd: process.cwd() }, tests: false });
  return facts.find(({ usable }) => usable?.kind === 'graph' && usable.device === 'cpu')?.usable?.native ?? null;
}

function kerasWith(python: string): Contestant {
  const script = join(packageRoot(), 'test', 'bench', 'keras-engine.py');
  return { engine: 'keras', program: python, arguments: (model, pixels) => [script, model, pixels], environment: {} };
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
