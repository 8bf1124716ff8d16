/** What the commands about native engines do: list, install, test, remove. */
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { passes, testNative, type CheckLine, type Executor } from '../../worker/engine/native/check.js';
import { findNatives, type FoundNative } from '../../worker/engine/native/found.js';
import type { Stamp, TestOutcome } from '../../worker/engine/native/stamp.js';
import { chooseEngine, choiceText, type EngineFact, type ExecutorFact } from '../../worker/engine/choose.js';
import { BadInput, CommandFailed, exitCodes, Interrupted } from '../exit.js';
import { homeAt } from '../home.js';
import { commandLine, near } from '../program-name.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';
import { bytes } from '../text/format.js';
import { table } from '../text/table.js';
import { print, printJson } from '../commands/on-service.js';
import { EAGER_MEANING, eagerText } from './eager-text.js';
import { enginePlaces, surveyHome } from './survey.js';

export interface EngineOptions {
  readonly home?: string;
  readonly json?: boolean;
}

export interface InstallCommandOptions extends EngineOptions {
  readonly gpu?: boolean;
  readonly tf?: string;
  readonly wheel?: string;
  readonly addon?: string;
}

export async function list(options: EngineOptions): Promise<void> {
  const home = homeAt(options.home);
  const facts = await surveyHome(home, { tests: false });
  const chosen = chooseEngine(facts, null);
  if (options.json === true) {
    printJson({ engines: facts.map(factJson), chosen: { engine: chosen.engine.label, why: chosen.why } });
    return;
  }
  print([
    ...table(
      [
        { title: 'name', value: (row: Row) => row.fact.name },
        { title: 'engine', value: ({ executor }) => executor.label },
        { title: 'size', value: ({ fact }) => sizeText(fact), align: 'right' },
        { title: 'step', value: ({ outcome }) => stepText(outcome), align: 'right' },
        { title: 'from', value: ({ fact }) => (fact.found === null ? 'trawl' : near(fact.found.folder)) },
        { title: 'state', value: ({ executor: { problem }, asked }) => (problem === null ? `usable${asked ? ' with --engine eager' : ''}` : `${problem.found}; ${problem.remedy}`) },
      ],
      facts.flatMap(rowsOf),
    ),
    '',
    `taken: ${choiceText(chosen)}`,
    `${EAGER_MEANING}: ${eagerText(facts, home)}`,
  ]);
}

/** An executor of an engine; `asked`: only where it is asked for. */
interface Row {
  readonly fact: EngineFact;
  readonly executor: ExecutorFact;
  readonly outcome: TestOutcome | null;
  readonly asked: boolean;
}

function rowsOf(fact: EngineFact): Row[] {
  const { eager, stamp } = fact;
  const own = { fact, executor: fact, outcome: stamp, asked: false };
  return eager === null ? [own] : [own, { fact, executor: eager, outcome: stamp?.eager ?? null, asked: true }];
}

function sizeText({ found }: EngineFact): string {
  const size = found?.bytes ?? null;
  return size === null ? '-' : bytes(size);
}

/** Of the largest image that was timed, beside that of wasm. */
function stepText(outcome: TestOutcome | null): string {
  const step = outcome?.steps.at(-1);
  return step === undefined ? '-' : `${step.msPerStep.toFixed(1)} ms (wasm ${step.wasmMsPerStep.toFixed(1)})`;
}

function factJson({ name, label, found, stamp, usable, problem, eager }: EngineFact): object {
  return {
    name,
    label,
    kind: found === null ? 'wasm' : 'graph',
    device: found?.device ?? 'cpu',
    tensorflow: stamp?.tensorflow ?? found?.tensorflow ?? null,
    bytes: found?.bytes ?? null,
    folder: found?.folder ?? null,
    from: found === null ? 'trawl' : found.from,
    numerics: usable?.numerics ?? stamp?.numerics ?? null,
    usable: usable !== null,
    problem,
    test: stamp === null ? null : { checks: stamp.checks, steps: stamp.steps, versions: stamp.versions, testedAt: stamp.testedAt },
    eager: eager === null ? null : { label: eager.label, numerics: eager.usable?.numerics ?? stamp?.eager?.numerics ?? null, usable: eager.usable !== null, problem: eager.problem, checks: stamp?.eager?.checks ?? null, steps: stamp?.eager?.steps ?? null },
  };
}

export async function install(options: InstallCommandOptions): Promise<number> {
  const { DEFAULT_TENSORFLOW, installEngine } = await import('./install.js');
  const home = homeAt(options.home);
  if (options.tf !== undefined && !/^\d+\.\d+\.\d+\w*$/.test(options.tf)) throw new BadInput(`--tf: found ${options.tf}, expected a version of TensorFlow such as ${DEFAULT_TENSORFLOW}`);
  let ended = 'nothing is installed; what was fetched is kept, and the same command goes on from there';
  return withDisplay(() => ended, async (display, signal) => {
    const { name } = await installEngine({
      folder: home.engines,
      gpu: options.gpu === true,
      tensorflow: options.tf ?? DEFAULT_TENSORFLOW,
      wheel: options.wheel === undefined ? null : resolve(options.wheel),
      addon: options.addon === undefined ? null : resolve(options.addon),
      onLine: (line) => display.say(line),
      onProgress: (line) => display.passing(line),
      signal,
    });
    ended = `${name} is installed and not tested yet: ${commandLine(['engine', 'test', name], home)}`;
    const found = named(findNatives(enginePlaces(home)), name);
    const stamp = await tested(found, display, signal);
    if (options.json === true) printJson({ name, folder: found.folder, bytes: found.bytes, usable: stamp.problem === null, problem: stamp.problem, checks: stamp.checks, steps: stamp.steps });
    if (stamp.problem !== null) {
      display.say(`${name} is installed and cannot be used: ${stamp.problem.found}; ${stamp.problem.remedy}`);
      return exitCodes.failed;
    }
    display.say(`${name} is installed in ${near(found.folder)} and is taken from now on; sweeps that have begun keep their engine`);
    if (stamp.eager !== null && stamp.eager.problem !== null) display.say(`--engine eager cannot be used on it: ${stamp.eager.problem.found}; ${stamp.eager.problem.remedy}`);
    return exitCodes.done;
  });
}

export async function test(name: string | undefined, options: EngineOptions): Promise<number> {
  const home = homeAt(options.home);
  const natives = findNatives(enginePlaces(home));
  if (name === 'wasm') throw new BadInput('wasm: is what the others are tested against; expected the name of a native engine');
  const wanted = name === undefined ? natives : [named(natives, name)];
  if (wanted.length === 0) throw new BadInput(`no native engine is there to be tested; install one: ${commandLine(['engine', 'install'], home)}`);
  return withDisplay(() => 'the test was broken off', async (display, signal) => {
    const results: { readonly found: FoundNative; readonly stamp: Stamp }[] = [];
    for (const found of wanted) results.push({ found, stamp: await tested(found, display, signal) });
    if (options.json === true) printJson({ engines: results.map(({ found, stamp }) => ({ name: found.name, usable: stamp.problem === null, ...stamp })) });
    const verdict = ({ problem }: TestOutcome): string => (problem === null ? 'may be used' : `${problem.found}; ${problem.remedy}`);
    for (const { found, stamp } of results) {
      display.say(`${found.name}: ${verdict(stamp)}`);
      if (stamp.eager !== null) display.say(`${found.name} with --engine eager: ${verdict(stamp.eager)}`);
    }
    return results.some(({ stamp }) => stamp.problem !== null) ? exitCodes.failed : exitCodes.done;
  });
}

export function remove(name: string | undefined, options: EngineOptions): void {
  const home = homeAt(options.home);
  const installed = findNatives(enginePlaces(home)).filter(({ from }) => from === 'home');
  const downloads = join(home.engines, 'downloads');
  if (name === undefined && installed.length !== 1) {
    if (installed.length === 0 && existsSync(downloads)) {
      rmSync(downloads, { recursive: true });
      said(options, { removed: null, downloads: true }, 'no engine is installed; the beginnings of downloads are removed');
      return;
    }
    throw new BadInput(installed.length === 0 ? 'no native engine is installed; there is nothing to remove' : `NAME: found nothing, expected one of ${installed.map((native) => native.name).join(', ')}`);
  }
  const found = name === undefined ? installed[0] : installed.find((native) => native.name === name);
  if (found === undefined) throw notFound(name ?? '', installed);
  // The record first: what is half removed is no engine any more.
  rmSync(join(found.folder, 'engine.json'), { force: true });
  rmSync(found.folder, { recursive: true, force: true });
  rmSync(found.stamp, { force: true });
  said(options, { removed: found.name, downloads: false }, `${found.name} is removed`);
}

function said(options: EngineOptions, document: object, line: string): void {
  if (options.json === true) printJson(document);
  else print([line]);
}

function named(natives: readonly FoundNative[], name: string): FoundNative {
  const found = natives.find((native) => native.name === name);
  if (found === undefined) throw notFound(name, natives);
  return found;
}

function notFound(name: string, natives: readonly FoundNative[]): BadInput {
  const there = natives.map((native) => native.name);
  return new BadInput(`NAME: found ${name}, expected ${there.length === 0 ? 'an installed engine, of which there is none' : `one of ${there.join(', ')}`}`);
}

async function tested(found: FoundNative, display: Display, signal: AbortSignal): Promise<Stamp> {
  display.passing(`testing ${found.name}`);
  const stamp = await testNative(found, (line, executor) => sayLine(display, line, executor), signal);
  display.clear();
  return stamp;
}

function sayLine(display: Display, line: CheckLine, executor: Executor): void {
  if (line.kind === 'loaded') display.say(`${executor}: loaded TensorFlow ${line.tensorflow}`);
  if (line.kind === 'check') display.say(`${passes(line) ? 'right' : 'WRONG'}  ${executor}, ${line.name}: off by ${line.worst === null ? 'no number' : line.worst.toExponential(1)} of ${line.limit}`);
  if (line.kind === 'step') display.say(`${executor}, ${line.name}: ${line.msPerStep.toFixed(1)} ms per step, wasm ${line.wasmMsPerStep.toFixed(1)} ms`);
}

/** Ctrl-C ends it cleanly; `ended` says what it leaves. */
async function withDisplay(ended: () => string, work: (display: Display, signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    return await work(display, interrupts.signal);
  } catch (error) {
    if (interrupts.wasAsked) throw new Interrupted(`interrupted: ${ended()}`);
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw new CommandFailed('no room left on the disk; make room and run the same command again', { cause: error });
    throw error;
  } finally {
    display.clear();
    interrupts.dispose();
  }
}
