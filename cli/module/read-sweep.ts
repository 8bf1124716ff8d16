/** A sweep file together with what it names beside it: the module that is its model, and the file of its trials. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ListFile } from '../../coordinator/sweep/list-file.js';
import { listPathIn, modulePathOf, parseSweepFile, type ParseResult } from '../../coordinator/sweep/parse.js';
import type { SweepSpec } from '../../coordinator/sweep/spec.js';
import { structuresOf } from '../../coordinator/sweep/structures.js';
import { moduleModel, type ModelModule } from '../../proto/model-module.js';
import type { WeightsSource } from '../../proto/pretrained.js';
import { BadInput } from '../exit.js';
import { near } from '../program-name.js';
import { MOST_STRUCTURES, OpenModule } from './model-module.js';
import type { ModelEngine } from './topology.js';

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** What is to train the models of a module. */
  readonly engine?: ModelEngine;
}

export interface SweepWithModule {
  readonly parsed: ParseResult;
  /** Once more, with what was found out about its pretrained weights. */
  readonly withWeights: (weights: WeightsSource) => ParseResult;
  /** The file of trials that it names; null where it names none. */
  readonly list: ListFile | null;
  /** Builds what the sweep asks for; undefined where it names no module. Throws BadInput. */
  readonly describe: (spec: SweepSpec, classes: number) => Promise<ModelModule | undefined>;
  readonly close: () => Promise<void>;
}

/**
 * `name` is the file as messages call it, `file` where it lies. Throws BadInput for a module that
 * cannot be loaded. `close` must be called.
 */
export async function readSweepWithModule(text: string, name: string, file: string, { signal, engine }: ReadOptions = {}): Promise<SweepWithModule> {
  const path = modulePathOf(text);
  const list = await readList(text, file);
  if (path === null) return { parsed: parseSweepFile(text, name, null, list), withWeights: (weights) => parseSweepFile(text, name, null, list, null, weights), list, describe: () => Promise.resolve(undefined), close: () => Promise.resolve() };
  const module = await OpenModule.open({ file: resolve(dirname(file), path), path, ...(signal === undefined ? {} : { signal }), ...(engine === undefined ? {} : { engine }) });
  const known: ModelModule = { path, digest: module.digest, knobs: module.knobs, topologies: [], builds: {} };
  return {
    parsed: parseSweepFile(text, name, known, list),
    withWeights: (weights) => parseSweepFile(text, name, known, list, null, weights),
    list,
    describe: async (spec, classes) => {
      const structures = structuresOf(spec, moduleModel(known), classes);
      if (structures.size > MOST_STRUCTURES) {
        throw new BadInput(`${name}: space: found ${structures.size.toLocaleString('en')} combinations of knobs and image sizes for ${path}, expected at most ${MOST_STRUCTURES.toLocaleString('en')}; make their axes coarser`);
      }
      return module.describe(structures.values());
    },
    close: () => module.close(),
  };
}

async function readList(text: string, file: string): Promise<ListFile | null> {
  const path = listPathIn(text);
  if (path === null) return null;
  const at = resolve(dirname(file), path);
  try {
    return { path, shown: near(at), text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(at)) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const whys: { readonly [code: string]: string } = { ENOENT: 'no such file', EISDIR: 'a folder', ERR_ENCODING_INVALID_ENCODED_DATA: 'a file that is not UTF-8 text' };
    return { path, shown: near(at), text: null, why: whys[code] ?? `a file that cannot be read (${code})` };
  }
}
