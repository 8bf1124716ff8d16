/** A sweep file together with the module that it names as its model, if it names one. */
import { dirname, resolve } from 'node:path';
import { modulePathOf, parseSweepFile, type ParseResult } from '../../coordinator/sweep/parse.js';
import type { SweepSpec } from '../../coordinator/sweep/spec.js';
import { structuresOf } from '../../coordinator/sweep/structures.js';
import { moduleModel, type ModelModule } from '../../proto/model-module.js';
import { BadInput } from '../exit.js';
import { MOST_STRUCTURES, OpenModule } from './model-module.js';

export interface SweepWithModule {
  readonly parsed: ParseResult;
  /** Builds what the sweep asks for; undefined where it names no module. Throws BadInput. */
  readonly describe: (spec: SweepSpec, classes: number) => Promise<ModelModule | undefined>;
  readonly close: () => Promise<void>;
}

/**
 * `name` is the file as messages call it, `file` where it lies. Throws BadInput for a module that
 * cannot be loaded. `close` must be called.
 */
export async function readSweepWithModule(text: string, name: string, file: string, signal?: AbortSignal): Promise<SweepWithModule> {
  const path = modulePathOf(text);
  if (path === null) return { parsed: parseSweepFile(text, name), describe: () => Promise.resolve(undefined), close: () => Promise.resolve() };
  const module = await OpenModule.open({ file: resolve(dirname(file), path), path, ...(signal === undefined ? {} : { signal }) });
  const known: ModelModule = { path, digest: module.digest, knobs: module.knobs, topologies: [], builds: {} };
  return {
    parsed: parseSweepFile(text, name, known),
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
