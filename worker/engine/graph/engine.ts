/**
 * The `graph` executor: a training's whole step as one TensorFlow graph, built here and run with one call
 * on libtensorflow, by way of tfjs-node's published addon (loadSavedModel, runSavedModel).
 *
 * Measured (garth-cnn, batch 30, 100 px, two cores): tfjs-node's eager mode takes 150 ms per step for 369
 * operations, 161 tensors made and 542 deleted; the same library runs the whole step as one graph in 38.
 */
import { createHash } from 'node:crypto';
import type { Engine, Executable, ImageSource, Training } from '../engine.js';
import { expectFit } from '../fit.js';
import type { Topology } from '../../model/topology.js';
import type { NativeTensorFlow } from '../native/native.js';
import { expectRoom } from '../native/room.js';
import { programOf } from '../program.js';
import { estimateBytes, stagingBytes } from './estimate.js';
import { GraphExecutable } from './executable.js';
import { GRAPH_FORMAT, type Residence, wordsPerImage } from './training-graph.js';

/**
 * On a GPU a data set up to this size is held in its memory, so that a step is fed indices. On a CPU it is
 * never held: a step's bytes are handed over without a copy from the file that all slots of a box share,
 * and a copy per slot would buy nothing.
 */
const RESIDENT_BYTES = 4 * 2 ** 30;

export interface GraphOptions {
  /** Largest data set that is held in the device's memory, in bytes of its pixels; 0 for none. */
  readonly residentBytes?: number;
  /** Free memory of the GPU, in bytes; null or absent where nobody told, or on a CPU. */
  readonly deviceBytes?: number | null;
}

export function createGraphEngine(native: NativeTensorFlow, options: GraphOptions = {}): Promise<Engine> {
  return Promise.resolve(new GraphEngine(native, options));
}

/** `graph:VERSION:DEVICE:DIGEST`: of libtensorflow; of the graphs that are built here, and whether they run as they are. */
export function graphNumerics({ version, device, rewrites }: Pick<NativeTensorFlow, 'version' | 'device' | 'rewrites'>): string {
  const digest = createHash('sha256').update(`trawl-graph/${String(GRAPH_FORMAT)}${rewrites ? '' : '/plain'}`).digest('hex').slice(0, 16);
  return `graph:${version}:${device}:${digest}`;
}

class GraphEngine implements Engine {
  readonly numerics: string;
  private readonly native: NativeTensorFlow;
  private readonly residentBytes: number;
  private readonly deviceBytes: number | null;

  constructor(native: NativeTensorFlow, { residentBytes = native.device === 'gpu' ? RESIDENT_BYTES : 0, deviceBytes = null }: GraphOptions) {
    this.deviceBytes = deviceBytes;
    this.native = native;
    this.numerics = graphNumerics(native);
    this.residentBytes = residentBytes;
  }

  estimate(topology: Topology, training: Training): number {
    return estimateBytes(programOf(topology, 'graph'), training, this.native.device);
  }

  compile(topology: Topology, training: Training, source: ImageSource): Promise<Executable> {
    return new Promise((resolve) => {
      resolve(this.build(topology, training, source));
    });
  }

  private build(topology: Topology, training: Training, source: ImageSource): Executable {
    const program = programOf(topology, 'graph');
    expectFit(program, training.classes, source);
    const bytes = estimateBytes(program, training, this.native.device);
    const dataBytes = source.count * 4 * wordsPerImage(program);
    const held = training.features !== true && dataBytes <= this.residentBytes && (this.deviceBytes === null || bytes + dataBytes <= this.deviceBytes);
    const heldBytes = held ? dataBytes : 0;
    expectRoom({ device: this.native.device, deviceBytes: this.deviceBytes, needed: bytes + heldBytes, staged: stagingBytes(program, training, heldBytes) }, training);
    const residence: Residence = held ? { kind: 'resident', count: source.count } : { kind: training.features === true ? 'features' : 'fed' };
    return new GraphExecutable(this.native, program, training, source, residence, bytes);
  }
}
