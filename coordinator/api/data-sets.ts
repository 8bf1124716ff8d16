/** The data sets of a project's sweeps: what is known of them, and their images. */
import { isBlobId, type OwnedBlobStore } from '../../blob/store.js';
import { PARTS } from '../../proto/manifest.js';
import type { BlobId, DataFile } from '../../proto/work.js';
import { DecoderPool } from '../../worker/data/decoder-pool.js';
import { originalPng, pixelsPng } from '../../worker/data/picture.js';
import { shapeOf, type InputShape } from '../../worker/data/raster.js';
import { median, sampleFacts } from '../../worker/data/survey.js';
import { DataFiles } from '../blob/data-files.js';
import type { SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { regionOf } from '../sweep/image-input.js';
import type { DataSpec } from '../sweep/spec.js';
import type { DataImage, DataImages, DataImagesQuery, DataLook, DataSetDetail, DataSetView, DataSizes, ImageLook, Picture } from './data-views.js';
import { BadRequest, DataSetNotFound, ImageNotFound } from './errors.js';

export interface DataSetsOptions {
  readonly store: Pick<Store, 'listSweeps' | 'findSweep'>;
  readonly blobs: OwnedBlobStore;
  readonly project: string;
}

/** A sweep that trains on images. */
interface ImageSweep {
  readonly record: SweepRecord;
  readonly data: NonNullable<SweepRecord['data']>;
  readonly spec: DataSpec;
}

const REJECTED_SHOWN = 1_000;
const SAMPLED = 200;

export class DataSets {
  readonly #options: DataSetsOptions;
  readonly #files: DataFiles;
  /** Away from the thread that leads; its threads keep no process alive. */
  readonly #decoders = new DecoderPool({ threads: 2, bytesBeforeThreads: 0 });
  /** By manifest, of those that are at hand. */
  readonly #sizes = new Map<BlobId, Promise<DataSizes>>();

  constructor(options: DataSetsOptions) {
    this.#options = options;
    this.#files = new DataFiles(options.blobs);
  }

  /** Those of the sweeps' current revisions, the one of the latest sweep first. */
  async list(): Promise<DataSetView[]> {
    const byManifest = grouped(await this.#imageSweeps(), ({ data }) => data.manifest);
    return [...byManifest.values()].map(viewOf);
  }

  /** Throws DataSetNotFound. */
  async detail(id: string): Promise<DataSetDetail> {
    const users = await this.#usersOf(id);
    return { set: viewOf(users), looks: users.map(lookOf), rejected: (users[0]?.data.rejected ?? []).slice(0, REJECTED_SHOWN) };
  }

  /** In the manifest's order. Throws DataSetNotFound. */
  async images(id: string, { from, limit, part, label, search }: DataImagesQuery): Promise<DataImages> {
    await this.#requireKnown(id);
    const { files } = await this.#files.manifest(id);
    const wanted = search.toLocaleLowerCase();
    const found: number[] = [];
    for (const [index, file] of files.entries()) {
      if ((part === null || file.part === part) && (label === null || file.label === label) && (wanted === '' || file.name.toLocaleLowerCase().includes(wanted))) found.push(index);
    }
    return { total: found.length, images: found.slice(from, from + limit).flatMap((index) => imageOf(index, files[index])) };
  }

  /** Throws DataSetNotFound. */
  async sizes(id: string): Promise<DataSizes> {
    await this.#requireKnown(id);
    for (const known of this.#sizes.keys()) if (known !== id && !this.#files.holds(known)) this.#sizes.delete(known);
    const sizes = this.#sizes.get(id) ?? this.#measure(id);
    this.#sizes.set(id, sizes);
    sizes.catch(() => this.#sizes.delete(id));
    return sizes;
  }

  /** Throws DataSetNotFound, ImageNotFound, and BadRequest where the sweep sees no images of this set. */
  async picture(id: string, index: number, look: ImageLook): Promise<Picture> {
    await this.#requireKnown(id);
    const manifest = await this.#files.manifest(id);
    const file = manifest.files[index];
    if (file === undefined) throw new ImageNotFound(index, manifest.files.length);
    if ('most' in look) {
      return { png: async () => originalPng(await this.#files.bytesOf(manifest, file), look.most), forever: true, tag: `${file.digest}-${look.most}` };
    }
    const input = inputOf(await this.#specOf(id, look.sweep), look.size);
    const shape = shapeOf(input, file.box);
    if (shape === null) throw new BadRequest(`sweep: ${look.sweep} cuts images to their masks, and this image has none`);
    const { width, channels, resize, crop } = shape;
    return { png: async () => pixelsPng(await this.#decoders.decode(await this.#files.bytesOf(manifest, file), shape), shape), forever: false, tag: [file.digest, width, channels, resize, ...(crop?.box ?? [])].join('-') };
  }

  /** The latest first. */
  async #imageSweeps(): Promise<ImageSweep[]> {
    const sweeps = await this.#options.store.listSweeps(this.#options.project);
    return sweeps.toReversed().flatMap((record) => imageSweep(record) ?? []);
  }

  async #usersOf(id: string): Promise<ImageSweep[]> {
    const users = (await this.#imageSweeps()).filter(({ data }) => data.manifest === id);
    if (users.length === 0) throw new DataSetNotFound(id);
    return users;
  }

  async #requireKnown(id: string): Promise<void> {
    if (!isBlobId(id)) throw new DataSetNotFound(id);
    if (!this.#files.holds(id)) await this.#usersOf(id);
  }

  async #specOf(id: string, sweep: string): Promise<DataSpec> {
    const record = await this.#options.store.findSweep(this.#options.project, sweep);
    const found = record === null ? null : imageSweep(record);
    if (found?.data.manifest !== id) throw new BadRequest(`sweep: found ${sweep.slice(0, 200)}, expected the name or id of a sweep over this data set`);
    return found.spec;
  }

  async #measure(id: string): Promise<DataSizes> {
    const manifest = await this.#files.manifest(id);
    const { files } = manifest;
    const facts = await sampleFacts(files, (file) => this.#files.bytesOf(manifest, file), SAMPLED);
    const alike = grouped(facts, ({ width, height, channels }) => `${width} ${height} ${channels}`);
    const sizes = [...alike.values()].flatMap((group) => group.slice(0, 1).map(({ width, height, channels }) => ({ width, height, channels, count: group.length })));
    const bytes = files.map((file) => file.bytes);
    return {
      ...{ images: files.length, sampled: facts.length, sizes: sizes.toSorted((a, b) => b.count - a.count || a.width - b.width || a.height - b.height) },
      bytes: {
        least: bytes.reduce((least, each) => Math.min(least, each), bytes[0] ?? 0),
        median: median(bytes),
        most: bytes.reduce((most, each) => Math.max(most, each), 0),
        total: bytes.reduce((sum, each) => sum + each, 0),
      },
    };
  }
}

/** In the order in which each group's first one comes. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Null where it trains on no images. */
function imageSweep(record: SweepRecord): ImageSweep | null {
  const { data, spec: { trainable } } = record;
  return data === null || trainable.kind !== 'image-classifier' ? null : { record, data, spec: trainable.data };
}

/** `users`: at least one. */
function viewOf(users: readonly ImageSweep[]): DataSetView {
  const [first] = users;
  if (first === undefined) throw new RangeError('a data set that no sweep uses');
  const { manifest, digest, images, classes, positive, counts, rejected, warnings } = first.data;
  return { id: manifest, digest, sweeps: users.map(({ record }) => record.name), images, classes, positive: classes[positive] ?? '', counts: Object.fromEntries(PARTS.map((part) => [part, counts[part]])) as DataSetView['counts'], rejected: rejected.length, warnings };
}

function lookOf({ record, spec }: ImageSweep): DataLook {
  const values = record.spec.axes.find(({ name }) => name === 'imageSize')?.values ?? [];
  const sizes = values.filter((value) => typeof value === 'number').toSorted((a, b) => a - b);
  return { sweep: record.name, sizes, channels: spec.channels === 'rgb' ? 3 : 1, resize: spec.resize, crop: spec.crop === undefined ? null : 'box' in spec.crop ? 'box' : 'masks' };
}

function inputOf({ channels, resize, crop }: DataSpec, size: number): InputShape {
  return { height: size, width: size, channels: channels === 'rgb' ? 3 : 1, resize, ...(crop === undefined ? {} : { crop: regionOf(crop) }) };
}

function imageOf(index: number, file: DataFile | undefined): DataImage[] {
  if (file === undefined) return [];
  const { name, label, part, bytes, digest } = file;
  return [{ index, name, label, part, bytes, digest }];
}
