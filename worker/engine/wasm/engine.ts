/**
 * The `wasm` executor: what everyone has, deterministic bit for bit.
 *
 * The program of a training step is compiled to a fixed sequence of calls to our own SIMD kernels on
 * one WebAssembly.Memory that is planned beforehand. There is no tensor library beneath: measured on
 * tensorflow.js with the same kernels (the prototype), half the time of a step went to the library's
 * unfused passes, its convolutions and 104 copies, and most of the memory to tensors that a plan can
 * do without; a training child also starts in a tenth of the time. TensorFlow.js' plain back end serves
 * the conformance tests as one reference, next to finite differences in float64.
 */
import { type Engine, type Executable, type ImageSource, OutOfMemoryError, type Training } from '../engine.js';
import { expectFit } from '../fit.js';
import { stateBytes } from '../optimizer.js';
import { type Program, programOf } from '../program.js';
import type { Topology } from '../../model/topology.js';
import { Arena } from './arena.js';
import { WasmExecutable } from './executable.js';
import { ARENA_BASE, PAGE_BYTES } from './kernels.js';
import { wasmNumerics } from './numerics.js';
import { type Plan, planProgram } from './plan.js';

/** What 32-bit pointers reach. */
const MAX_PAGES = 65_536;

export function createWasmEngine(): Promise<Engine> {
  return Promise.resolve(new WasmEngine());
}

class WasmEngine implements Engine {
  readonly numerics = wasmNumerics();

  estimate(topology: Topology, training: Training): number {
    const program = programOf(topology, 'wasm');
    return pagesOf(plan(program, training)) * PAGE_BYTES + stateBytes(program.parameters, training.optimizer);
  }

  compile(topology: Topology, training: Training, source: ImageSource): Promise<Executable> {
    return new Promise((resolve) => {
      resolve(this.build(topology, training, source));
    });
  }

  private build(topology: Topology, training: Training, source: ImageSource): Executable {
    const program = programOf(topology, 'wasm');
    expectFit(program, training.classes, source);
    const planned = plan(program, training);
    // A checkpoint is read and written outside of the kernels' memory.
    const beside = stateBytes(program.parameters, training.optimizer);
    return new WasmExecutable(program, planned, training, source, allocate(pagesOf(planned), beside, training), beside);
  }
}

function plan(program: Program, training: Training): Plan {
  return planProgram(program, training, new Arena(ARENA_BASE));
}

function pagesOf(planned: Plan): number {
  return Math.ceil(planned.bytes / PAGE_BYTES);
}

function allocate(pages: number, beside: number, training: Training): WebAssembly.Memory {
  const bytes = pages * PAGE_BYTES + beside;
  const batch = training.accumulate === 1 ? `at batch ${String(training.maxBatch)}` : `at batch ${String(training.maxBatch)} in ${String(training.accumulate)} parts`;
  if (training.memoryBytes !== null && bytes > training.memoryBytes) {
    throw new OutOfMemoryError(`the model needs ${mebibytes(bytes)} ${batch}, more than the ${mebibytes(training.memoryBytes)} that it may take`, bytes);
  }
  if (pages > MAX_PAGES) {
    throw new OutOfMemoryError(`the model needs ${mebibytes(bytes)} ${batch}, more than the 4,096 MiB that WebAssembly can address; use a smaller batch or smaller images`, bytes);
  }
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES });
  } catch (error) {
    if (error instanceof RangeError) throw new OutOfMemoryError(`this machine has no ${mebibytes(bytes)} for the model ${batch}`, bytes);
    throw error;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 0x100000).toLocaleString('en')} MiB`;
}
