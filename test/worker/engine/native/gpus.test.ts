import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { childSetups } from '../../../../worker/agent/child-setup.js';
import type { UsableEngine } from '../../../../worker/engine/choose.js';
import { explainNative } from '../../../../worker/engine/native/errors.js';
import { surveyGpus } from '../../../../worker/engine/native/gpus.js';
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
  const all = await surveyGpus(environment);
  assert.deepEqual('gpus' in all && all.gpus.map(({ uuid }) => uuid), ['GPU-aaaa1111']);
  const taken = await surveyGpus({ ...environment, CUDA_VISIBLE_DEVICES: '1' });
  assert.deepEqual('problem' in taken && taken.problem.found, 'the GPU is taken by others: GPU 1 has 210 of 23034 MiB free');
  const named = await surveyGpus({ ...environment, CUDA_VISIBLE_DEVICES: 'GPU-aaaa' });
  assert.deepEqual('gpus' in named && named.gpus.length, 1);
  const hidden = await surveyGpus({ ...environment, CUDA_VISIBLE_DEVICES: '-1' });
  assert.match('problem' in hidden ? hidden.problem.found : '', /CUDA_VISIBLE_DEVICES=-1 hides every GPU/);
});

test('a driver too old, one that is broken, and none at all are told with their remedies', async (t) => {
  // 470.82.01 is of CUDA 11.4.
  const old = await surveyGpus(smi(t, '0, GPU-a, Tesla T4, 470.82.01, 15109, 15000'));
  assert.deepEqual('problem' in old && old.problem, { found: 'the NVIDIA driver 470.82.01 is too old for CUDA 12', remedy: 'update it to 525.60.13 or newer' });
  const broken = await surveyGpus(smi(t, 'Failed to initialize NVML: Driver/library version mismatch', 18));
  assert.match('problem' in broken ? `${broken.problem.found}; ${broken.problem.remedy}` : '', /^nvidia-smi fails: Failed to initialize NVML: Driver\/library version mismatch; mend the NVIDIA driver/);
  const none = await surveyGpus({ PATH: '/nonexistent' });
  assert.deepEqual('problem' in none && none.problem, { found: 'there is no nvidia-smi', remedy: 'install the NVIDIA driver' });
});

const base = { kind: 'graph', label: '' } as const;
const native = { name: 'tensorflow-2.21.0-gpu', device: 'gpu', addon: '/a.node', folder: '/a' } as const;
const gpu: UsableEngine = { ...base, device: 'gpu', numerics: 'graph:2.21.0:gpu:d', native, gpus: ['GPU-a', 'GPU-b'] };
const wasm: UsableEngine = { ...base, kind: 'wasm', device: 'cpu', numerics: 'wasm:d:plain', native: null, gpus: [] };

test("each slot's child sees one GPU, memory grows as it is needed, and slots share GPUs and cores evenly", () => {
  const setup = childSetups([gpu, wasm], 4, 8);
  const environments = [0, 1, 2, 3].map((slot) => setup('graph:2.21.0:gpu:d:decode1', slot).environment);
  assert.deepEqual(environments.map((environment) => environment.CUDA_VISIBLE_DEVICES), ['GPU-a', 'GPU-b', 'GPU-a', 'GPU-b']);
  assert.ok(environments.every((environment) => environment.TF_FORCE_GPU_ALLOW_GROWTH === 'true' && environment.TF_NUM_INTRAOP_THREADS === '2'));
});

test('a child is started for the engine of its trajectory, and one on the CPU sees no GPU', () => {
  const cpu: UsableEngine = { ...gpu, device: 'cpu', numerics: 'graph:2.21.0:cpu:d', native: { ...native, name: 'tensorflow-2.21.0-cpu', device: 'cpu' }, gpus: [] };
  const setup = childSetups([gpu, cpu, wasm], 1, 2);
  assert.deepEqual(setup('wasm:d:plain:decode1', 0), { engine: 'wasm', args: [], environment: {} });
  const onCpu = setup('graph:2.21.0:cpu:d:decode1', 0);
  assert.deepEqual([onCpu.engine, onCpu.environment.CUDA_VISIBLE_DEVICES, JSON.parse(onCpu.args[0] ?? '')], ['tensorflow-2.21.0-cpu', '-1', cpu]);
  assert.equal(setup('none', 0).engine, 'tensorflow-2.21.0-gpu');
});

/** Words of glibc's dynamic linker, CUDA 12 and TensorFlow 2.18 to 2.21. */
const WORDS: readonly (readonly [string, RegExp])[] = [
  ['/x/tfjs_binding.node: undefined symbol: TF_LoadSessionFromSavedModel', /lacks the symbol TF_LoadSessionFromSavedModel; install another version/],
  ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.27' not found (required by /x/libtensorflow_cc.so.2)", /C libraries are older than GLIBC_2\.27/],
  ['libtensorflow_framework.so.2: cannot open shared object file: No such file or directory', /libtensorflow_framework\.so\.2 is missing; install it again/],
  ['/x/libtensorflow_cc.so.2: file too short', /damaged, or made for another system/],
  ['failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH', /CUDA finds no GPU/],
  ['CUDA driver version is insufficient for CUDA runtime version', /driver is too old for CUDA 12; update/],
  ['INTERNAL: all CUDA-capable devices are busy or unavailable', /taken by another process; end what uses it/],
  ['failed to allocate 15.75G (16908746752 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory', /memory is taken by another process/],
  ['Cannot dlopen some GPU libraries. Please make sure the missing libraries mentioned above are installed properly', /CUDA libraries are missing.*--gpu/],
];
test('what the linker, CUDA and TensorFlow print becomes one line with a remedy', () => {
  for (const [words, expected] of WORDS) {
    const { found, remedy } = explainNative(`W0000 other words\n${words}\n`);
    assert.match(`${found}; ${remedy}`, expected);
  }
  assert.match(explainNative('', 'SIGILL').found, /AVX/);
  assert.match(explainNative('something new', 'SIGSEGV').found, /ended by SIGSEGV: something new/);
});
