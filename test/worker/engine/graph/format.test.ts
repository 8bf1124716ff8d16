/** What is part of `numerics` without a library: the graphs themselves. Needs no native engine. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { OPTIMIZERS } from '../../../../proto/models.js';
import { dropoutDraw } from '../../../../worker/engine/graph/operations/activate.js';
import { buildTrainingGraph, GRAPH_FORMAT, type GraphChoice, type Residence, type Variant } from '../../../../worker/engine/graph/training-graph.js';
import { programOf } from '../../../../worker/engine/program.js';
import { CASES } from '../cases.js';
import { SGDM } from '../support.js';

/**
 * The SavedModels of every case, and of one of them with everything that a step may ask for. A change
 * that moves numbers must raise GRAPH_FORMAT: recorded epochs of the old numbers would otherwise be
 * shared with the new. One that does not (a name, an order of writing) writes down here what it gives.
 */
const PINNED = { format: 3, graphs: '8bfe3f03a375efab429fe343d72520f79d2f222b2901059688db2ecd094af6aa' };

const NO_STEP: Variant = { dropout: false, l2: false, clip: false, augment: null };
const FULL: Variant = { dropout: true, l2: true, clip: true, augment: { fill: 'reflect', contrast: true, brightness: true, noise: false, cutout: false, mixed: false } };
const FED: Residence = { kind: 'fed' };

function choices(): GraphChoice[] {
  const plain = { normalisation: { mean: null, deviation: null }, accumulates: false, baseLayers: 0, residence: FED };
  const cases = CASES.map(({ topology, dropout }): GraphChoice => ({ ...plain, program: programOf(topology, 'graph'), optimizer: SGDM, variant: { ...NO_STEP, dropout: dropout > 0 } }));
  const { topology } = CASES.find(({ name }) => name === 'garth-cnn in small') ?? assert.fail('no such case');
  const program = programOf(topology, 'graph');
  const one = { ...plain, program, optimizer: SGDM, variant: NO_STEP };
  const pixels = program.input.height * program.input.width * program.input.channels;
  const fills = (['constant', 'nearest', 'reflect', 'wrap'] as const).map((fill): GraphChoice => ({ ...one, variant: { ...NO_STEP, augment: { fill, contrast: false, brightness: false, noise: false, cutout: false, mixed: false } } }));
  return [
    ...cases, ...fills,
    ...Object.values(OPTIMIZERS).flatMap((optimizer) => [false, true].map((accumulates): GraphChoice => ({ ...one, optimizer, accumulates, variant: FULL }))),
    { ...one, variant: null },
    { ...one, residence: { kind: 'resident', count: 5 } },
    { ...one, normalisation: { mean: new Float32Array(pixels).fill(0.25), deviation: new Float32Array(pixels).fill(0.5) } },
  ];
}

test('the graphs move only with GRAPH_FORMAT, which is part of every key', () => {
  const hash = createHash('sha256');
  for (const choice of choices()) hash.update(buildTrainingGraph(choice).savedModel);
  assert.deepEqual({ format: GRAPH_FORMAT, graphs: hash.digest('hex') }, PINNED);
});

test('dropout at any rate below 1 has a threshold of 16 bits, and scales by what its draws keep', () => {
  assert.deepEqual(dropoutDraw(0), { threshold: -0x8000, scale: 1 });
  assert.deepEqual(dropoutDraw(0.5), { threshold: 0, scale: 2 });
  // 0.3 * 65536 = 19660.8.
  assert.deepEqual(dropoutDraw(0.3), { threshold: 19661 - 0x8000, scale: 65536 / 45875 });
  for (const rate of [1 - 2 ** -16, 1 - 2 ** -17, 1 - 2 ** -30]) assert.deepEqual(dropoutDraw(rate), { threshold: 0x7fff, scale: 0x10000 });
});
