#!/bin/sh
# Builds kernels.wasm from kernels/*.c in worker/engine/wasm or worker/data/wasm, whichever is named;
# needs clang 14 or later with wasm-ld. The result is committed: its digest is part of every epoch key,
# so a rebuild that changes a byte retrains everything. A custom section `sources` carries the digest of
# the C files, by which a test sees that both belong together.
set -e
cd "$(dirname "$0")/../${1:?name the folder: worker/engine/wasm or worker/data/wasm}"
clang --target=wasm32 -O3 -msimd128 -mbulk-memory -ffp-contract=off -fno-fast-math \
  -std=c11 -Wall -Wextra -nostdlib -ffreestanding \
  -Wl,--no-entry -Wl,--import-memory -Wl,--max-memory=4294967296 -Wl,--export=__heap_base \
  -Wl,--strip-all -Wl,-z,stack-size=16384 -o kernels.wasm kernels/*.c
node --input-type=module -e '
  import { appendFileSync, readdirSync, readFileSync } from "node:fs";
  import { createHash } from "node:crypto";
  const hash = createHash("sha256");
  for (const name of readdirSync("kernels").sort()) hash.update(`${name}\n`).update(readFileSync(`kernels/${name}`));
  const name = Buffer.from("sources"), digest = hash.digest();
  const body = Buffer.concat([Buffer.from([name.length]), name, digest]);
  appendFileSync("kernels.wasm", Buffer.concat([Buffer.from([0, body.length]), body]));
'
ls -l kernels.wasm
