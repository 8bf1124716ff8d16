/**
 * The trainable `command`: a program in any language. It is told what to train by a file and variables,
 * prints a line per epoch, and saves checkpoints into folders. Reports are taken in their turn; what a
 * program trains beyond an epoch that ends its stage is not wanted and not looked at.
 */
import { statfs, writeFile } from 'node:fs/promises';
import type { CommandTrajectory, EpochSettings, TrainWork } from '../../proto/work.js';
import { OomKills } from '../agent/oom-kills.js';
import { ProgramDiskFull, ProgramFailed, ProgramOutOfMemory, ProgramSilent } from './program-error.js';
import { ProgramProcess, type ProgramEnd, type Said } from './program-process.js';
import { checkTurn, resultOf } from './program-report.js';
import { programSettings, programVariables } from './program-settings.js';
import type { EpochWatch, TrainedEpoch, Trainer } from './trainer.js';
import type { Workspace } from './workspace.js';

/** How long a program may take to end after SIGTERM, and by itself after its last epoch. */
const TERMINATION_MS = 5_000;
const FAREWELL_MS = 10_000;

/** With less room left than this, a program that failed most likely failed for it. */
const LITTLE_ROOM_BYTES = 2 ** 20;

/** How Python, C++ and CUDA say that there was no memory, as a program's last line. */
const MEMORY_WORDS = /MemoryError\b|OutOfMemoryError\b|CUDA out of memory|std::bad_alloc|Cannot allocate memory/;

export class CommandTrainer implements Trainer {
  readonly #program: ProgramProcess;
  readonly #workspace: Workspace;
  readonly #work: TrainWork;
  readonly #oomKills: OomKills | null;
  #turn: number;
  #isAskedToStop = false;
  #hearsOfRelease = false;

  private constructor(program: ProgramProcess, workspace: Workspace, work: TrainWork, oomKills: OomKills | null) {
    this.#program = program;
    this.#workspace = workspace;
    this.#work = work;
    this.#oomKills = oomKills;
    this.#turn = work.from;
  }

  /** Starts the program. Call once in a process: it takes no notice of SIGTERM from then on. */
  static async start(work: TrainWork, trajectory: CommandTrajectory, workspace: Workspace): Promise<CommandTrainer> {
    const settings = programSettings(work, trajectory, workspace);
    await writeFile(workspace.settings, JSON.stringify(settings));
    const oomKills = await OomKills.since(process.pid);
    // It goes to the whole group when the program is to end.
    process.on('SIGTERM', () => undefined);
    // What Python holds back nobody could read, nor report, in time.
    const environment = { PYTHONUNBUFFERED: '1', ...process.env, ...trajectory.environment, ...programVariables(settings, workspace.settings) };
    const program = new ProgramProcess({ command: trajectory.command, folder: workspace.work, environment });
    return new CommandTrainer(program, workspace, work, oomKills);
  }

  async train(epoch: number, _settings: EpochSettings, watch: EpochWatch): Promise<TrainedEpoch | null> {
    const began = performance.now();
    // Every epoch of a stage has the same.
    if (!this.#hearsOfRelease) void watch.release.then(() => this.#askToStop());
    this.#hearsOfRelease = true;
    const said = await this.#nextOf(watch, began);
    if (said === null) return null;
    // Asked to end, it may look for that between two epochs: it then ends before this one.
    if (said.kind === 'end' && this.#isAskedToStop && said.end.code === 0) return null;
    if (said.kind === 'end') throw await this.#failureOf(said.end, epoch);
    checkTurn(said.report.epoch, epoch, this.#work.from);
    const result = resultOf(said.report.metrics, epoch);
    this.#turn = epoch + 1;
    await this.#workspace.forgetBefore(epoch);
    return { result, cost: { seconds: (performance.now() - began) / 1000, steps: 0, params: 0, msPerImage: null } };
  }

  state(): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#workspace.checkpoint(this.#turn - 1);
  }

  evaluate(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Lets the program end; one that does not is ended by whoever ends this process. */
  async close(): Promise<void> {
    if (this.#turn === this.#work.to && (await this.#endsWithin(FAREWELL_MS))) return;
    await this.#askToStop();
    this.#program.terminate();
    await this.#endsWithin(TERMINATION_MS);
  }

  /** Null where nobody wants the epoch any more. Throws ProgramSilent. */
  async #nextOf(watch: EpochWatch, began: number): Promise<Said | null> {
    while (!watch.interrupted()) {
      const said = this.#program.next();
      if (said !== null) return said;
      const { silenceMs } = this.#work;
      const left = silenceMs === null ? null : silenceMs - (performance.now() - Math.max(began, this.#program.heardAt));
      if (left !== null && left <= 0) throw new ProgramSilent(silenceMs ?? 0);
      await within(left, [this.#program.news(), watch.interruption]);
    }
    return null;
  }

  async #askToStop(): Promise<void> {
    if (this.#isAskedToStop) return;
    this.#isAskedToStop = true;
    // A full disk takes no file; the signal says the same.
    await this.#workspace.askToStop().catch(() => undefined);
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let isOver = false;
    await within(ms, [this.#program.ended.then(() => (isOver = true))]);
    return isOver;
  }

  async #failureOf({ code, signal }: ProgramEnd, epoch: number): Promise<Error> {
    const { lastLine } = this.#program;
    const quoted = lastLine === '' ? '' : `: ${lastLine}`;
    const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    const when = `the program ${how} in epoch ${epoch}`;
    if (code === 0) return new ProgramFailed(`the program ended (code 0) and has not reported ${span(epoch, this.#work.to)}; it must print a line such as {"epoch": ${epoch}, "metrics": {"val.loss": 1.2}} for each${quoted}`);
    const isKilled = signal === 'SIGKILL' && ((await this.#oomKills?.happened()) ?? false);
    if (isKilled || MEMORY_WORDS.test(lastLine)) return new ProgramOutOfMemory(`${when}${isKilled ? ', as the system had no memory left' : quoted}`);
    const { bavail, bsize } = await statfs(this.#workspace.save);
    if (bavail * bsize < LITTLE_ROOM_BYTES) return new ProgramDiskFull(`${when} with no room left on the disk of ${this.#workspace.save}${quoted}`);
    return new ProgramFailed(`${when}${quoted}`);
  }
}

function span(from: number, to: number): string {
  return to - from === 1 ? `epoch ${from}` : `epochs ${from} to ${to - 1}`;
}

/** Settles with the first of them, or after so much time; null for no limit. */
async function within(ms: number | null, promises: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = ms === null ? [] : [new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))];
  await Promise.race([...promises, ...over]);
  clearTimeout(timer);
}
