/** What of @cornerstonejs/codec-libjpeg-turbo-8bit is used here: it comes without types. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface LibjpegTurbo {
    /** The memory of the instance; another array after it has grown. */
    readonly HEAPU8: Uint8Array;
    readonly JPEGDecoder: new () => JpegDecoder;
  }

  export interface JpegDecoder {
    /** Room for the file, in the instance's memory. */
    getEncodedBuffer(bytes: number): Uint8Array;
    /** Throws a number where libjpeg reports an error or a warning. */
    decode(): void;
    getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
    /** Uint8 [height, width, 1 where the file is gray, else 3], in the instance's memory. */
    getDecodedBuffer(): Uint8Array;
  }

  /** `instantiateWasm` takes the place of reading and compiling the file. */
  export default function factory(options: {
    readonly instantiateWasm: (imports: never, done: (instance: WebAssembly.Instance) => void) => object;
  }): Promise<LibjpegTurbo>;
}
