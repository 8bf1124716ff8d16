/**
 * Every network of the zoo at a stated input, a batch of 8 on one thread: its parameters, and the time of a
 * step on each executor that trains all layers (`wasm`, and `graph` where a native engine is installed).
 * The executors' processes are asked in turn, so that whatever else the machine does falls on all alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namedModel } from '../../proto/models.js';
import { modelCost } from '../../worker/model/cost.js';
import { type BenchOptions, type Emit, median, progress } from './bench.js';
import { Asked, ourEngines, rounded } from './engine.js';
import { type BenchModel, CLASSES, NETWORKS } from './engine-models.js';
import { writePixels } from './engine-pixels.js';

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  const contestants = (await ourEngines()).filter(({ engine }) => engine !== 'eager');
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  try {
    for (const model of NETWORKS.filter(({ name }) => options.cases.length === 0 || options.cases.includes(name))) {
      const input = `${model.name}/${model.size}x${model.size}x${model.channels}`;
      progress(input);
      emit({ case: input, metric: 'parameters', value: parametersOf(model), unit: '1', runs: 1, engine: null });
      const pixels = writePixels(model, folder);
      const processes: { readonly engine: string; readonly asked: Asked; readonly steps: number[]; readonly version: string }[] = [];
      for (const contestant of contestants) {
        const asked = new Asked(contestant, model.name, pixels);
        // What a process says before it is asked is lost: each starts alone.
        processes.push({ engine: contestant.engine, asked, steps: [], version: (await asked.ready()).version });
      }
      for (let step = 0; step < (options.quick ? 2 : 6); step += 1) {
        for (const { asked, steps } of processes) {
          const { ms } = await asked.ask('step');
          // The first step after the start is one of warming up.
          if (step > 0 && ms !== undefined) steps.push(ms);
        }
      }
      for (const { engine, asked, steps, version } of processes) {
        emit({ case: input, metric: 'msPerStep', value: rounded(median(steps)), unit: 'ms', runs: steps.length, engine, versions: { engine: version } });
        await asked.end();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function parametersOf({ name, size, channels, batch, optimizer }: BenchModel): number {
  const knobs = Object.fromEntries(namedModel(name).knobs.map((knob) => [knob.name, knob.default]));
  const input = { height: size, width: size, channels };
  return modelCost({ model: { name, knobs }, input, classes: CLASSES, optimizer, batch, accumulate: 1, clips: false, augments: false }).parameters;
}
