/** `trawl watch`: live progress of a sweep that others run, until it ends. */
import type { Results } from '../../coordinator/api/trial-views.js';
import type { ProgressView } from '../../coordinator/api/views.js';
import { idleLine } from '../commands/on-service.js';
import { CommandFailed, exitCodes, Interrupted } from '../exit.js';
import type { Connection } from '../host/connect.js';
import { openService } from '../host/open-service.js';
import { commandAt, placeName, type Place } from '../host/place.js';
import type { OpenService } from '../host/service-here.js';
import { Display } from './display.js';
import { Interrupts } from './interrupts.js';
import { bestLines, endLines, failureLines, leaderboardLines } from './summary.js';
import { watchSweep } from './watch.js';

/** A line of JSON comes when something has changed, and no more often than this. */
const LINE_EVERY_MS = 1_000;

export interface FollowOptions {
  readonly sweep: string;
  readonly place: Place;
  readonly json: boolean;
}

/** The coordinator that ran on the home has ended. */
class HostEnded extends Error {}

/** Returns the exit code: by the sweep's end. Throws Interrupted when the person leaves it, which does nothing to the sweep. */
export async function followSweep(options: FollowOptions): Promise<number> {
  const interrupts = new Interrupts();
  const display = new Display();
  const lines = options.json ? new JsonLines() : null;
  try {
    while (true) {
      const opened = await openService(options.place);
      try {
        if (opened.isBusy) await watch(opened, options, { display, interrupts, lines });
        else await requireRest(opened, options);
        display.clear();
        return await conclude(opened, options, lines);
      } catch (error) {
        if (!(error instanceof HostEnded)) throw error;
      } finally {
        await opened.close();
      }
    }
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

async function watch(opened: OpenService, { sweep, place }: FollowOptions, { display, interrupts, lines }: { readonly display: Display; readonly interrupts: Interrupts; readonly lines: JsonLines | null }): Promise<void> {
  // A wrong name or token is told at once, and not taken for a coordinator that starts again.
  const { name } = await opened.service.sweep(sweep);
  let isLost = false;
  const reconnect = async (): Promise<Connection> => {
    if (place.remote === null) return connectionOf(await reopened(place));
    if (!isLost) display.say(`no coordinator answers at ${place.remote.url}; trying again until one does`);
    isLost = true;
    return connectionOf(opened);
  };
  await watchSweep({
    ...{ sweep, display, interrupts, connection: connectionOf(opened), reconnect },
    onInterrupt: () => Promise.reject(new Interrupted(`left; sweep ${name} goes on. To see it again: ${commandAt(['watch', name], place)}`)),
    onView: (view) => {
      isLost = false;
      lines?.add(view);
    },
  });
}

function connectionOf({ service, blobs }: OpenService): Connection {
  return { service, blobs, host: null };
}

async function reopened(place: Place): Promise<OpenService> {
  const again = await openService(place);
  if (again.isBusy) return again;
  await again.close();
  throw new HostEnded();
}

/** On a home where nothing runs there is nothing to wait for. */
async function requireRest({ service }: OpenService, { sweep, place }: FollowOptions): Promise<void> {
  const { state, name } = await service.sweep(sweep);
  if (state === 'running') throw new CommandFailed(`sweep ${name} is not at its end. ${idleLine(place.home)}`);
}

async function conclude({ service }: OpenService, { sweep, place }: FollowOptions, lines: JsonLines | null): Promise<number> {
  const results = await service.results(sweep, { test: false });
  if (lines === null) process.stdout.write(`${endingLines(results, place).join('\n')}\n`);
  else lines.last(await service.progress(sweep));
  const { state, name } = results.sweep;
  if (state === 'paused') {
    process.stderr.write(`paused; to resume: ${commandAt(['resume', name], place)}\n`);
    return exitCodes.paused;
  }
  return results.trials.some((trial) => trial.state === 'completed') ? exitCodes.done : exitCodes.failed;
}

function endingLines(results: Results, place: Place): string[] {
  const { name, state, ensemble, data } = results.sweep;
  const next = [['trials', name], ...(ensemble === null || data === null ? [] : [['ensemble', name], ['pull', name, 'DIR']])];
  return [
    ...leaderboardLines(results),
    '',
    ...bestLines(results),
    ...failureLines(results),
    ...endLines(results.sweep, results.trials.filter((trial) => trial.state === 'cancelled').length),
    '',
    `Sweep ${name} is ${state}, at ${placeName(place)}. Next:`,
    ...next.map((words) => `  ${commandAt(words, place)}`),
  ];
}

/** What `--json` prints: a line for each change, and one for the end. */
class JsonLines {
  #last = '';
  #lastAt = Number.NEGATIVE_INFINITY;

  add(view: ProgressView): void {
    const now = performance.now();
    if (now - this.#lastAt >= LINE_EVERY_MS) this.#write(view, now);
  }

  last(view: ProgressView): void {
    this.#write(view, performance.now());
  }

  #write(view: ProgressView, now: number): void {
    const line = JSON.stringify(view);
    if (line === this.#last) return;
    this.#last = line;
    this.#lastAt = now;
    process.stdout.write(`${line}\n`);
  }
}
