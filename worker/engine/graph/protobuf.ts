/**
 * The few bytes of protobuf that a SavedModel needs: a writer of fields, no reader and no schema. A
 * generated codec of TensorFlow's own .proto files would be thirty times this and pull in types that
 * nothing here uses.
 */

/** One encoded field, or several after one another. */
export type Encoded = Buffer;

/** Most numbers of a graph, and all its tags, are of one byte: a graph has some ten thousand. */
const SINGLE_BYTES = Array.from({ length: 128 }, (_, value) => Buffer.of(value));

function varint(value: number): Encoded {
  const single = SINGLE_BYTES[value];
  if (single !== undefined) return single;
  const bytes: number[] = [];
  // Negative numbers are those of 64 bits in two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}

const tag = (field: number, wireType: number): Encoded => varint((field << 3) | wireType);

/** int32, int64, bool and enum; negative numbers take ten bytes, as protobuf has it. */
export function varintField(field: number, value: number): Encoded {
  return Buffer.concat([tag(field, 0), varint(value)]);
}

export function floatField(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

/** A string, bytes, or a message of fields that are encoded already. */
export function bytesField(field: number, value: string | Uint8Array | readonly Encoded[]): Encoded {
  const parts = typeof value === 'string' ? [Buffer.from(value)] : value instanceof Uint8Array ? [value] : value;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([tag(field, 2), varint(length), ...parts]);
}
