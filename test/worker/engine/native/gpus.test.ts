import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { childSetups } from '../../../../worker/agent/child-setup.js';
import type { UsableEngine } from '../../../../worker/engine/choose.js';
import { explainNative } from '../../../../worker/engine/native/errors.js';
import { CUDA_11, CUDA_12, surveyGpus } from '../../../../worker/engine/native/gpus.js';
import { jsonLine } from '../../../../worker/engine/native/json-line.js';
import { libraryPath } from '../../../../worker/engine/native/load.js';
import { temporaryFolder } from '../../../support/images.js';

/** An environment whose nvidia-smi says this, and ends with the code. */
function smi(t: TestContext, says: string, code = 0): NodeJS.ProcessEnv {
  const folder = temporaryFolder(t);
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${says}\nEND\nexit ${code}\n`);
  chmodSync(file, 0o755);
  return { PATH: `${folder}:${process.env.PATH ?? ''}` };
}

/** As nvidia-smi --query-gpu=index,uuid,name,driver_version,memory.total,memory.free --format=csv,noheader,nounits prints it. */
const TWO = '0, GPU-aaaa1111, NVIDIA L4, 550.54.15, 23034, 22491\n1, GPU-bbbb2222, NVIDIA L4, 550.54.15, 23034, 210';

test('the GPUs with room on them are to be had, by the names that CUDA_VISIBLE_DEVICES takes', async (t) => {
  const environment = smi(t, TWO);
  const all = await surveyGpus(CUDA_12, environment);
  assert.deepEqual('gpus' in all && all.gpus.map(({ uuid }) => uuid), ['GPU-aaaa1111']);
  const taken = await surveyGpus(CUDA_12, { ...environment, CUDA_VISIBLE_DEVICES: '1' });
  assert.deepEqual('problem' in taken && taken.problem.found, 'the GPU is taken by others: GPU 1 has 210 of 23034 MiB free');
  const named = await surveyGpus(CUDA_12, { ...environment, CUDA_VISIBLE_DEVICES: 'GPU-aaaa' });
  assert.deepEqual('gpus' in named && named.gpus.length, 1);
  const hidden = await surveyGpus(CUDA_12, { ...environment, CUDA_VISIBLE_DEVICES: '-1' });
  assert.match('problem' in hidden ? hidden.problem.found : '', /CUDA_VISIBLE_DEVICES=-1 hides every GPU/);
});

test('a part of a GPU is taken as CUDA_VISIBLE_DEVICES names it, though no list of cards has it', async (t) => {
  const part = await surveyGpus(CUDA_12, { ...smi(t, TWO), CUDA_VISIBLE_DEVICES: 'MIG-3f1b5c2e-0001' });
  assert.deepEqual('gpus' in part && part.gpus.map(({ uuid, memoryBytes }) => [uuid, memoryBytes]), [['MIG-3f1b5c2e-0001', 0]]);
});

test("a package of the user's own, which has CUDA 11, asks for the driver of CUDA 11 and gets the library path", async (t) => {
  const old = smi(t, '0, GPU-a, Tesla T4, 470.82.01, 15109, 15000');
  assert.ok('gpus' in (await surveyGpus(CUDA_11, old)));
  const environment = { LD_LIBRARY_PATH: '/opt/cuda-11/lib64' };
  assert.deepEqual(libraryPath({ name: 'tfjs-node-gpu' }, environment), environment);
  assert.deepEqual(libraryPath({ name: 'tensorflow-2.21.0-gpu' }, environment), {});
});

test('a driver too old, one that is broken, and none at all are told with their remedies', async (t) => {
  // 470.82.01 is of CUDA 11.4.
  const old = await surveyGpus(CUDA_12, smi(t, '0, GPU-a, Tesla T4, 470.82.01, 15109, 15000'));
  assert.deepEqual('problem' in old && old.problem, { found: 'the NVIDIA driver 470.82.01 is too old for CUDA 12', remedy: 'update it to 525.60.13 or newer' });
  const broken = await surveyGpus(CUDA_12, smi(t, 'Failed to initialize NVML: Driver/library version mismatch', 18));
  assert.match('problem' in broken ? `${broken.problem.found}; ${broken.problem.remedy}` : '', /^nvidia-smi fails: Failed to initialize NVML: Driver\/library version mismatch; mend the NVIDIA driver/);
  const none = await surveyGpus(CUDA_12, { PATH: '/nonexistent' });
  assert.deepEqual('problem' in none && none.problem, { found: 'there is no nvidia-smi', remedy: 'install the NVIDIA driver' });
});

const base = { kind: 'graph', label: '' } as const;
const native = { name: 'tensorflow-2.21.0-gpu', device: 'gpu', addon: '/a.node', javascript: null, folder: '/a' } as const;
const gpu: UsableEngine = { ...base, device: 'gpu', numerics: 'graph:2.21.0:gpu:d', native, gpus: [{ uuid: 'GPU-a', freeBytes: 8e9 }, { uuid: 'GPU-b', freeBytes: null }] };
const wasm: UsableEngine = { ...base, kind: 'wasm', device: 'cpu', numerics: 'wasm:d:plain', native: null, gpus: [] };

test("each slot's child sees one GPU, memory grows as it is needed, and slots share GPUs and cores evenly", () => {
  const setup = childSetups([gpu, wasm], 4, 8);
  const environments = [0, 1, 2, 3].map((slot) => setup('graph:2.21.0:gpu:d:decode1', slot).environment);
  assert.deepEqual(environments.map((environment) => environment.CUDA_VISIBLE_DEVICES), ['GPU-a', 'GPU-b', 'GPU-a', 'GPU-b']);
  assert.deepEqual([0, 1].map((slot) => (JSON.parse(setup('graph:2.21.0:gpu:d:decode1', slot).args[0] ?? '') as UsableEngine).gpus), [[gpu.gpus[0]], [gpu.gpus[1]]]);
  assert.ok(environments.every((environment) => environment.TF_FORCE_GPU_ALLOW_GROWTH === 'true' && environment.TF_NUM_INTRAOP_THREADS === '2'));
});

test('a child is started for the engine of its trajectory, and one on the CPU sees no GPU', () => {
  const cpu: UsableEngine = { ...gpu, device: 'cpu', numerics: 'graph:2.21.0:cpu:d', native: { ...native, name: 'tensorflow-2.21.0-cpu', device: 'cpu' }, gpus: [] };
  const setup = childSetups([gpu, cpu, wasm], 1, 2);
  assert.deepEqual(setup('wasm:d:plain:decode1', 0), { engine: 'wasm', args: [], environment: {} });
  const onCpu = setup('graph:2.21.0:cpu:d:decode1', 0);
  assert.deepEqual([onCpu.engine, onCpu.environment.CUDA_VISIBLE_DEVICES, JSON.parse(onCpu.args[0] ?? '')], ['graph on tensorflow-2.21.0-cpu', '-1', cpu]);
  assert.equal(setup('none', 0).engine, 'graph on tensorflow-2.21.0-gpu');
  const eager: UsableEngine = { ...cpu, kind: 'eager', numerics: 'eager:2.21.0:cpu:d' };
  assert.equal(childSetups([cpu, eager], 1, 2)('eager:2.21.0:cpu:d:decode1', 0).engine, 'eager on tensorflow-2.21.0-cpu', 'no child of graph serves it');
  assert.throws(() => setup('graph:2.20.0:cpu:d:decode1', 0), { code: 'EngineUnusable' }, 'numerics that it has not are nobody else\'s work');
});

/** Words of glibc's dynamic linker, CUDA 12 and TensorFlow 2.18 to 2.21. */
const WORDS: readonly (readonly [string, RegExp])[] = [
  ['/x/tfjs_binding.node: undefined symbol: TF_LoadSessionFromSavedModel', /lacks the symbol TF_LoadSessionFromSavedModel; remove it and install another version: trawl engine remove tensorflow-2\.21\.0-gpu && trawl engine install --gpu --tf 2\.20\.0$/],
  ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.27' not found (required by /x/libtensorflow_cc.so.2)", /C libraries are older than GLIBC_2\.27/],
  ['libtensorflow_framework.so.2: cannot open shared object file: No such file or directory', /libtensorflow_framework\.so\.2 is missing; remove it and install it again: trawl engine remove tensorflow-2\.21\.0-gpu && trawl engine install --gpu --tf 2\.21\.0$/],
  ['/x/libtensorflow_cc.so.2: file too short', /damaged, or made for another system/],
  ['failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH', /CUDA finds no GPU/],
  ['CUDA driver version is insufficient for CUDA runtime version', /driver is too old for CUDA 12; update/],
  ['INTERNAL: all CUDA-capable devices are busy or unavailable', /taken by another process; end what uses it/],
  ['failed to allocate 15.75G (16908746752 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory', /memory is taken by another process/],
  ['Cannot dlopen some GPU libraries. Please make sure the missing libraries mentioned above are installed properly', /CUDA libraries are missing.*--gpu/],
];
test('what the linker, CUDA and TensorFlow print becomes one line with a remedy', () => {
  for (const [words, expected] of WORDS) {
    const { found, remedy } = explainNative('tensorflow-2.21.0-gpu', `W0000 other words\n${words}\n`);
    assert.match(`${found}; ${remedy}`, expected);
  }
  assert.match(explainNative('tensorflow-2.21.0-cpu', '', 'SIGILL').found, /AVX/);
  assert.match(explainNative('tensorflow-2.21.0-cpu', 'something new', 'SIGSEGV').found, /ended by SIGSEGV: something new/);
});

test('what TensorFlow writes between our lines is passed over', () => {
  assert.deepEqual(['{"step": 1}', 'WARNING: all log messages', '{not ours', ''].map(jsonLine), [{ step: 1 }, null, null, null]);
});
