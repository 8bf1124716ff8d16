/** The bundle of the ensemble that was asked for last, in the home's cache. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';
import type { BlobStore } from '../../blob/store.js';
import type { EnsembleView } from '../../coordinator/api/analysis-views.js';
import { BadRequest } from '../../coordinator/api/errors.js';
import type { PredictionView } from '../../coordinator/api/model-views.js';
import { keepBundle, predictorOf } from '../bundle/write.js';
import { openBundle } from '../bundle/read.js';
import type { Home } from '../home.js';
import type { Predictor } from '../predict/predictor.js';

interface Ready {
  /** Of the bundle's manifest. */
  readonly digest: string;
  readonly predictor: Predictor;
  readonly selfCheck: number | null;
}

export class KeptBundle {
  readonly #home: Home;
  readonly #blobs: BlobStore;
  readonly #folder: string;
  #ready: Ready | null = null;

  /** Removes the tar files of former processes, which nobody fetched: one process at a time has a home's bundles. */
  static async open(options: { readonly home: Home; readonly blobs: BlobStore }): Promise<KeptBundle> {
    const kept = new KeptBundle(options);
    await mkdir(kept.#folder, { recursive: true });
    for (const file of await readdir(kept.#folder)) if (file.endsWith('.tar')) await rm(join(kept.#folder, file), { force: true });
    return kept;
  }

  private constructor({ home, blobs }: { readonly home: Home; readonly blobs: BlobStore }) {
    this.#home = home;
    this.#blobs = blobs;
    this.#folder = join(home.folder, 'cache', 'bundles');
  }

  /** A file for whoever asked, to be removed by them. Throws as pullBundle does. */
  async tar(view: EnsembleView): Promise<string> {
    const name = await this.#keep(view);
    const file = join(this.#folder, `${name}-${randomBytes(4).toString('hex')}.tar`);
    await create({ file, cwd: join(this.#folder, name), prefix: `${view.sweep.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_')}-bundle`, portable: true }, ['.']);
    return file;
  }

  /** Throws UnreadableImageError, BadRequest where its models see what masks leave of an image, and as pullBundle does. */
  async predict(view: EnsembleView, image: Uint8Array): Promise<PredictionView> {
    const { predictor, selfCheck } = await this.#predictor(join(this.#folder, await this.#keep(view)));
    if (predictor.masks !== null) throw new BadRequest('the models of this ensemble see what masks leave of an image, and an image comes here without one; `trawl predict BUNDLE IMAGE --masks DIR` takes both');
    const [said] = predictor.predict([await predictor.decode(image)]);
    return { class: said?.class ?? '', probabilities: predictor.classes.map((name, label) => ({ class: name, probability: said?.probabilities[label] ?? 0 })), selfCheck };
  }

  /** Its folder's name. Those of other sweeps go. */
  async #keep(view: EnsembleView): Promise<string> {
    const name = view.sweep.id;
    for (const other of await readdir(this.#folder)) if (other !== name && !other.endsWith('.tar')) await rm(join(this.#folder, other), { recursive: true, force: true });
    await keepBundle({ view, home: this.#home, blobs: this.#blobs }, join(this.#folder, name));
    return name;
  }

  async #predictor(folder: string): Promise<Ready> {
    const bundle = await openBundle(folder);
    const { digest } = bundle.manifest;
    if (this.#ready?.digest === digest) return this.#ready;
    const { predictor } = await predictorOf(bundle, this.#home);
    this.#ready = { digest, predictor, selfCheck: await predictor.selfCheck() };
    return this.#ready;
  }
}
