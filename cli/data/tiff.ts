/** Pixels of an array as an image file: an uncompressed TIFF, whose bytes depend on the pixels alone and on no version of a compressor. */

const ENTRIES = 9;
const SHORT = 3;
const LONG = 4;

/** Baseline TIFF 6.0, one strip, of uint8 [height, width, channels]. */
export function tiffOf(pixels: Uint8Array, height: number, width: number, channels: 1 | 3): Buffer {
  const directory = 8;
  const depths = directory + 2 + 12 * ENTRIES + 4;
  const data = depths + 6;
  const file = Buffer.alloc(data + pixels.length);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(directory, 4);
  file.writeUInt16LE(ENTRIES, directory);
  let at = directory + 2;
  const entry = (tag: number, type: number, count: number, value: number): void => {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
    at += 12;
  };
  entry(256, LONG, 1, width);
  entry(257, LONG, 1, height);
  // Three depths do not fit into the entry and stand behind the directory.
  entry(258, SHORT, channels, channels === 1 ? 8 : depths);
  entry(259, SHORT, 1, 1);
  entry(262, SHORT, 1, channels === 1 ? 1 : 2);
  entry(273, LONG, 1, data);
  entry(277, SHORT, 1, channels);
  entry(278, LONG, 1, height);
  entry(279, LONG, 1, pixels.length);
  for (let channel = 0; channel < 3; channel += 1) file.writeUInt16LE(8, depths + 2 * channel);
  file.set(pixels, data);
  return file;
}
