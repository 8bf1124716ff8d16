/** What a worker tells of its box, between frames and plain types. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Box, BoxSchema, BoxUse as WireBoxUse, BoxUseSchema } from './generated/trawl_pb.js';
import type { BoxFacts, BoxUse } from './messages.js';
import { fromUint64, toUint64, uint32 } from './wire.js';

export function boxToWire({ pool, labels, engine, gpus }: BoxFacts): MessageInitShape<typeof BoxSchema> {
  return {
    ...(pool === null ? {} : { pool }),
    labels: { ...labels },
    engine,
    gpus: gpus.map(({ index, name, memoryBytes }) => ({ index: uint32('gpu', index), name, memoryBytes: toUint64('memoryBytes', memoryBytes) })),
  };
}

export function boxFromWire({ pool, labels, engine, gpus }: Box): BoxFacts {
  return { pool: pool ?? null, labels, engine, gpus: gpus.map(({ index, name, memoryBytes }) => ({ index, name, memoryBytes: fromUint64('memoryBytes', memoryBytes) })) };
}

export function useToWire({ epochsPerSecond, gpus, cache }: BoxUse): MessageInitShape<typeof BoxUseSchema> {
  return {
    epochsPerSecond,
    gpus: gpus.map(({ index, memoryUsedBytes, utilisation, celsius }) => ({ index: uint32('gpu', index), memoryUsedBytes: toUint64('memoryUsedBytes', memoryUsedBytes), utilisation, celsius })),
    ...(cache === undefined ? {} : { cache: { bytes: toUint64('cacheBytes', cache.bytes), limitBytes: toUint64('cacheLimitBytes', cache.limitBytes) } }),
  };
}

export function useFromWire({ epochsPerSecond, gpus, cache }: WireBoxUse): BoxUse {
  return {
    epochsPerSecond,
    gpus: gpus.map(({ index, memoryUsedBytes, utilisation, celsius }) => ({ index, memoryUsedBytes: fromUint64('memoryUsedBytes', memoryUsedBytes), utilisation, celsius })),
    ...(cache === undefined ? {} : { cache: { bytes: fromUint64('cacheBytes', cache.bytes), limitBytes: fromUint64('cacheLimitBytes', cache.limitBytes) } }),
  };
}
