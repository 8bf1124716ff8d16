/** What an executor on a native engine must do beside the wasm executor: the same training, cut anywhere, with nothing left behind. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OPTIMIZERS } from '../../../proto/models.js';
import { type Engine, type Executable, type ImageSource, OutOfMemoryError, type StepSettings, type Training } from '../../../worker/engine/engine.js';
import type { Topology } from '../../../worker/model/topology.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { compiled, functional, images, range, sequential, stepSettings, tensorsOf, training } from './support.js';

export const INPUT = [12, 13, 1] as const;
export const GARTH = buildModel({ name: 'garth-cnn', knobs: { filters: [4, 6, 9], fcWidth: 8 } }, { height: 12, width: 13, channels: 1 }, 2);
export const SOURCE = images(24, INPUT, 2, 21, true);

/** Steps `from` to `to` - 1 of six batches of four, round and round. */
export function train(engine: Executable, from: number, to: number, more: Partial<StepSettings> = {}): number[] {
  const losses: number[] = [];
  for (let step = from; step < to; step++) losses.push(engine.step(range(4, (step % 6) * 4), stepSettings({ lr: 0.01, dropout: 0.5, dropoutSeed: 1000 + step, ...more })).loss);
  return losses;
}

/** Every tensor of two checkpoints, to `relative` of its largest value. */
export function expectClose(found: Uint8Array, expected: Uint8Array, relative: number, except = /^$/): void {
  const theirs = tensorsOf(expected);
  const ours = tensorsOf(found);
  assert.deepEqual([...ours.keys()], [...theirs.keys()]);
  for (const [name, { values }] of ours) {
    if (except.test(name)) continue;
    const other = theirs.get(name)?.values ?? new Float32Array();
    const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    values.forEach((value, index) => {
      assert.ok(Math.abs(value - (other[index] ?? NaN)) <= relative * largest, `${name}[${String(index)}]: ${String(value)}, expected ${String(other[index])}`);
    });
  }
}

/** Its gradient is 0 but for rounding, of which an adaptive optimizer makes whole steps. */
const BIAS_BEFORE_NORM = /^conv2d.*\/bias/;

export interface NativeExecutor {
  readonly name: string;
  /** For a test's `skip`. */
  readonly skip: string | false;
  readonly engine: () => Promise<Engine>;
  /** What is held of TensorFlow, and else beside the heap, that must not grow. */
  readonly held: () => object;
}

/** Registers the tests. */
export function testNativeExecutor({ name, skip, engine: engineUnderTest, held }: NativeExecutor): void {
  const compile = async (topology: Topology, source: ImageSource, options: Training): Promise<Executable> => (await engineUnderTest()).compile(topology, options, source);

  test(`${name}: initial weights are those of wasm, and so are the bytes of the checkpoint`, { skip }, async () => {
    const [native, wasm] = await Promise.all([compile(GARTH, SOURCE, training(2)), compiled(GARTH, SOURCE, training(2))]);
    assert.deepEqual(Buffer.from(native.state()), Buffer.from(wasm.state()));
    assert.deepEqual([native.params, native.learnables], [wasm.params, wasm.learnables]);
  });

  for (const optimizer of Object.values(OPTIMIZERS)) {
    test(`${name}: five steps with ${optimizer.name} from a checkpoint of wasm end where wasm ends`, { skip }, async () => {
      const options = training(2, { optimizer, clips: true });
      const settings = { dropout: 0, lr: 0.001, l2: 0.01, labelSmoothing: 0.1, classWeights: [0.5, 2], clipNorm: 0.7 };
      const [wasm, native] = await Promise.all([compiled(GARTH, SOURCE, options), compile(GARTH, SOURCE, { ...options, initSeed: 99 })]);
      train(wasm, 0, 2, settings);
      native.load(wasm.state());
      const expected = train(wasm, 2, 7, settings);
      train(native, 2, 7, settings).forEach((loss, step) => assert.ok(Math.abs(loss - (expected[step] ?? NaN)) < 1e-4, `${String(loss)}, wasm ${String(expected[step])}`));
      wasm.recalibrate(range(10), 4);
      native.recalibrate(range(10), 4);
      expectClose(native.state(), wasm.state(), 5e-3, BIAS_BEFORE_NORM);
      const logits = wasm.predict(range(24));
      native.predict(range(24)).forEach((value, index) => assert.ok(Math.abs(value - (logits[index] ?? NaN)) < 2e-3, `${String(value)}, wasm ${String(logits[index])}`));
      native.dispose();
    });

    test(`${name}: a run with ${optimizer.name} that is cut after any step and resumed elsewhere ends where the whole one does`, { skip }, async () => {
      const whole = await compile(GARTH, SOURCE, training(2, { optimizer }));
      train(whole, 0, 8, { lr: 0.001 });
      for (const cut of [1, 5]) {
        const before = await compile(GARTH, SOURCE, training(2, { optimizer }));
        train(before, 0, cut, { lr: 0.001 });
        before.recalibrate(range(6), 4);
        before.predict(range(5));
        const after = await compile(GARTH, SOURCE, training(2, { optimizer, initSeed: 99 }));
        after.load(before.state());
        train(after, cut, 8, { lr: 0.001 });
        whole.recalibrate(range(6), 4);
        after.recalibrate(range(6), 4);
        expectClose(after.state(), whole.state(), 1e-6);
        before.dispose();
        after.dispose();
      }
      whole.dispose();
    });
  }

  test(`${name}: a training that begins anew in the same model ends where one that was just compiled does`, { skip }, async () => {
    const used = await compile(GARTH, SOURCE, training(2));
    train(used, 0, 5);
    used.recalibrate(range(6), 4);
    used.restart(11, 3);
    const fresh = await compile(GARTH, SOURCE, training(2, { initSeed: 11, replicate: 3 }));
    expectClose(used.state(), fresh.state(), 0);
    train(used, 0, 3);
    train(fresh, 0, 3);
    expectClose(used.state(), fresh.state(), 1e-6);
    used.dispose();
    fresh.dispose();
  });

  test(`${name}: what an epoch asks for may change from step to step, and the training goes on`, { skip }, async () => {
    const options = training(2, { clips: true });
    const [wasm, native] = await Promise.all([compiled(GARTH, SOURCE, options), compile(GARTH, SOURCE, options)]);
    const asked: Partial<StepSettings>[] = [{ dropout: 0 }, { dropout: 0, l2: 0.01 }, { dropout: 0, clipNorm: 0.5 }, { dropout: 0 }];
    asked.forEach((more, step) => {
      train(wasm, step, step + 1, more);
      train(native, step, step + 1, more);
      // A prediction in between uses the graph that is there.
      native.predict(range(3));
    });
    expectClose(native.state(), wasm.state(), 1e-4, BIAS_BEFORE_NORM);
    native.dispose();
  });

  test(`${name}: the same seed drops the same elements, another seed others, a share of the rate`, { skip }, async () => {
    // Of a dense layer without bias and an image of ones only the masks move the loss.
    const topology = sequential([20, 50, 1], ['Dropout', { rate: 0.5 }], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
    const source = { ...images(4, [20, 50, 1], 2, 1), read: (_: Int32Array, into: Uint8Array) => void into.fill(255) };
    const momentum = async (dropoutSeed: number, dropout: number): Promise<Float32Array> => {
      const engine = await compile(topology, source, training(2));
      engine.step(range(1), stepSettings({ dropout, dropoutSeed }));
      const values = tensorsOf(engine.state()).get('layer2/kernel:momentum')?.values ?? new Float32Array();
      engine.dispose();
      return values;
    };
    const first = await momentum(7, 0.3);
    assert.deepEqual(await momentum(7, 0.3), first);
    assert.notDeepEqual(await momentum(8, 0.3), first);
    // 1,000 draws: the share has a deviation of sqrt(0.3 * 0.7 / 1000) = 0.0145.
    const dropped = first.filter((value, index) => index % 2 === 0 && value === 0).length / 1000;
    assert.ok(Math.abs(dropped - 0.3) < 5 * 0.0145, String(dropped));
  });

  test(`${name}: a batch in parts trains as the whole batch where there is no batch norm`, { skip }, async () => {
    const topology = sequential(INPUT, ['Conv2D', { filters: 5, kernel_size: 3 }], ['Dropout', { rate: 0.5 }], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
    const options = training(2, { maxBatch: 7, clips: true });
    const [whole, parts] = await Promise.all([compile(topology, SOURCE, options), compile(topology, SOURCE, { ...options, accumulate: 3 })]);
    const settings = stepSettings({ dropout: 0.4, classWeights: [0.5, 2], l2: 0.01, labelSmoothing: 0.1, clipNorm: 0.5 });
    for (const [step, count] of [7, 5, 2].entries()) {
      const expected = whole.step(range(count, step), { ...settings, dropoutSeed: step });
      const found = parts.step(range(count, step), { ...settings, dropoutSeed: step });
      assert.ok(Math.abs(found.loss - expected.loss) < 1e-5, `${String(found.loss)}, whole ${String(expected.loss)}`);
      assert.equal(found.correct, expected.correct);
    }
    expectClose(parts.state(), whole.state(), 1e-5);
  });

  test(`${name}: 200 epochs, of which some ask for more, leave as much behind as 20`, { skip }, async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const engine = await compile(GARTH, SOURCE, training(2));
    const epochs = (from: number, to: number): { readonly counts: object; readonly heap: number; readonly rss: number } => {
      for (let epoch = from; epoch < to; epoch++) {
        train(engine, 6 * epoch, 6 * epoch + 6, epoch % 10 === 5 ? { l2: 0.01 } : {});
        engine.recalibrate(range(12), 4);
        engine.predict(range(24));
        if (epoch % 10 === 0) engine.load(engine.state());
      }
      collect();
      const { heapUsed, rss } = process.memoryUsage();
      return { counts: { ...held(), files: readdirSync('/proc/self/fd').length }, heap: heapUsed, rss };
    };
    const early = epochs(0, 20);
    const late = epochs(20, 200);
    assert.deepEqual(late.counts, early.counts);
    assert.ok(late.heap - early.heap < 2e6, `heap from ${String(early.heap)} to ${String(late.heap)}`);
    assert.ok(late.rss - early.rss < 30e6, `resident from ${String(early.rss)} to ${String(late.rss)}`);
    engine.dispose();
  });

  test(`${name}: memory that TensorFlow cannot get is OutOfMemory, leaves nothing behind, and training goes on after it`, { skip }, async () => {
    // 4 x 6000 x 6000 x 3000 floats: 1.7 TB, which no machine maps.
    const topology = sequential([6000, 6000, 1], ['Conv2D', { filters: 3000, kernel_size: 1 }], ['GlobalAveragePooling2D', {}], ['Dense', { units: 2, activation: 'softmax' }]);
    const source = { ...SOURCE, height: 6000, width: 6000, read: () => undefined };
    const other = await compile(GARTH, SOURCE, training(2));
    const before = held();
    await assert.rejects(
      async () => {
        const engine = await compile(topology, source, training(2));
        try {
          engine.step(range(4), stepSettings());
        } finally {
          engine.dispose();
        }
      },
      (error) => error instanceof OutOfMemoryError && !error.message.includes('\n') && error.message.includes('smaller'),
    );
    assert.deepEqual(held(), before);
    assert.equal(train(other, 0, 3).every(Number.isFinite), true);
    other.dispose();
  });

  test(`${name}: a limit below the estimate is refused before anything is taken`, { skip }, async () => {
    const engine = await engineUnderTest();
    const needed = engine.estimate(GARTH, training(2));
    await engine.compile(GARTH, training(2, { memoryBytes: needed }), SOURCE);
    await assert.rejects(engine.compile(GARTH, training(2, { memoryBytes: needed - 1 }), SOURCE), (error) => error instanceof OutOfMemoryError && error.neededBytes === needed);
  });

  test(`${name}: a loss that is no longer finite is reported as such`, { skip }, async () => {
    const engine = await compile(GARTH, SOURCE, training(2));
    const losses = train(engine, 0, 8, { lr: 1e30 });
    assert.ok(losses.some((loss) => !Number.isFinite(loss)), losses.join(' '));
  });

  test(`${name}: a residual model learns, and its checkpoint predicts the same on wasm`, { skip }, async () => {
    const conv = { filters: 5, kernel_size: 3, padding: 'same' };
    const topology = functional(
      INPUT,
      { name: 'a', inputs: ['image'], className: 'Conv2D', config: conv },
      { name: 'b', inputs: ['a'], className: 'BatchNormalization', config: {} },
      { name: 'c', inputs: ['b'], className: 'Conv2D', config: conv },
      { name: 'sum', inputs: ['a', 'c'], className: 'Add', config: {} },
      { name: 'pool', inputs: ['sum'], className: 'GlobalAveragePooling2D', config: {} },
      { name: 'out', inputs: ['pool'], className: 'Dense', config: { units: 2, activation: 'softmax' } },
    );
    const [native, wasm] = await Promise.all([compile(topology, SOURCE, training(2)), compiled(topology, SOURCE, training(2))]);
    const losses = train(native, 0, 30, { lr: 0.02 });
    const sum = (of: readonly number[]): number => of.reduce((total, loss) => total + loss, 0);
    assert.ok(sum(losses.slice(-6)) < 0.7 * sum(losses.slice(0, 6)), losses.join(' '));
    native.recalibrate(range(24), 4);
    wasm.load(native.state());
    const expected = wasm.predict(range(24));
    native.predict(range(24)).forEach((value, index) => assert.ok(Math.abs(value - (expected[index] ?? NaN)) < 1e-4, `${String(value)}, wasm ${String(expected[index])}`));
  });
}
