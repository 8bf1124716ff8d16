import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MODEL, MODELS, UnknownModelError, ZOO, namedModel } from '../../proto/models.js';

test('garth-cnn has the settings of study A as published', () => {
  // Garth 2018: sgdm 0.9, 0.01 x 0.2 every 5 epochs, batch 30, 100 epochs, 100 x 100, zero-centred, filters 8 16 49, FC 100.
  const { defaults, knobs } = namedModel('garth-cnn');
  assert.deepEqual(defaults, {
    imageSize: 100,
    batch: 30,
    epochs: 100,
    lr: { piecewise: { initial: 0.01, factor: 0.2, every: 5 } },
    dropout: 0.5,
    optimizer: { name: 'sgdm', momentum: 0.9 },
    normalisation: 'zerocenter',
  });
  assert.deepEqual(Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])), { filters: [8, 16, 49], fcWidth: 100 });
});

test('lenet5 trains with Adam at 0.001, batch 64, 10 epochs', () => {
  const defaults = ZOO.find(({ name }) => name === 'lenet5')?.defaults;
  assert.ok(defaults);
  assert.deepEqual(defaults.optimizer, { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
  assert.deepEqual([defaults.lr, defaults.batch, defaults.epochs, defaults.dropout], [0.001, 64, 10, 0]);
});

test('every default of the zoo is within its own bounds', () => {
  for (const model of MODELS) {
    assert.ok(model.defaults.imageSize >= model.minImageSize, model.name);
    for (const knob of model.knobs) {
      if (knob.kind === 'choice') {
        assert.ok(knob.choices.includes(knob.default), `${model.name}.${knob.name}`);
        continue;
      }
      if (typeof knob.default !== 'number' && !Array.isArray(knob.default)) {
        assert.ok(knob.words?.includes(knob.default as string | null), `${model.name}.${knob.name}`);
        continue;
      }
      const numbers = [knob.default].flat() as number[];
      assert.ok(numbers.every((value) => value >= knob.min && value <= knob.max), `${model.name}.${knob.name}`);
      if (knob.length !== null) assert.equal(numbers.length, knob.length);
    }
  }
});

test('a model that does not exist is an error that names those that do', () => {
  assert.throws(() => namedModel('resnet'), (error: unknown) => error instanceof UnknownModelError && error.message.includes(DEFAULT_MODEL));
});
