import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { runsHere, wheelName, wheelsOf } from '../../../cli/engine/package-index.js';
import { cudaRequirements, satisfies } from '../../../cli/engine/requirements.js';
import { Wheel } from '../../../cli/engine/wheel.js';
import { temporaryFolder } from '../../support/images.js';
import { digest, IndexServer, wheelOf } from './index-server.js';

const MEMBERS = { 'tensorflow/lib.so': 'library', 'tensorflow/other.py': 'not wanted' };
const signal = new AbortController().signal;

function unpacking(t: TestContext, wheel: Buffer): { file: string; into: string; unpack: () => Promise<number> } {
  const folder = temporaryFolder(t);
  const file = join(folder, 'a.whl');
  const into = join(folder, 'out');
  writeFileSync(file, wheel);
  return {
    ...{ file, into },
    unpack: async () => {
      const opened = await Wheel.open(file);
      try {
        return await opened.unpack({ wants: (name) => name.endsWith('.so'), into, signal, onProgress: () => undefined });
      } finally {
        opened.close();
      }
    },
  };
}

test('only what is wanted of a wheel is unpacked', async (t) => {
  const { into, unpack } = unpacking(t, wheelOf('a-1', MEMBERS));
  assert.equal(await unpack(), 'library'.length);
  assert.equal(readFileSync(join(into, 'tensorflow', 'lib.so'), 'utf8'), 'library');
  assert.ok(!existsSync(join(into, 'tensorflow', 'other.py')));
});

test('a member that is not what RECORD says is refused', async (t) => {
  const { unpack } = unpacking(t, wheelOf('a-1', MEMBERS, { record: () => Buffer.alloc(32).toString('base64url') }));
  await assert.rejects(unpack(), { code: 'WrongHash', message: /^a\.whl: tensorflow\/lib\.so: found SHA .+, expected 0000000000000000…; the wheel is damaged; fetch it again$/ });
});

test('a file that is no zip, and one that was cut off, are named as what they are', async (t) => {
  for (const content of [Buffer.from('<html>not found</html>'), wheelOf('a-1', MEMBERS).subarray(0, 200)]) {
    const { unpack } = unpacking(t, content);
    await assert.rejects(unpack(), { code: 'BadWheel', message: /^--wheel: found .+a\.whl, which cannot be read as a wheel \(.+\); expected a wheel of tensorflow-cpu/ });
  }
});

test('a name that leads out of the folder is refused', async (t) => {
  const { unpack } = unpacking(t, wheelOf('a-1', { '../evil.so': 'x' }));
  await assert.rejects(unpack(), { code: 'BadWheel', message: /invalid relative path/ });
});

test('a wheel runs on the systems that its name says', () => {
  // Real names on the index.
  assert.deepEqual(wheelName('tensorflow_cpu-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl'), { package: 'tensorflow-cpu', version: '2.21.0', platform: 'manylinux_2_27_x86_64' });
  assert.deepEqual(wheelName('nvidia_cublas_cu12-12.9.1.4-py3-none-manylinux_2_27_x86_64.whl')?.package, 'nvidia-cublas-cu12');
  assert.equal(wheelName('tensorflow.tar.gz'), null);
  const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  assert.equal(runsHere(`nvidia_nccl_cu12-2.27.7-py3-none-manylinux2014_${machine}.manylinux_2_17_${machine}.whl`), process.platform === 'linux');
  assert.ok(!runsHere('tensorflow_cpu-2.21.0-cp310-cp310-win_amd64.whl'));
  assert.ok(!runsHere(`tensorflow-2.21.0-cp310-cp310-manylinux_2_27_${machine === 'x86_64' ? 'aarch64' : 'x86_64'}.whl`));
  assert.ok(!runsHere('tensorflow-2.21.0-cp310-cp310-macosx_12_0_arm64.whl'));
});

test('an index in JSON and one in HTML say the same', { skip: process.platform !== 'linux' }, async (t) => {
  const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  const name = `tensorflow_cpu-2.21.0-cp310-cp310-manylinux_2_27_${machine}.whl`;
  const content = wheelOf('a-1', MEMBERS);
  const page = `<!DOCTYPE html><a href="../files/${name}#sha256=${digest(content)}">${name}</a><br/><a href="../files/${name.replace('2.21', '2.20')}#sha256=${digest(content)}" data-yanked="">x</a>`;
  const server = await IndexServer.start(t, { [name]: { content }, '/html/tensorflow-cpu/': { content: Buffer.from(page) } });
  const json = await wheelsOf(`${server.url}/simple`, 'tensorflow-cpu', signal);
  const html = await wheelsOf(`${server.url}/html`, 'tensorflow-cpu', signal);
  assert.deepEqual(json, [{ file: name, url: `${server.url}/files/${name}`, bytes: content.length, sha256: digest(content) }]);
  assert.deepEqual(html, [{ file: name, url: `${server.url}/html/files/${name}`, bytes: null, sha256: digest(content) }]);
  await assert.rejects(wheelsOf(`${server.url}/simple`, 'nothing', signal), { code: 'DownloadFailed', message: /\/simple\/nothing\/ answers 404; check PIP_INDEX_URL/ });
});

test('the CUDA packages are those of the extra and-cuda, less what no graph loads', () => {
  // From METADATA of tensorflow 2.21.0.
  const lines = ['numpy>=1.26.0', 'nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"', 'nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"', 'nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"', 'tensorflow-io-gcs-filesystem>=0.23.1; (sys_platform != "win32") and extra == "gcs-filesystem"'];
  assert.deepEqual(cudaRequirements(lines), [
    { name: 'nvidia-cublas-cu12', conditions: ['<13.0', '>=12.5.3.2'] },
    { name: 'nvidia-cudnn-cu12', conditions: ['<10.0', '>=9.3.0.75'] },
  ]);
  // In the form of TensorFlow 2.18: nvidia-cublas-cu12 (==12.5.3.2) ; extra == 'and-cuda'.
  assert.deepEqual(cudaRequirements(["nvidia-cublas-cu12 (==12.5.3.2) ; extra == 'and-cuda'"]), [{ name: 'nvidia-cublas-cu12', conditions: ['==12.5.3.2'] }]);
});

test('versions are compared by their numbers (PEP 440)', () => {
  const conditions = ['<13.0', '>=12.5.3.2'];
  const verdicts = ['12.5.3.2', '12.10.0', '12.5.3', '13.0', '13.0.0', '12.6.0rc1', '12.6.0.post1'].map((version) => satisfies(version, conditions));
  assert.deepEqual(verdicts, [true, true, false, false, false, false, true]);
  assert.ok(satisfies('12.5.9', ['==12.5.*']) && !satisfies('12.50.1', ['==12.5.*']) && satisfies('2.4', ['~=2.1']) && !satisfies('3.0', ['~=2.1']) && !satisfies('2.1', ['!=2.1']));
});
