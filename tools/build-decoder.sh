#!/bin/sh
# Builds worker/data/gray-jpeg/gray-jpeg.wasm from the C file beside it; needs clang 14 or later with
# wasm-ld. The result is committed: its digest is part of the decoder's name in every epoch key. A custom
# section `sources` carries the digest of the C file, by which a test sees that both belong together.
set -e
cd "$(dirname "$0")/../worker/data/gray-jpeg"
clang --target=wasm32 -O3 -msimd128 -mbulk-memory -std=c11 -Wall -Wextra -nostdlib -ffreestanding \
  -Wl,--no-entry -Wl,--import-memory -Wl,--max-memory=67108864 -Wl,--export=input -Wl,--export=decode -Wl,--export=width -Wl,--export=height \
  -Wl,--export=planeAt -Wl,--export=planeStride -Wl,--export=tables -Wl,--export=resize \
  -Wl,--strip-all -Wl,-z,stack-size=16384 -o gray-jpeg.wasm gray-jpeg.c
node --input-type=module -e '
  import { appendFileSync, readFileSync } from "node:fs";
  import { createHash } from "node:crypto";
  const name = Buffer.from("sources"), digest = createHash("sha256").update(readFileSync("gray-jpeg.c")).digest();
  const body = Buffer.concat([Buffer.from([name.length]), name, digest]);
  appendFileSync("gray-jpeg.wasm", Buffer.concat([Buffer.from([0, body.length]), body]));
'
ls -l gray-jpeg.wasm
