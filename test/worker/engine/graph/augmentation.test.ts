/** Augmentation inside the graph against the wasm executor's kernel, which test/golden holds against Keras and scipy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fill, PixelTransform } from '../../../../worker/engine/engine.js';
import { augmented } from '../../../../worker/engine/graph/augmentation.js';
import { TYPE } from '../../../../worker/engine/graph/graph-def.js';
import { GraphBuilder, type Ref } from '../../../../worker/engine/graph/graph-builder.js';
import { augmentFeeds } from '../../../../worker/engine/graph/executable.js';
import { FEED } from '../../../../worker/engine/graph/training-graph.js';
import { type Feed, Session } from '../../../../worker/engine/graph/session.js';
import { DATA_TYPE } from '../../../../worker/engine/native/native.js';
import { pixelTransformer } from '../../../../worker/engine/wasm/transform.js';
import { pixelTransform } from '../../../../worker/train/augmentation.js';
import { generator } from '../support.js';
import { nativeUnderTest, WITHOUT_NATIVE } from './native.js';

const FILLS: readonly Fill[] = ['constant', 'nearest', 'reflect', 'wrap'];
const SHAPE = { height: 9, width: 7, channels: 3 };
const SIZE = SHAPE.height * SHAPE.width * SHAPE.channels;

const byKernel = pixelTransformer(SHAPE);

function byGraph(pixels: Uint8Array, transforms: readonly PixelTransform[], fill: Fill): Float32Array {
  const graph = new GraphBuilder();
  const { height, width, channels } = SHAPE;
  const floats = (name: string, columns: number): Ref => graph.placeholder(name, TYPE.float, [-1, columns]);
  const noise = { seeds: graph.placeholder(FEED.seeds, TYPE.int32, [-1, 2]), factors: floats(FEED.noise, 1) };
  const feeds = { high: floats(FEED.high, 6), low: floats(FEED.low, 6), factors: floats(FEED.factors, 2), noise, holes: floats(FEED.holes, 4) };
  const raw = graph.cast(graph.placeholder('pixels', TYPE.uint8, [-1, height, width, channels]), TYPE.uint8, TYPE.float);
  const result = augmented(graph, raw, SHAPE, { fill, contrast: true, brightness: true }, feeds);
  const session = new Session(nativeUnderTest().binding, graph.savedModel());
  const count = transforms.length;
  const fed: Feed[] = [{ name: 'pixels', type: DATA_TYPE.uint8, shape: [count, height, width, channels], values: pixels }, ...augmentFeeds(transforms, { noise: true, cutout: true }, '')];
  const [values] = session.run('augment', fed, [result]);
  session.dispose();
  return values as Float32Array;
}

for (const fill of FILLS) {
  test(`40 drawn transforms and the exact ones give the wasm kernel's pixels: ${fill}`, { skip: WITHOUT_NATIVE }, () => {
    const augment = {
      rotation: 170, shiftHorizontal: 1.4, shiftVertical: 2.3, shear: 30, zoom: 0.6, flip: 'both', contrast: 0.5, brightness: 0.5, crop: 0.3, noise: 0.1, cutout: 0.4, fill,
    } as const;
    const drawn = Array.from({ length: 40 }, (_, image) => pixelTransform(augment, SHAPE, 5, 0, 0, image, Int32Array.of(0)));
    const still = { fill, contrast: 1, brightness: 1 };
    const { height, width } = SHAPE;
    // Identity, both flips, half a pixel, and just past the border: what a rounding error would decide.
    const exact = [[1, 0, 0, 0, 1, 0], [-1, 0, height - 1, 0, -1, width - 1], [1, 0, 0.5, 0, 1, -0.5], [1, 0, height, 0, 1, width - 1], [1, 0, 1e-9, 0, 1, -1e-9]];
    const transforms: PixelTransform[] = [...drawn, ...exact.map((matrix) => ({ ...still, matrix }))];
    const random = generator(3);
    const pixels = Uint8Array.from({ length: transforms.length * SIZE }, () => Math.floor(random() * 256));
    const found = byGraph(pixels, transforms, fill);
    transforms.forEach((transform, image) => {
      const expected = byKernel(pixels.subarray(image * SIZE, (image + 1) * SIZE), transform);
      expected.forEach((value, index) => {
        const other = found[image * SIZE + index] ?? NaN;
        assert.ok(Math.abs(other - value) < 1e-3, `image ${String(image)}, element ${String(index)}: ${String(other)}, wasm ${String(value)}`);
      });
    });
  });
}
