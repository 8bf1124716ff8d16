import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import sharp, { type OutputInfo } from 'sharp';
import { httpServer } from '../../../coordinator/api/http.js';
import type { DataImages, DataSetDetail, DataSetView, DataSizes } from '../../../coordinator/api/data-views.js';
import type { DataSpec } from '../../../coordinator/sweep/spec.js';
import { encodeManifest, makeManifest } from '../../../proto/manifest.js';
import type { DataFile } from '../../../proto/work.js';
import { accessBy, ALL_BLOBS, pageParts } from '../../support/access.js';
import { picture } from '../../support/images.js';
import { newPath, specOf, sweepOf } from '../store/facts.js';
import { answersAsDescribed, type OpenApi } from './described.js';
import { loneService, type LoneService } from './lone-service.js';

const token = 'a-token-of-the-test';
const HOSTILE = `<img src=x onerror="alert(1)">`;
const DATA: DataSpec = { path: 'images', split: null, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0.1 };

let lone: LoneService;
let app: FastifyInstance;
let set: string;
let files: readonly DataFile[];

const ask = (path: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> => app.inject({ url: `/api/v1${path}`, headers: { authorization: `Bearer ${token}`, ...headers } });

/** Index in the manifest. */
function indexOf(name: string): number {
  return files.findIndex((file) => file.name === name);
}

/** Packs the files and hands in a sweep over them. */
async function submit(sweep: string, contents: readonly { readonly name: string; readonly label: number; readonly part: DataFile['part']; readonly bytes: Buffer }[]): Promise<void> {
  const pack = await lone.blobs.put(Buffer.concat(contents.map(({ bytes }) => bytes)));
  let offset = 0;
  const entries = contents.map(({ name, label, part, bytes }): DataFile => {
    const entry = { name, label, part, digest: createHash('sha256').update(bytes).digest('hex'), pack: 0, offset, bytes: bytes.length };
    offset += bytes.length;
    return entry;
  });
  const manifest = makeManifest(['NORMAL', HOSTILE], [pack.id], entries);
  files = manifest.files;
  set = (await lone.blobs.put(encodeManifest(manifest))).id;
  const counts = (part: string): number[] => [0, 1].map((label) => entries.filter((entry) => entry.part === part && entry.label === label).length);
  const data = { manifest: set, digest: manifest.digest, images: entries.length, classes: manifest.classes, positive: 1, counts: { train: counts('train'), val: counts('val'), test: counts('test') }, rejected: [{ file: `${HOSTILE}.png`, why: 'empty file' }], warnings: ['2 files are the same'] };
  const spec = { ...specOf(sweep), trainable: { kind: 'image-classifier' as const, data: DATA, model: 'mlp' }, axes: [{ name: 'imageSize', values: [16, 4] }] };
  await lone.store.submit(sweepOf(sweep, [newPath(1)], { spec, data }), await lone.leader.epoch());
}

before(async () => {
  lone = await loneService();
  app = await httpServer({
    serviceFor: (actor) => lone.service.as(actor),
    access: accessBy(token),
    ...{ blobRights: ALL_BLOBS, ...pageParts(), logger: pino({ level: 'silent' }), blobs: lone.blobs, page: new Map() },
    usingBlob: async () => undefined,
    blobUsed: async () => undefined,
    picture: (dataset, index, look) => lone.service.picture(dataset, index, look),
    leading: async () => undefined,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  const red = await sharp({ create: { width: 40, height: 20, channels: 3, background: { r: 255, g: 0, b: 0 } } }).png().toBuffer();
  await submit('seen', [
    { name: 'NORMAL/ramp.png', label: 0, part: 'train', bytes: await picture(16, 16, 3).png().toBuffer() },
    { name: 'NORMAL/red.png', label: 0, part: 'val', bytes: red },
    { name: `${HOSTILE}/ramp.jpg`, label: 1, part: 'train', bytes: await picture(600, 300, 4).jpeg().toBuffer() },
    { name: `${HOSTILE}/broken.png`, label: 1, part: 'test', bytes: Buffer.from('no image at all') },
  ]);
});
after(async () => {
  await app.close();
  await lone.close();
});

describe('data sets', () => {
  it('are listed with their classes, parts, and the sweeps that use them, as the API describes them', async () => {
    const document = (await app.inject({ url: '/api/openapi.json' })).json<OpenApi>();
    const described = answersAsDescribed(app, document, token);
    for (const path of ['/datasets', `/datasets/${set}`, `/datasets/${set}/sizes`, `/datasets/${set}/images`]) await described(path);
    const [only] = (await ask('/datasets')).json<DataSetView[]>();
    assert.deepEqual([only?.id, only?.sweeps, only?.images, only?.positive, only?.rejected], [set, ['seen'], 4, HOSTILE, 1]);
    assert.deepEqual(only?.counts, { train: [1, 1], val: [1, 0], test: [0, 1] });
    const { looks, rejected } = (await ask(`/datasets/${set}`)).json<DataSetDetail>();
    assert.deepEqual(looks, [{ sweep: 'seen', sizes: [4, 16], channels: 1, resize: 'stretch', crop: null }]);
    assert.deepEqual(rejected, [{ file: `${HOSTILE}.png`, why: 'empty file' }]);
  });

  it('tell their images in the order of the manifest, by part, class and name, a page at a time', async () => {
    const page = async (query: string): Promise<DataImages> => (await ask(`/datasets/${set}/images?${query}`)).json<DataImages>();
    const all = await page('');
    assert.equal(all.total, 4);
    assert.deepEqual(all.images.map(({ index, part }) => [index, part]), [[0, 'train'], [1, 'train'], [2, 'val'], [3, 'test']]);
    assert.deepEqual((await page('from=1&limit=2')).images.map(({ index }) => index), [1, 2]);
    assert.deepEqual((await page('part=train&label=1')).images.map(({ name }) => name), [`${HOSTILE}/ramp.jpg`]);
    assert.deepEqual((await page('search=RED')).images.map(({ name }) => name), ['NORMAL/red.png']);
    assert.equal((await page('from=100')).total, 4);
  });

  it('tell how large their images are, of those that can be read', async () => {
    const sizes = (await ask(`/datasets/${set}/sizes`)).json<DataSizes>();
    assert.deepEqual([sizes.images, sizes.sampled], [4, 3]);
    // sharp writes gray pixels with three channels.
    assert.deepEqual(sizes.sizes, [{ width: 16, height: 16, channels: 3, count: 1 }, { width: 40, height: 20, channels: 3, count: 1 }, { width: 600, height: 300, channels: 3, count: 1 }]);
    assert.equal(sizes.bytes.least, 'no image at all'.length);
  });
});

describe('an image of a data set', () => {
  const raw = (png: Buffer): Promise<{ data: Buffer; info: OutputInfo }> => sharp(png).raw().toBuffer({ resolveWithObject: true });

  it('is shown as it is, made smaller where it is larger than asked for, and kept by browsers for ever', async () => {
    const answer = await ask(`/datasets/${set}/images/${indexOf(`${HOSTILE}/ramp.jpg`)}?most=128`);
    assert.deepEqual([answer.statusCode, answer.headers['content-type']], [200, 'image/png']);
    const { width, height } = await sharp(answer.rawPayload).metadata();
    assert.deepEqual([width, height], [128, 64]);
    assert.match(String(answer.headers['cache-control']), /immutable/);
    const again = await ask(`/datasets/${set}/images/${indexOf(`${HOSTILE}/ramp.jpg`)}?most=128`, { 'if-none-match': String(answer.headers.etag) });
    assert.equal(again.statusCode, 304);
    // One that no decoder reads: it is not looked at where the browser has it.
    const broken = indexOf(`${HOSTILE}/broken.png`);
    assert.equal((await ask(`/datasets/${set}/images/${broken}?most=128`, { 'if-none-match': `"${files[broken]?.digest ?? ''}-128"` })).statusCode, 304);
  });

  it('is shown as the networks of a sweep see it, pixel by pixel', async () => {
    const same = await ask(`/datasets/${set}/images/${indexOf('NORMAL/ramp.png')}?sweep=seen&size=16`);
    // At its own size nothing is resized: what was drawn.
    assert.deepEqual((await raw(same.rawPayload)).data, await picture(16, 16, 3).raw().toBuffer());
    const red = await raw((await ask(`/datasets/${set}/images/${indexOf('NORMAL/red.png')}?sweep=seen&size=4`)).rawPayload);
    assert.deepEqual([red.info.width, red.info.height], [4, 4]);
    // Luma of ITU-R BT.601: 0.299 x 255 = 76.2.
    assert.deepEqual([...new Set(red.data)], [76]);
  });

  it('that is not there, cannot be read or is asked for in a way that means nothing is refused under a code', async () => {
    const refused = async (path: string): Promise<[number, string]> => {
      const answer = await ask(path);
      return [answer.statusCode, answer.json<{ code: string }>().code];
    };
    const broken = indexOf(`${HOSTILE}/broken.png`);
    assert.deepEqual(await refused(`/datasets/${set}/images/${broken}`), [422, 'UnreadableImage']);
    assert.deepEqual(await refused(`/datasets/${set}/images/${broken}?sweep=seen&size=16`), [422, 'UnreadableImage']);
    assert.deepEqual(await refused(`/datasets/${set}/images/4`), [404, 'ImageNotFound']);
    assert.deepEqual(await refused(`/datasets/${set}/images/one`), [400, 'BadRequest']);
    assert.deepEqual(await refused(`/datasets/${set}/images/0?most=100000`), [400, 'BadRequest']);
    assert.deepEqual(await refused(`/datasets/${set}/images/0?size=16`), [400, 'BadRequest']);
    assert.deepEqual(await refused(`/datasets/${set}/images/0?size=16&sweep=another`), [400, 'BadRequest']);
    assert.deepEqual(await refused(`/datasets/${'0'.repeat(64)}/images/0`), [404, 'DataSetNotFound']);
    assert.deepEqual(await refused(`/datasets/${encodeURIComponent('../../etc/passwd')}/images/0`), [404, 'DataSetNotFound']);
    assert.equal((await app.inject({ url: `/api/v1/datasets/${set}/images/0` })).statusCode, 401);
  });
});
