/** `trawl submit`: a sweep file to a coordinator that stays, or to a home. What is checked, packed and uploaded here, others train. */
import { resolve } from 'node:path';
import { conflictLines } from '../../coordinator/sweep/conflict-text.js';
import { chooseEngine, type EngineFact } from '../../worker/engine/choose.js';
import type { EngineName } from '../../worker/engine/names.js';
import { homeBlobs } from '../blobs.js';
import { progressLine } from '../data/prepare.js';
import { surveyHome } from '../engine/survey.js';
import { BadInput } from '../exit.js';
import { openService } from '../host/open-service.js';
import { commandAt, placeName, type Place } from '../host/place.js';
import type { OpenService } from '../host/service-here.js';
import { rememberDatabase } from '../database.js';
import { idleLine, print, printJson } from '../commands/on-service.js';
import { beginSweep, type Begun } from './begin.js';
import { Display } from './display.js';
import { settleEngine, type SettledEngine } from './engine.js';
import { Interrupts } from './interrupts.js';
import { loadSweep, type LoadedSweep } from './load.js';
import { planLines } from './plan-text.js';

export interface SubmitOptions {
  readonly file: string;
  readonly place: Place;
  /** The engine that is to train; null for the sweep's own, or the best that the workers have. */
  readonly engine: EngineName | null;
  readonly sharing: boolean;
  /** Take the file as it is where commands have changed the sweep since. */
  readonly replace: boolean;
  /** Sweeps in the place of the file's `warmStart.from`; null for the file's own. */
  readonly warmStartFrom: readonly string[] | null;
  readonly json: boolean;
}

/** Throws BadInput with a line per mistake, EngineUnusable, Interrupted, and what the coordinator answers. */
export async function submitSweep(options: SubmitOptions): Promise<void> {
  const interrupts = new Interrupts();
  const display = new Display();
  // An address or a token that is wrong is told before any image is read; a home is made for a right file alone.
  const elsewhere = options.place.remote === null ? null : await openService(options.place);
  try {
    await elsewhere?.service.workers();
    const facts = await surveyHome(options.place.home, { onTest: (label) => display.say(`testing ${label}, once`), signal: interrupts.signal });
    if (options.engine !== null && elsewhere === null) chooseEngine(facts, options.engine);
    const loaded = await load(options, facts, elsewhere, display, interrupts);
    const opened = elsewhere ?? (await openService(options.place, { make: true }));
    try {
      await submitTo(opened, loaded, facts, options, display);
    } finally {
      await opened.close();
    }
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

async function load({ file, place, sharing, engine }: SubmitOptions, facts: readonly EngineFact[], elsewhere: OpenService | null, display: Display, interrupts: Interrupts): Promise<LoadedSweep> {
  const loaded = await loadSweep({
    file: resolve(file),
    home: place.home,
    blobs: elsewhere?.blobs ?? (await homeBlobs(place.home)),
    sharing,
    engine: { asked: engine, hasNative: facts.some(({ found }) => found !== null) },
    onWarning: (line) => display.say(`warning: ${line}`),
    withoutData: () => Promise.resolve(null),
    onProgress: (progress) => display.passing(progressLine(progress)),
    signal: interrupts.signal,
  });
  display.clear();
  return loaded;
}

async function submitTo(opened: OpenService, loaded: LoadedSweep, facts: readonly EngineFact[], options: SubmitOptions, display: Display): Promise<void> {
  const { service, isBusy } = opened;
  const { place } = options;
  const offered = isBusy ? (await service.workers()).map(({ numerics }) => numerics) : null;
  const request = { ...loaded.request, replace: options.replace, ...(options.warmStartFrom === null ? {} : { warmStartFrom: options.warmStartFrom }) };
  const settled = await settleEngine({ service, request, facts, forced: options.engine, offered, fleet: { of: placeName(place), remedy: 'start a worker that has it' } });
  if (settled.preview.standing === 'conflict') throw new BadInput(conflictLines(request.source.name, settled.preview).join('\n'));
  for (const line of planLines(settled.preview, loaded.data)) display.say(line);
  if (settled.line !== null) display.say(`Engine: ${settled.line}`);
  if (settled.engine !== null && offered?.length === 0) display.say(`warning: no worker is connected, so this machine's engine was taken; workers without it will not train the sweep (every worker has wasm: --engine wasm)`);
  const begun = await beginSweep(service, settled.request, (line) => display.say(line));
  if (place.remote === null && place.databaseUrl !== null) rememberDatabase(place.home, place.databaseUrl);
  tell(begun, settled, options, isBusy);
}

function tell({ sweep, change }: Begun, { preview }: SettledEngine, { place, json }: SubmitOptions, isBusy: boolean): void {
  if (json) {
    printJson({ sweep, change, preview });
    return;
  }
  const done = { created: 'Submitted', revised: 'Revised', same: 'Known already' }[change];
  const next = [['watch', sweep.name], ['show', sweep.name], ['trials', sweep.name]].map((words) => `  ${commandAt(words, place)}`);
  print([`${done}: ${sweep.name} (${sweep.id}), revision ${sweep.revision}, ${sweep.state}`, ...(sweep.state === 'running' && !isBusy ? [idleLine(place.home)] : []), 'Next:', ...next]);
}
