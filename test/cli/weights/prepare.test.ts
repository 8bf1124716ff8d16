/** What is wrong with a weight file, as its lines in the sweep file. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { wantedTensors, type WantedTensor } from '../../../cli/weights/match.js';
import { prepareWeights } from '../../../cli/weights/prepare.js';
import { torchLayers, TORCH_TENSORS } from '../../../cli/weights/torch-names.js';
import { checkBases } from '../../../coordinator/sweep/check-transfer.js';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { DataSummary } from '../../../coordinator/sweep/spec.js';
import { namedModel } from '../../../proto/models.js';
import { writeSafetensors, type NamedTensor } from '../../../worker/model/safetensors.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { temporaryFolder } from '../../support/images.js';

const DATA: DataSummary = { manifest: 'm', digest: 'd', images: 10, classes: ['a', 'b'], positive: 1, counts: { train: [3, 3], val: [1, 1], test: [1, 1] }, rejected: [], warnings: [] };

const zerosFor = (shape: readonly number[]): Float32Array => new Float32Array(shape.reduce((product, extent) => product * extent, 1));

function wantedOf(name: string, channels: number, knobs: object = {}): WantedTensor[] {
  const defaults = Object.fromEntries(namedModel(name).knobs.map((knob) => [knob.name, knob.default]));
  return wantedTensors(buildModel({ name, knobs: { ...defaults, ...knobs } }, { height: 64, width: 64, channels }, 2));
}

/** Weights of a network of the zoo, all 0, by Keras' names. */
function kerasWeights(name: string, channels: number, knobs: object = {}): NamedTensor[] {
  return wantedOf(name, channels, knobs).map(({ layer, tensor, shape }) => ({ name: `${layer}/${tensor}`, shape, values: zerosFor(shape) }));
}

/** The same by PyTorch's names and layouts: [out, in, height, width], and for depthwise ones [channels, 1, height, width]. */
function torchWeights(name: string, channels: number): NamedTensor[] {
  return wantedOf(name, channels).map(({ layer, tensor, shape }) => {
    const [a = 0, b = 0, c = 0, d = 0] = shape;
    const turned = tensor === 'depthwise_kernel' ? [c, d, a, b] : tensor !== 'kernel' ? shape : shape.length === 4 ? [d, c, a, b] : [b, a];
    return { name: `${torchLayers(name)(layer) ?? layer}.${TORCH_TENSORS[tensor] ?? tensor}`, shape: turned, values: zerosFor(shape) };
  });
}

/** The header is changed in place of the tensors. */
function withType(bytes: Uint8Array, name: string, dtype: string): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as { [name: string]: { dtype: string } };
  header[name]!.dtype = dtype;
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, bytes.subarray(8 + length)]);
}

let cnn: NamedTensor[];
before(() => {
  cnn = kerasWeights('cnn', 1, { blocks: 2, filters: 4, fcWidth: 0 });
});
const CNN = { model: 'cnn', space: 'imageSize: 16, blocks: 2, filters: 4, epochs: 1' };

interface Sweep {
  readonly model?: string;
  readonly space?: string;
  readonly channels?: string;
  readonly weights?: string;
}

/** The lines of a sweep over `content`, which lies beside its file as w.bin. */
async function linesFor(t: TestContext, content: Uint8Array | string | null, { model = CNN.model, space = CNN.space, channels = 'gray', weights = './w.bin' }: Sweep = {}): Promise<string[]> {
  const folder = temporaryFolder(t);
  if (content !== null) writeFileSync(join(folder, 'w.bin'), content);
  mkdirSync(join(folder, 'models'));
  const parsed = parseSweepFile(`data: {path: x, channels: ${channels}}\nmodel: ${model}\nweights: ${weights}\nspace: {${space}}\n`, 'a.yaml');
  if ('mistakes' in parsed) return parsed.mistakes.map((mistake) => formatMistake('a.yaml', mistake));
  const { trainable } = parsed.spec;
  assert.ok(trainable.kind === 'image-classifier' && trainable.weights !== undefined);
  const blobs = new FolderBlobStore(join(folder, 'blobs'));
  const prepared = await prepareWeights(parsed.spec, trainable.weights, { base: folder, blobs, cacheDir: join(folder, 'cache'), classes: 2, module: null, onProgress: () => undefined, signal: new AbortController().signal });
  const problems = [...('problems' in prepared ? prepared.problems : []), ...checkBases(parsed.spec, DATA, null)];
  return parsed.place(problems).map((mistake) => formatMistake('a.yaml', mistake));
}

const AT = 'a.yaml:3:10: weights: found';

test('weights that fit have no lines', async (t) => {
  assert.deepEqual(await linesFor(t, writeSafetensors(cnn)), []);
  assert.deepEqual(await linesFor(t, writeSafetensors(torchWeights('efficientnet-lite0', 3)), { model: 'efficientnet-lite0', channels: 'rgb', space: 'imageSize: 64, epochs: 1' }), []);
});

test('a tensor of whole numbers is told by the type found and those expected, not as missing', async (t) => {
  assert.deepEqual(await linesFor(t, withType(writeSafetensors(cnn), 'conv2d_2/kernel', 'I32')), [`${AT} conv2d_2/kernel of the type I32 in ./w.bin, expected float32, float16, bfloat16 or float64`]);
});

test('what is missing has its name and shape in one layout, the file\'s', async (t) => {
  // torchvision's and efficientnet_pytorch's convolutions are [out, in, height, width]; that block's takes 40 channels to 240.
  const tensors = torchWeights('efficientnet-lite0', 3).filter(({ name }) => !['_blocks.5._expand_conv.weight', '_blocks.5._bn0.bias'].includes(name));
  const lines = await linesFor(t, writeSafetensors(tensors), { model: 'efficientnet-lite0', channels: 'rgb', space: 'imageSize: 64, epochs: 1' });
  assert.deepEqual(lines, [
    `${AT} no _blocks.5._expand_conv.weight (block4a_expand_conv/kernel) in ./w.bin, expected the shape [240, 40, 1, 1]`,
    `${AT} no _blocks.5._bn0.bias (block4a_expand_bn/beta) in ./w.bin, expected the shape [240]`,
  ]);
});

for (const value of [NaN, Infinity, -Infinity]) {
  test(`a base with ${value} in it is refused, with the tensor and the file`, async (t) => {
    const damaged = cnn.map((tensor) => (tensor.name === 'conv2d_1/kernel' ? { ...tensor, values: tensor.values.map((zero, index) => (index === 7 || index === 9 ? value : zero)) } : tensor));
    // 3 x 3 x 1 x 4 values.
    assert.deepEqual(await linesFor(t, writeSafetensors(damaged)), [`${AT} conv2d_1/kernel with 2 of 36 values NaN or infinite in ./w.bin, expected numbers; the file is damaged, or its training diverged: take another`]);
  });
}

test('values of what the base has not are nobody\'s concern', async (t) => {
  const top = cnn.filter(({ name }) => name.startsWith('dense'));
  assert.ok(top.length > 0);
  assert.deepEqual(await linesFor(t, writeSafetensors(cnn.map((tensor) => (top.includes(tensor) ? { ...tensor, values: tensor.values.map(() => NaN) } : tensor)))), []);
});

test('safetensors whose header is 15,392 bytes long begin as a tag does, and are no web page', async (t) => {
  const whole = Buffer.from(writeSafetensors(cnn));
  const long = 0x3c20;
  const header = whole.subarray(8, 8 + Number(whole.readBigUInt64LE()));
  const padded = Buffer.concat([Buffer.alloc(8), header, Buffer.alloc(long - header.length, ' '), whole.subarray(8 + header.length)]);
  padded.writeBigUInt64LE(BigInt(long));
  assert.deepEqual(await linesFor(t, padded), []);
});

test('an empty file and one that is cut off end in what to do', async (t) => {
  const whole = writeSafetensors(cnn);
  const remedy = /expected the whole file; it is cut off: fetch it again$/;
  assert.deepEqual(await linesFor(t, ''), [`${AT} ./w.bin: the file is empty, expected a file of weights; fetch it again`]);
  for (const length of [100, whole.length / 2, whole.length - 1]) {
    const [line = '', ...more] = await linesFor(t, whole.subarray(0, length));
    assert.match(line, remedy);
    assert.equal(more.length, 0);
  }
  const h5 = readFileSync(new URL('../../../../test/golden/weights/whole.h5', import.meta.url));
  assert.match((await linesFor(t, h5.subarray(0, h5.length / 2)))[0] ?? '', /expected the whole file; it is cut off or damaged: fetch it again$/);
  assert.deepEqual(await linesFor(t, '<html>404 Not found</html>'), [`${AT} ./w.bin: it is a web page or XML, expected a file of weights; check where it came from: such a page tells people, and a link in it leads to the file`]);
});

test('a folder is told to be one', async (t) => {
  assert.deepEqual(await linesFor(t, null, { weights: './models' }), [`${AT} the folder "./models", expected a file of weights; name the file in it`]);
});

test("another network's weights are one line, with the network of the zoo that they fit", async (t) => {
  const fit = { model: 'mobilenetv2', channels: 'rgb', space: 'imageSize: 64, epochs: 1' };
  const [line = '', ...more] = await linesFor(t, writeSafetensors(torchWeights('efficientnet-lite0', 3)), fit);
  assert.equal(more.length, 0, more.join('\n'));
  // 35 convolutions and 17 depthwise ones (Sandler et al. 2018, table 2), each with a kernel and the four tensors of its batch norm.
  assert.match(line, /^a\.yaml:3:10: weights: found \.\/w\.bin, of which 260 of 260 tensors do not fit \(the first: found no features\.0\.0\.weight \(Conv1\/kernel\), expected the shape \[32, 3, 3, 3\]\), expected weights of mobilenetv2; it fits efficientnet-lite0: write model: efficientnet-lite0$/);
});

test('where none fits, the line names what the file has and the knobs that shape the layers', async (t) => {
  const [line = '', ...more] = await linesFor(t, writeSafetensors(cnn.map((tensor) => ({ ...tensor, name: `other_${tensor.name}` }))));
  assert.equal(more.length, 0, more.join('\n'));
  assert.match(line, /expected weights of cnn; it has other_batch_normalization_1, .*`trawl model cnn`, by blocks, filters, kernel/);
});

test('weights of the model at its defaults are told to be so', async (t) => {
  const [line = ''] = await linesFor(t, writeSafetensors(kerasWeights('cnn-d', 1)), { model: 'cnn-d', space: 'imageSize: 64, filters: [[5, 6, 7]], epochs: 1' });
  assert.match(line, /expected weights of cnn-d; it fits cnn-d with its knobs at their defaults$/);
});

test('an address that the server refuses is a mistake beside the others', async (t) => {
  const server = createServer((request, response) => response.writeHead(request.url === '/secret.h5' ? 403 : 404).end());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const remedy = 'expected the address of a file of weights; check it, or fetch the file elsewhere and name it here';
  assert.deepEqual(await linesFor(t, null, { weights: `${host}/w.h5`, space: `${CNN.space}, freeze: [al, none]` }), [
    `${AT} ${host}/w.h5, for which the server answers 404, ${remedy}`,
    'a.yaml:4:66: space.freeze: found "al", expected all, none, or a layer of the base, which ends with max_pooling2d_2; did you mean all?',
  ]);
  assert.deepEqual(await linesFor(t, null, { weights: `${host}/secret.h5` }), [`${AT} ${host}/secret.h5, for which the server answers 403, ${remedy}`]);
});

test('an address that is none, or of another scheme, is told before anything is asked', async (t) => {
  for (const address of ['ftp://example.org/w.h5', 's3://bucket/w.h5', 'http://', 'https://exa mple.org/w.h5']) {
    assert.deepEqual(await linesFor(t, null, { weights: `'${address}'` }), [`${AT} "${address}", expected a file of weights, or its address at a host, that begins with https:// or http://`]);
  }
});
