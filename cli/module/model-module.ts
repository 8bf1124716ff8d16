/**
 * A user's module from its file to what it builds. Its code runs in a child process alone, and only
 * here: what a sweep carries on are topologies, as data.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { structureName, type ModelModule, type Structure } from '../../proto/model-module.js';
import type { Knob } from '../../proto/models.js';
import { oneLine } from '../../proto/one-line.js';
import type { Topology } from '../../proto/work.js';
import { canonicalJson } from '../../proto/canonical.js';
import { BadInput } from '../exit.js';
import { near } from '../program-name.js';
import { bundleModule } from './bundle.js';
import { readKnobs } from './knobs.js';
import { ModuleEnded, ModuleProcess, ModuleThrew } from './process.js';
import { type ModelEngine, readTopology, UnfitModel } from './topology.js';

/** More than these is rather a mistake in `space` than a search. */
export const MOST_STRUCTURES = 2_000;

export interface ModuleLimits {
  /** For loading, and for each build. */
  readonly timeMs: number;
  readonly memoryBytes: number;
}
const LIMITS: ModuleLimits = { timeMs: 10_000, memoryBytes: 1024 ** 3 };

export interface OpenModuleOptions {
  readonly file: string;
  /** As it was written by the user. */
  readonly path: string;
  readonly signal?: AbortSignal;
  /** What is to train its models; without it, no engine was asked for, and none is installed. */
  readonly engine?: ModelEngine;
  readonly limits?: ModuleLimits;
}

export class OpenModule {
  readonly digest: string;
  readonly knobs: readonly Knob[];
  readonly #options: OpenModuleOptions;
  readonly #source: string;
  readonly #process: ModuleProcess;
  readonly #folder: string;

  private constructor(options: OpenModuleOptions, parts: { source: string; digest: string; knobs: readonly Knob[]; process: ModuleProcess; folder: string }) {
    this.#options = options;
    this.#source = parts.source;
    this.digest = parts.digest;
    this.knobs = parts.knobs;
    this.#process = parts.process;
    this.#folder = parts.folder;
  }

  /** Throws BadInput, a line per mistake; rejects with the signal's reason. `close` must be called. */
  static async open(options: OpenModuleOptions): Promise<OpenModule> {
    const { file, signal, limits = LIMITS } = options;
    const folder = await mkdtemp(join(tmpdir(), 'trawl-module-'));
    let child: ModuleProcess | null = null;
    try {
      const { code, digest } = await bundleModule(file, folder);
      const source = await readFile(file, 'utf8');
      const bundle = join(folder, 'bundle.mjs');
      await writeFile(bundle, code);
      child = new ModuleProcess(folder, limits, signal);
      const loaded = await child.load(bundle).catch((error: unknown) => {
        throw problemOf(error, 'while it was loaded', file, source);
      });
      if (loaded.build !== 'function') {
        const found = loaded.build === 'undefined' ? 'no export build' : `an export build that is a ${loaded.build}`;
        throw new BadInput(`${placeOf('build', file, source)}: model: found ${found}, expected export function build(settings, {height, width, channels, classes})`);
      }
      const { knobs, mistakes } = readKnobs(loaded.knobs);
      if (mistakes.length > 0) throw new BadInput(mistakes.map((mistake) => `${placeOf('knobs', file, source)}: model: ${mistake}`).join('\n'));
      return new OpenModule(options, { source, digest, knobs, process: child, folder });
    } catch (error) {
      await child?.end();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** As what is submitted, with every structure built. Throws BadInput. */
  async describe(structures: Iterable<Structure>): Promise<ModelModule> {
    const topologies: Topology[] = [];
    const known = new Map<string, number>();
    const builds: { [structure: string]: number } = {};
    for (const structure of structures) {
      const topology = await this.build(structure);
      const text = canonicalJson(topology);
      const index = known.get(text) ?? topologies.push(topology) - 1;
      known.set(text, index);
      builds[structureName(structure)] = index;
    }
    return { path: this.#options.path, digest: this.digest, knobs: this.knobs, topologies, builds };
  }

  /** Throws BadInput with the one line that says what is wrong. */
  async build(structure: Structure): Promise<Topology> {
    const { file } = this.#options;
    try {
      const { value, what } = await this.#process.build(structure);
      return await readTopology(value, what, structure, this.#options.engine ?? { asked: null, hasNative: false });
    } catch (error) {
      throw problemOf(error, `in build for ${inWords(structure)}`, file, this.#source);
    }
  }

  async close(): Promise<void> {
    await this.#process.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function problemOf(error: unknown, when: string, file: string, source: string): unknown {
  if (error instanceof ModuleThrew) {
    const place = error.placeIn(dirname(file));
    const said = error.message.startsWith('SyntaxError') ? 'JavaScript that can be run' : 'a model';
    return new BadInput(`${place === null ? placeOf('build', file, source) : `${near(place.file)}:${place.line}:${place.column}`}: model: found ${oneLine(error.message, 300)} thrown ${when}, expected ${said}`);
  }
  if (error instanceof ModuleEnded) return new BadInput(`${placeOf('build', file, source)}: model: found ${error.message} ${when}, expected a model`);
  if (error instanceof UnfitModel) return new BadInput(`${placeOf('build', file, source)}: model: ${oneLine(error.message, 300)} (${when})`);
  return error;
}

function inWords({ settings, input }: Structure): string {
  const { height, width, channels, classes } = input;
  const set = Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [`${height} x ${width} x ${channels} and ${classes} classes`, ...set].join(', ');
}

/** `FILE:line:column` of an export, as well as a look at the text can tell; else of the file's beginning. */
function placeOf(name: string, file: string, source: string): string {
  const match = new RegExp(String.raw`\bexport\s+(?:async\s+)?(?:function|const|let|var)\s*\*?\s*(?=${name}\b)`).exec(source);
  const before = match === null ? '' : source.slice(0, match.index + match[0].length);
  const lines = before.split('\n');
  return `${near(file)}:${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
}
