/** What of a sweep file can be submitted by its text alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestOfText } from '../../../coordinator/api/text-submission.js';
import type { SweepRecord } from '../../../coordinator/store/records.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { DataSpec, DataSummary } from '../../../coordinator/sweep/spec.js';

const IMAGES = 'data: {path: ./images, positive: ill, split: {val: 0.2, test: 0.1}}\nmodel: lenet5\nspace: {lr: [0.01, 0.02]}\n';

const data: DataSummary = { manifest: 'a'.repeat(64), digest: 'digest', images: 100, classes: ['ill', 'well'], positive: 0, counts: { train: [40, 30], val: [10, 10], test: [5, 5] }, rejected: [], warnings: [] };

function recordOf(text: string, more: Partial<SweepRecord>): SweepRecord {
  const parsed = parseSweepFile(text, 'sweep.yaml', null, null, null, null);
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  return { spec: parsed.spec, data: null, numerics: 'none', ...more } as SweepRecord;
}

describe('a sweep file by its text alone', () => {
  it('needs nothing beside a synthetic trainable', () => {
    const text = 'name: s\ntrainable: {synthetic: {epochMs: 1, metrics: {val.loss: epoch}}}\nspace: {epochs: 3}\nobjective: {minimize: val.loss}\n';
    assert.deepEqual(requestOfText({ name: 's.yaml', text }, []), { source: { name: 's.yaml', text }, sharing: true, data: null, numerics: 'none' });
  });

  it('takes the data of the latest sweep that says the same of them, however it writes it', () => {
    const sweeps = [
      recordOf(`name: old\n${IMAGES}`, { data: { ...data, digest: 'old' }, numerics: 'wasm:1' }),
      recordOf(`name: other\n${IMAGES.replace('0.2', '0.3')}`, { data: { ...data, digest: 'other' }, numerics: 'wasm:1' }),
      recordOf(`name: new\n${IMAGES}`, { data, numerics: 'wasm:2' }),
      recordOf(`name: unknown\n${IMAGES}`, { data: null }),
    ];
    const text = 'name: page\nmodel: lenet5\nspace: {lr: 0.5}\ndata:\n  split: {test: 0.1, val: 0.2}\n  positive: ill\n  path: ./images # here\n';
    const request = requestOfText({ name: 'page.yaml', text, replace: true }, sweeps);
    assert.deepEqual([request.data?.digest, request.numerics, request.replace], ['digest', 'wasm:2', true]);
  });

  it('takes the data of a sweep from before there was a key that its file leaves out too', () => {
    const known = recordOf(`name: old\n${IMAGES}`, { data });
    if (known.spec.trainable.kind !== 'image-classifier') assert.fail();
    const { groupBy, ...before } = known.spec.trainable.data;
    assert.equal(groupBy, null);
    const old = { ...known, spec: { ...known.spec, trainable: { ...known.spec.trainable, data: before as DataSpec } } };
    assert.equal(requestOfText({ name: 'page.yaml', text: `name: page\n${IMAGES}` }, [old]).data?.digest, 'digest');
    const grouped = `name: page\n${IMAGES.replace('positive: ill', "positive: ill, groupBy: '^(.)'")}`;
    assert.throws(() => requestOfText({ name: 'page.yaml', text: grouped }, [old]), /data\.groupBy: found "\^\(\.\)", expected nothing, as sweep old has it/);
  });

  it('tells what of its data differs from those of the sweep that is most alike, at its line', () => {
    const sweeps = [
      recordOf(`name: far\n${IMAGES.replace('0.2', '0.3').replace('ill', 'well')}`, { data }),
      recordOf(`name: near\n${IMAGES}`, { data }),
      recordOf(`name: elsewhere\n${IMAGES.replace('./images', './others')}`, { data }),
    ];
    const of = (images: string): string => `name: s\nmodel: lenet5\nspace: {lr: 0.1}\ndata:\n  path: ${images}\n  positive: pneumona\n  split: {val: 0.2, test: 0.1}\n`;
    const told = (text: string): { readonly message: string } => {
      try {
        requestOfText({ name: 'page.yaml', text }, sweeps);
      } catch (error) {
        return { message: error instanceof Error ? error.message : String(error) };
      }
      return { message: 'nothing' };
    };
    assert.deepEqual(told(of('./images')), { message: 'page.yaml:6:13: data.positive: found "pneumona", expected "ill", as sweep near has it; other data come by command: hand it in where its files are: trawl submit FILE --coordinator URL' });
    assert.match(told(of('./imags')).message, /^page\.yaml:5:9: data\.path: found "\.\/imags", expected .*"\.\/images".*"\.\/others"/);
  });

  it('tells all mistakes at their lines, and what must come from a command', () => {
    const told = (text: string): string => {
      try {
        requestOfText({ name: 'page.yaml', text }, []);
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
      return 'nothing';
    };
    assert.match(told('name: s\nspace: {learning_rate: 0.1}\ndata: {path: ./x, split: {val: 2}}\n'), /^page\.yaml:2:\d+: .*learning_rate[^]*\npage\.yaml:3:\d+: /);
    assert.match(told(`name: s\n${IMAGES}`), /^page\.yaml:2:\d+: data\.path: found "\.\/images", expected data that a sweep here has already, and none has any; .*trawl submit FILE/);
    assert.match(told('name: s\ntrainable: {command: [train.sh], silence: 1m}\nspace: {epochs: 2}\nobjective: {minimize: val.loss}\n'), /trawl submit FILE|page\.yaml:/);
  });
});
