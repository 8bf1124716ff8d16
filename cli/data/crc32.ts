/** CRC-32 as ZIP archives use it (ISO 3309; PKWARE APPNOTE 4.4.7). Node has one only since 20.15. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

export class Crc32 {
  #state = 0xffffffff;

  update(bytes: Uint8Array): void {
    let state = this.#state;
    for (const byte of bytes) state = (state >>> 8) ^ (TABLE[(state ^ byte) & 0xff] ?? 0);
    this.#state = state;
  }

  /** Of all bytes so far, unsigned. */
  get value(): number {
    return (this.#state ^ 0xffffffff) >>> 0;
  }
}
