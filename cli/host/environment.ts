/** What a child of ours may see of the user's environment: no secrets that happen to be in the shell. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'UV_THREADPOOL_SIZE', 'CUDA_VISIBLE_DEVICES', 'CUDA_HOME', 'PYTHONPATH', 'VIRTUAL_ENV', 'CONDA_PREFIX', 'OMP_NUM_THREADS'];

export function childEnvironment(own: { readonly [name: string]: string }): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...own };
}

/** What a store on S3 is opened with, in the AWS SDK's usual variables: the coordinator's alone. */
export function blobCredentials(blobs: string): NodeJS.ProcessEnv {
  if (!blobs.startsWith('s3://')) return {};
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_')));
}
