/** Every model of the zoo, in small images: an executor trains it, and goes on exactly from a checkpoint. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZOO } from '../../../proto/models.js';
import type { Json } from '../../../proto/work.js';
import type { Engine } from '../../../worker/engine/engine.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { images, range, stepSettings, tensorsOf, training } from './support.js';

const BATCH = 4;
const CLASSES = 2;
/** So that the first layers have something to do in models that would do with a pixel. */
const LEAST_SIZE = 8;

interface Small {
  readonly size: number;
  readonly knobs: { readonly [knob: string]: Json };
  readonly head?: 'sigmoid';
}

/** Of models that pool small images to nothing, or that are wide. */
const SMALL: { readonly [model: string]: Small } = {
  lmap3: { size: 24, knobs: { filters: [4, 5], hidden: [9, 7] } },
  alexnet: { size: 80, knobs: { filters: [4, 6, 5, 5, 4], hidden: [12, 9] } },
  ann: { size: 8, knobs: { hidden: [9, 7, 5] }, head: 'sigmoid' },
  'cnn-d': { size: 20, knobs: { filters: [4, 6], hidden: [9, 7] }, head: 'sigmoid' },
  'cnn-e': { size: 32, knobs: { filters: [4, 5, 6, 6], hidden: [12] } },
  vgg16: { size: 32, knobs: { filters: [8, 8, 12, 12, 12], inputNorm: true } },
  vgg19: { size: 32, knobs: { filters: [8, 8, 12, 12, 12], hidden: [9], pooling: 'max' } },
  resnet18: { size: 32, knobs: { width: 4 } },
  resnet50: { size: 32, knobs: { width: 4 } },
  resnet101: { size: 32, knobs: { width: 4 }, head: 'sigmoid' },
};

export interface ResumeOptions {
  readonly skip: string | false;
  /** How far a value may be from the whole training's, relative to the largest of its tensor; 0 for not at all. */
  readonly tolerance: number;
}

/** Registers a test for each model. */
export function testZooResumes(name: string, engine: () => Promise<Engine>, { skip, tolerance }: ResumeOptions): void {
  for (const { name: model, knobs, minImageSize } of ZOO) {
    test(`${name}: ${model} trains two steps, and one from the checkpoint between them gives the same`, { skip }, async () => {
      const { size, knobs: small, head }: Small = SMALL[model] ?? { size: Math.max(minImageSize, LEAST_SIZE), knobs: {} };
      const choice = { name: model, knobs: { ...Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])), ...small }, ...(head === undefined ? {} : { head }) };
      const source = images(2 * BATCH, [size, size, 3], CLASSES, 17);
      const executable = await (await engine()).compile(buildModel(choice, { height: size, width: size, channels: 3 }, CLASSES), training(CLASSES), source);
      try {
        const step = (nth: number): number => executable.step(range(BATCH, BATCH * nth), stepSettings({ lr: 0.001, dropout: 0.2, l2: 1e-4, dropoutSeed: 100 + nth })).loss;
        const first = step(0);
        const between = executable.state();
        const second = step(1);
        const whole = executable.state();
        assert.ok([first, second].every(Number.isFinite), `losses ${String(first)} and ${String(second)}`);
        expectMoved(between, whole);
        executable.restart(99, 1);
        executable.load(between);
        const again = step(1);
        if (tolerance === 0) {
          assert.equal(again, second);
          assert.ok(Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).equals(executable.state()));
        } else expectClose(executable.state(), whole, tolerance);
        executable.recalibrate(range(BATCH), BATCH);
        assert.ok(executable.predict(range(2)).every(Number.isFinite));
      } finally {
        executable.dispose();
      }
    });
  }
}

/** A step must reach every weight that is trained: a gradient that gets lost leaves its momentum 0. */
function expectMoved(before: Uint8Array, after: Uint8Array): void {
  const old = tensorsOf(before);
  for (const [tensor, { values }] of tensorsOf(after)) {
    if (/moving_(mean|variance)$/.test(tensor)) continue;
    const was = old.get(tensor)?.values ?? assert.fail(tensor);
    assert.ok(values.some((value, index) => value !== was[index]), `${tensor} did not move`);
  }
}

function expectClose(found: Uint8Array, expected: Uint8Array, tolerance: number): void {
  const others = tensorsOf(expected);
  for (const [tensor, { values }] of tensorsOf(found)) {
    const other = others.get(tensor)?.values ?? assert.fail(tensor);
    const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    values.forEach((value, index) => {
      if (!(Math.abs(value - (other[index] ?? NaN)) <= tolerance * largest)) assert.fail(`${tensor}[${String(index)}]: ${String(value)}, whole ${String(other[index])}`);
    });
  }
}
