/** `trawl run`: everything at once on this machine. The demo runs the same. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { shellWord } from '../../proto/shell-word.js';
import type { Results } from '../../coordinator/api/trial-views.js';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import type { Recorded, SubmitRequest } from '../../coordinator/api/views.js';
import { conflictLines } from '../../coordinator/sweep/conflict-text.js';
import { chooseEngine, type EngineFact } from '../../worker/engine/choose.js';
import type { EngineName } from '../../worker/engine/names.js';
import { blobsOf, homeBlobs } from '../blobs.js';
import { CoordinatorUnreachable, ServiceError } from '../client.js';
import { databaseOf, rememberDatabase } from '../database.js';
import { surveyHome } from '../engine/survey.js';
import { BadInput, CommandFailed, exitCodes } from '../exit.js';
import { isArrayFile } from '../data/layout-of.js';
import { progressLine } from '../data/prepare.js';
import { homeAt, removeNewHome, type Home } from '../home.js';
import { connect, type Connection } from '../host/connect.js';
import { dashboardLink, sweepPath } from '../host/dashboard-link.js';
import { openService } from '../host/open-service.js';
import { sweepFileFor } from '../init/init-sweep.js';
import { commandLine, near, programName } from '../program-name.js';
import { bytes, count, wholeSeconds } from '../text/format.js';
import { beginSweep } from './begin.js';
import { deployEnsemble, type Deployed } from './deploy.js';
import { Display } from './display.js';
import { bestOf, runDocument } from './document.js';
import { ensembleLines } from './ensemble.js';
import { estimateRun } from './estimate.js';
import { Interrupts } from './interrupts.js';
import { loadSweep, type LoadedSweep } from './load.js';
import { settleEngine, type SettledEngine } from './engine.js';
import { planLines } from './plan-text.js';
import { answerLines, answerQuestion, type Answer } from './question.js';
import { bestLines, endLines, failureLines, leaderboardLines, savingLines } from './summary.js';
import { pauseSweep, watchSweep } from './watch.js';

export interface RunOptions {
  /** A sweep file, a folder of images, or arrays. */
  readonly file: string;
  readonly home: string | undefined;
  readonly slots: number;
  /** Limit on each training child's memory; null for the worker's own choice. */
  readonly slotMemoryBytes: number | null;
  /** Of what the worker keeps to use again; null for its own choice. */
  readonly cacheBytes: number | null;
  /** How long a silent worker keeps its work; null for the coordinator's default. */
  readonly leaseMs: number | null;
  /** The engine that trains; null for the sweep's own, or the best there is. */
  readonly engine: EngineName | null;
  readonly sharing: boolean;
  /** Show the test numbers of every trial. */
  readonly test: boolean;
  /** Take the file as it is where commands have changed the sweep since. */
  readonly replace: boolean;
  /** Sweeps in the place of the file's `warmStart.from`; null for the file's own. */
  readonly warmStartFrom: readonly string[] | null;
  readonly json: boolean;
  readonly database: string | undefined;
  /** Told of the ensemble after everything was printed. */
  readonly onDeployed?: (deployed: Deployed) => Promise<void>;
}

/** An answer, and the threshold of the ensemble that it is about. */
interface Answered {
  readonly answer: Answer;
  readonly threshold: number | null;
}

/** Returns the exit code. Throws BadInput, CommandFailed, Interrupted. */
export async function runSweep(options: RunOptions): Promise<number> {
  const startedAt = performance.now();
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    const file = await fileToRun(options, interrupts, display);
    return await new Run({ ...options, file }, interrupts, display, startedAt).execute();
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

/** The sweep file itself, or the one that is written for a folder of images or for arrays. */
async function fileToRun(options: RunOptions, interrupts: Interrupts, display: Display): Promise<string> {
  if (!isArrayFile(options.file) && statSync(options.file, { throwIfNoEntry: false })?.isDirectory() !== true) return options.file;
  const file = await sweepFileFor({
    folder: options.file,
    home: homeAt(options.home),
    onLine: (line) => display.say(line),
    onProgress: (done, total) => display.passing(progressLine({ phase: 'scan', done, total })),
    onUnpack: (_, done, total) => display.passing(progressLine({ phase: 'unpack', done, total })),
    signal: interrupts.signal,
  });
  display.clear();
  return file;
}

/** What the workers of another run's home can train with; null where this run has its own. */
async function offeredBy({ host, service }: Connection): Promise<(readonly string[])[] | null> {
  return host === null ? (await service.workers()).filter(({ state }) => state !== 'gone').map(({ numerics }) => numerics) : null;
}

function isBadInput(error: unknown): boolean {
  return error instanceof BadInput || (error instanceof ServiceError && error.code === 'BadRequest');
}

class Run {
  readonly #options: RunOptions;
  readonly #interrupts: Interrupts;
  readonly #display: Display;
  readonly #startedAt: number;
  readonly #home: Home;
  #connection: Connection | null = null;
  /** What commands that go on with this sweep need besides: its layers may be known to no other engine. */
  #engineWords: readonly string[] = [];

  constructor(options: RunOptions, interrupts: Interrupts, display: Display, startedAt: number) {
    this.#options = options;
    this.#interrupts = interrupts;
    this.#display = display;
    this.#startedAt = startedAt;
    this.#home = homeAt(options.home);
  }

  async execute(): Promise<number> {
    const isNewHome = !existsSync(this.#home.folder);
    const facts = await this.#surveyEngines();
    const loaded = await this.#load(facts);
    let left = false;
    try {
      await this.#connect();
      const { sweep, since } = await this.#through(async (connection) => {
        const settled = await settleEngine({ service: connection.service, request: { ...loaded.request, replace: this.#options.replace, ...(this.#options.warmStartFrom === null ? {} : { warmStartFrom: this.#options.warmStartFrom }) }, facts, forced: this.#options.engine, offered: await offeredBy(connection) });
        if (settled.preview.standing === 'conflict') throw new BadInput(conflictLines(loaded.request.source.name, settled.preview).join('\n'));
        this.#engineWords = settled.request.numerics.startsWith('eager:') ? ['--engine', 'eager'] : [];
        await this.#sayPlan(connection, loaded, settled);
        return { since: await connection.service.recordedSeq(), sweep: await this.#begin(connection, settled.request) };
      });
      const watched = await this.#through((connection) =>
        watchSweep({ sweep, display: this.#display, interrupts: this.#interrupts, connection, reconnect: () => this.#reconnect(sweep), onInterrupt: (service) => this.#pause(service, sweep) }),
      );
      this.#display.clear();
      const { results, recorded, deployed } = await this.#through((connection) => this.#conclude(connection.service, sweep, since));
      const answer = await this.#answer(results, deployed);
      this.#report(results, recorded, { deployed, answer });
      if (deployed !== null) await this.#options.onDeployed?.(deployed);
      if (watched.last.notice !== null && results.sweep.state === 'paused') this.#display.say(`paused: ${watched.last.notice}`);
      return this.#exitCode(results);
    } catch (error) {
      left = isNewHome && isBadInput(error) && (await this.#isEmpty());
      throw error;
    } finally {
      await this.#connection?.host?.stop();
      // Bad input creates nothing, not even the home.
      if (left) removeNewHome(this.#home);
    }
  }

  /** Whether nothing was ever submitted on the home that this process hosts. */
  async #isEmpty(): Promise<boolean> {
    return this.#connection === null || (this.#connection.host !== null && (await this.#connection.service.sweeps()).length === 0);
  }

  /** Runs a step; where the host that we are attached to ends under it, once more by another way in. */
  async #through<T>(step: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.#connection ?? (await this.#connect());
    try {
      return await step(connection);
    } catch (error) {
      if (connection.host !== null || !(error instanceof CoordinatorUnreachable)) throw error;
      return step(await this.#connect());
    }
  }

  async #conclude(service: SweepService, sweep: string, since: number): Promise<{ results: Results; recorded: Recorded; deployed: Deployed | null }> {
    const results = await service.results(sweep, { test: this.#options.test });
    const recorded = await service.recordedSince(sweep, since);
    this.#display.passing('assembling the ensemble');
    const deployed = await deployEnsemble({ service, results, home: this.#home, onWarning: (line) => this.#display.say(line) });
    this.#display.clear();
    return { results, recorded, deployed };
  }

  async #load(facts: readonly EngineFact[]): Promise<LoadedSweep> {
    const loaded = await loadSweep({
      file: resolve(this.#options.file),
      home: this.#home,
      // The home's own folder, whether or not a coordinator runs there: both sides write whole blobs only.
      blobs: await homeBlobs(this.#home),
      sharing: this.#options.sharing,
      engine: { asked: this.#options.engine, hasNative: facts.some(({ found }) => found !== null) },
      onWarning: (line) => this.#display.say(`warning: ${line}`),
      withoutData: (sweep) => this.#withoutData(sweep),
      onProgress: (progress) => this.#display.passing(progressLine(progress)),
      signal: this.#interrupts.signal,
    });
    this.#display.clear();
    return loaded;
  }

  /** Results stand in the home, wherever the images have gone. */
  async #withoutData(sweep: string): Promise<string | null> {
    try {
      const opened = await openService({ home: this.#home, databaseUrl: databaseOf(this.#home, this.#options.database), remote: null });
      try {
        if (!(await opened.service.sweeps()).some(({ name }) => name === sweep)) return null;
      } finally {
        await opened.close();
      }
      const ways = [['trials', sweep], ['ensemble', sweep], ['pull', sweep, 'DIR']].map((words) => commandLine(words, this.#home));
      return `What sweep ${sweep} has found is in the home all the same: ${ways.join('; ')}`;
    } catch (error) {
      // There is no store yet, or it cannot be asked: that the data are gone is what is to be said.
      if (error instanceof CommandFailed || error instanceof BadInput) return null;
      throw error;
    }
  }

  async #connect(): Promise<Connection> {
    const databaseUrl = databaseOf(this.#home, this.#options.database);
    this.#connection = await connect({ home: this.#home, databaseUrl, blobs: blobsOf(this.#home), leaseMs: this.#options.leaseMs, onNotice: (line) => this.#display.say(line), signal: this.#interrupts.signal });
    if (this.#options.database !== undefined) rememberDatabase(this.#home, this.#options.database);
    if (this.#connection.host === null) this.#display.say(`attached to the run on home ${near(this.#home.folder)}; its workers train this sweep too`);
    return this.#connection;
  }

  /** The host ended before our sweep did: this process takes its place, or finds the one that has. */
  async #reconnect(sweep: string): Promise<Connection> {
    const connection = await this.#connect();
    if (connection.host !== null) {
      this.#display.say('the run that hosted this home has ended; this one goes on in its place');
      if ((await connection.service.sweep(sweep)).state === 'running') this.#startWorker(connection);
    }
    return connection;
  }

  /** An engine that is forced and not to be had is told before any image is read. */
  async #surveyEngines(): Promise<EngineFact[]> {
    const facts = await surveyHome(this.#home, { onTest: (label) => this.#display.say(`testing ${label}, once`), signal: this.#interrupts.signal });
    if (this.#options.engine !== null) chooseEngine(facts, this.#options.engine);
    return facts;
  }

  async #sayPlan({ host }: Connection, loaded: LoadedSweep, { preview, engine, line: engineLine }: SettledEngine): Promise<void> {
    for (const line of planLines(preview, loaded.data)) this.#display.say(line);
    if (engineLine !== null) this.#display.say(`Engine: ${engineLine}`);
    // What the other run's slots still have before them is not known here.
    if (host === null) return;
    this.#display.passing('timing a few steps');
    const estimate = await estimateRun(preview, loaded.data, engine, this.#options.slots, this.#interrupts.signal);
    if (estimate === null) return;
    const memory = estimate.slotBytes === null ? '' : `; a model in training takes up to about ${bytes(estimate.slotBytes)} of a slot's memory`;
    this.#display.say(`About ${wholeSeconds(estimate.ms)} with ${count(this.#options.slots, 'slot')}${memory}`);
  }

  /** Sees to it that somebody trains. Returns the sweep's id. */
  async #begin(connection: Connection, request: SubmitRequest): Promise<string> {
    this.#interrupts.signal.throwIfAborted();
    const { sweep } = await beginSweep(connection.service, request, (line) => this.#display.say(line));
    const { host } = connection;
    if (host !== null) this.#display.say(`Dashboard: ${(await dashboardLink(host.service(), host.url, sweepPath(sweep.name))).url}`);
    if (sweep.state === 'running') this.#startWorker(connection);
    return sweep.id;
  }

  async #pause(service: SweepService, sweep: string): Promise<void> {
    this.#display.say('pausing: the epochs in progress are finished first; Ctrl-C again ends at once');
    await pauseSweep(service, sweep);
  }

  #startWorker(connection: Connection): void {
    connection.host?.startWorker({ slots: this.#options.slots, slotMemoryBytes: this.#options.slotMemoryBytes, cacheBytes: this.#options.cacheBytes });
  }

  /** For two classes: what the models come to where nearly all of the positive class must be found. */
  async #answer(results: Results, deployed: Deployed | null): Promise<Answered | null> {
    if (results.sweep.data?.classes.length !== 2 || bestOf(results) === null) return null;
    try {
      const found = deployed?.view ?? (await this.#through(({ service }) => service.ensemble(results.sweep.id)));
      // With `ensemble: none` the answer is about the single model.
      const ensemble = results.sweep.ensemble === null ? { ...found, members: [] } : found;
      const answer = await answerQuestion({ ensemble, blobs: await homeBlobs(this.#home), folder: this.#home.figures });
      return answer === null ? null : { answer, threshold: ensemble.threshold };
    } catch (error) {
      // The results stand without it.
      this.#display.say(`warning: nothing can be said of 95 % sensitivity: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  #report(results: Results, recorded: Recorded, { deployed, answer }: { readonly deployed: Deployed | null; readonly answer: Answered | null }): void {
    const wallMs = performance.now() - this.#startedAt;
    if (this.#options.json) {
      const document = runDocument(results, { recorded, wallMs, test: this.#options.test, deployed, answer: answer?.answer ?? null });
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      return;
    }
    const lines = [...leaderboardLines(results), '', ...bestLines(results), ...failureLines(results), ...endLines(results.sweep, results.trials.filter(({ state }) => state === 'cancelled').length), ...(deployed === null ? [] : ['', ...ensembleLines(deployed.view)]), '', ...savingLines(results, recorded, wallMs)];
    const answered = answer === null ? [] : ['', ...answerLines(answer.answer, answer.threshold, near)];
    process.stdout.write(`${[...lines, ...this.#whereLines(results, deployed), ...answered].join('\n')}\n`);
  }

  /** Where things are, and what can be pasted next. */
  #whereLines(results: Results, deployed: Deployed | null): string[] {
    const { name, state } = results.sweep;
    const best = results.trials[0];
    const next = [
      ...(state === 'paused' ? [commandLine(['run', near(resolve(this.#options.file)), ...this.#engineWords], this.#home)] : []),
      commandLine(['trials', name], this.#home),
      ...(best === undefined ? [] : [commandLine(['trial', best.id], this.#home)]),
      commandLine(['show', name], this.#home),
      ...(deployed?.bundle === null || deployed === null ? [] : [[programName(), 'predict', shellWord(near(deployed.bundle)), 'IMAGE...', ...this.#engineWords].join(' ')]),
    ];
    const isOurs = (this.#connection?.host ?? null) !== null;
    const again = isOurs ? [`The dashboard ends with this run; to look at it again: ${commandLine(['up'], this.#home)}`] : [];
    return [`Everything is in ${near(this.#home.folder)} (results, checkpoints, logs).`, state === 'paused' ? 'Paused. To resume, and more:' : 'Next:', ...next.map((line) => `  ${line}`), ...again];
  }

  #exitCode(results: Results): number {
    const { state } = results.sweep;
    if (state === 'paused') {
      this.#display.say(`paused; to resume: ${commandLine(['run', near(resolve(this.#options.file)), ...this.#engineWords], this.#home)}`);
      return exitCodes.paused;
    }
    if (state === 'running') throw new CommandFailed(`sweep ${results.sweep.name} is running again: another command changed it`);
    return results.trials.some((trial) => trial.state === 'completed') ? exitCodes.done : exitCodes.failed;
  }
}
