/** Arrays and archives as NumPy writes them, for tests: by the formats' descriptions (numpy.lib.format, PKWARE APPNOTE), without the readers under test. */
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../worker/data/png-parts.js';

/** Version 1.0: magic, a header that ends in a line end, values. */
export function npy(descr: string, shape: readonly number[], values: Uint8Array, fortran = false): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')},), }\n`;
  const start = Buffer.from('\x93NUMPY\x01\x00\0\0', 'latin1');
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header), values]);
}

export interface NpzOptions {
  /** As numpy.savez_compressed does; else as numpy.savez. */
  readonly compressed?: boolean;
  /** Written in the place of every true checksum. */
  readonly crc?: number;
}

export function npz(arrays: { readonly [name: string]: Uint8Array }, { compressed = true, crc }: NpzOptions = {}): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [array, bytes] of Object.entries(arrays)) {
    const name = Buffer.from(`${array}.npy`);
    const data = compressed ? deflateRawSync(bytes) : bytes;
    // Version, flags, method, time, date, checksum, both sizes, lengths of name and extra field.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(compressed ? 8 : 0, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc ?? crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, data]);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, place, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
