import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'node:test';
import { EpochRate } from '../../../worker/agent/epoch-rate.js';
import { GpuWatch, parseGpuReadings, readGpus } from '../../../worker/agent/gpu-use.js';
import { temporaryFolder } from '../../support/images.js';

/** In the format that `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints (NVIDIA's manual, nvidia-smi(1)): MiB, per cent, degrees Celsius. */
const TWO_CARDS = `0, GPU-8d1fbb2a-6fd5-0ad3-a9b2-1e1c8a5e4c11, NVIDIA H200, 143771, 61440, 97, 58
1, GPU-0b1c2d3e-aaaa-bbbb-cccc-0123456789ab, NVIDIA H200, 143771, 0, 0, 31
`;

describe('what nvidia-smi says of the GPUs', () => {
  it('is read card by card', () => {
    assert.deepEqual(parseGpuReadings(TWO_CARDS), [
      { facts: { index: 0, name: 'NVIDIA H200', memoryBytes: 143771 * 2 ** 20 }, uuid: 'GPU-8d1fbb2a-6fd5-0ad3-a9b2-1e1c8a5e4c11', use: { index: 0, memoryUsedBytes: 61440 * 2 ** 20, utilisation: 0.97, celsius: 58 } },
      { facts: { index: 1, name: 'NVIDIA H200', memoryBytes: 143771 * 2 ** 20 }, uuid: 'GPU-0b1c2d3e-aaaa-bbbb-cccc-0123456789ab', use: { index: 1, memoryUsedBytes: 0, utilisation: 0, celsius: 31 } },
    ]);
  });

  it('leaves out what a card does not tell, and lines that are none', () => {
    assert.deepEqual(parseGpuReadings('0, GPU-x, GeForce GT 710, 2001, 300, [N/A], 40\n'), [{ facts: { index: 0, name: 'GeForce GT 710', memoryBytes: 2001 * 2 ** 20 }, uuid: 'GPU-x', use: null }]);
    assert.deepEqual(parseGpuReadings('NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver.\n'), []);
    assert.deepEqual(parseGpuReadings(''), []);
  });

  it('is asked once where there is no GPU, and again from time to time where there is one', async () => {
    let asked = 0;
    const none = new GpuWatch(async () => ((asked += 1), []));
    await none.start(1);
    assert.deepEqual([asked, none.gpus, none.use], [1, [], []]);
    let tell = (): void => undefined;
    const again = new Promise<void>((resolve) => (tell = resolve));
    const some = new GpuWatch(async () => {
      asked += 1;
      if (asked === 3) tell();
      return parseGpuReadings(TWO_CARDS);
    });
    await some.start(1);
    await again;
    some.stop();
    assert.deepEqual([some.gpus.length, some.use[0]?.utilisation], [2, 0.97]);
  });

  it('is killed where it hangs and heeds no SIGTERM', { timeout: 20_000 }, async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'nvidia-smi'), "#!/bin/sh\ntrap '' TERM\nexec sleep 60\n", { mode: 0o755 });
    const path = process.env.PATH;
    t.after(() => (process.env.PATH = path));
    process.env.PATH = `${folder}${delimiter}${path}`;
    assert.deepEqual(await readGpus(100), []);
  });

  it('keeps nobody waiting where not even that ends it, and is not asked again beside it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    let asked = 0;
    const watch = new GpuWatch(() => ((asked += 1), asked === 1 ? Promise.resolve(parseGpuReadings(TWO_CARDS)) : new Promise(() => undefined)), 100);
    await watch.start(15);
    assert.equal(watch.use.length, 2);
    t.mock.timers.tick(15);
    t.mock.timers.tick(100);
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
    assert.deepEqual([asked, watch.use], [2, []]);
    t.mock.timers.tick(1_000);
    assert.equal(asked, 2);
    watch.stop();

    const hung = new GpuWatch(() => new Promise(() => undefined), 100);
    const started = hung.start();
    t.mock.timers.tick(100);
    await started;
    assert.deepEqual(hung.gpus, []);
  });
});

describe('epochs per second', () => {
  it('are those of the last minute, and of the time since the start before it is over', () => {
    const rate = new EpochRate(0);
    for (let second = 1; second <= 30; second += 1) rate.count(second * 1_000);
    assert.equal(rate.perSecond(30_000), 1);
    assert.equal(rate.perSecond(60_000), 0.5);
    assert.equal(rate.perSecond(200_000), 0);
  });
});
