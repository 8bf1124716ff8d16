import type { Readable } from 'node:stream';

/** An answer that is no JSON: a file to be kept. */
export class FileAnswer {
  readonly contentType: string;
  /** What it is called where it is kept. */
  readonly name: string;
  readonly content: Readable;

  constructor(contentType: string, name: string, content: Readable) {
    this.contentType = contentType;
    this.name = name;
    this.content = content;
  }
}
