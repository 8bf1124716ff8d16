/**
 * `trawl engine install`: libtensorflow out of a Python wheel, and tfjs-node's addon built against it.
 *
 * Everything is made in a folder beside its place and renamed at the end, so there is a whole engine or
 * none. What was downloaded stays in `downloads` until then, and a second attempt goes on from there.
 * Whether the engine may be used is decided afterwards, by its test (worker/engine/native/check.ts).
 *
 * Why a wheel: it is the only build of a recent libtensorflow that is published for download with a
 * hash, for CPU and GPU, behind every mirror that a company has. Nothing of Python is run.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nativeRecord, readRecord, type Device, type NativeRecord } from '../../worker/engine/native/found.js';
import { BadInput, CommandFailed } from '../exit.js';
import { takeLock, type HomeLock } from '../host/lock.js';
import { bytes as shownBytes } from '../text/format.js';
import { buildAddon, findCompiler, type Compiler } from './addon.js';
import { digestOf, download } from './download.js';
import { BadWheel, DownloadFailed, NoRoom } from './errors.js';
import { NODE_API_HEADERS, TFJS_NODE, TFJS_NODE_JAVASCRIPT, tarballNames, tarballUrl, unpackTarball, type NpmPackage } from './npm-package.js';
import { newestFirst, runsHere, wheelName, wheelsOf, type IndexedWheel } from './package-index.js';
import { cudaRequirements, satisfies, type Requirement } from './requirements.js';
import { packageSources, type Sources } from './sources.js';
import { Wheel } from './wheel.js';

/** What trawl is tested with. 2.18.1, 2.19.1 and 2.20.0 have been seen to work. */
export const DEFAULT_TENSORFLOW = '2.21.0';

/** How much larger the libraries are than the wheel, at most: of 2.21.0, 853 MB out of 274 MB. */
const UNPACKED_RATIO = 3.5;
/** Before an index has said it. */
const CPU_WHEEL_BYTES = 280_000_000;
/** The wheel and the CUDA wheels: 572 MB and 2.8 GB. */
const GPU_WHEELS_BYTES = 3_400_000_000;

export interface InstallOptions {
  /** `engines` of the home. Made where it is missing. */
  readonly folder: string;
  readonly gpu: boolean;
  readonly tensorflow: string;
  /** A wheel on disk; whatever else is needed and lies beside it is taken from there. */
  readonly wheel: string | null;
  /** An addon that was built elsewhere. */
  readonly addon: string | null;
  readonly onLine: (line: string) => void;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Installed {
  readonly name: string;
  readonly record: NativeRecord;
}

/** Throws BadInput, BadWheel, BuildFailed, DownloadFailed, WrongHash, NoRoom, CommandFailed, and the signal's reason. */
export async function installEngine(options: InstallOptions): Promise<Installed> {
  refuseSystem();
  if (options.addon !== null && !existsSync(options.addon)) throw new BadInput(`--addon: found ${options.addon}, which is not there; expected a tfjs_binding.node that trawl engine install has built`);
  const isNewFolder = !existsSync(options.folder);
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(options.folder);
  try {
    return await new Installation(options).execute();
  } finally {
    lock.release();
    if (isNewFolder && readdirSync(options.folder).length === 0) rmSync(options.folder, { recursive: true });
  }
}

function refuseSystem(): void {
  if (process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')) return;
  throw new CommandFailed(`found ${process.platform} ${process.arch}, expected Linux on x64 or arm64: native engines are not built for this system yet; the wasm engine runs everywhere`);
}

function lockFolder(folder: string): HomeLock {
  const taken = takeLock(join(folder, '.install.lock'));
  if ('holder' in taken) throw new CommandFailed(`another trawl engine install runs on this home (process ${taken.holder.pid}); wait for it, or end it: kill ${taken.holder.pid}`);
  return taken;
}

class Installation {
  readonly #options: InstallOptions;
  readonly #device: Device;
  readonly #downloads: string;
  readonly #wheels: { file: string; sha256: string }[] = [];
  #sources: Sources | null = null;

  constructor(options: InstallOptions) {
    this.#options = options;
    this.#device = options.gpu ? 'gpu' : 'cpu';
    this.#downloads = join(options.folder, 'downloads');
  }

  async execute(): Promise<Installed> {
    const { folder, onLine } = this.#options;
    // First: a download of minutes for nothing would be unkind.
    const compiler = this.#options.addon === null ? await findCompiler() : null;
    const tensorflow = this.#versionOf(this.#options.wheel);
    const name = `tensorflow-${tensorflow}-${this.#device}`;
    const place = join(folder, name);
    if (readRecord(place) !== null) throw new CommandFailed(`${name} is installed already; test it with trawl engine test ${name}, or remove it with trawl engine remove ${name}`);
    this.#clearRuins(name);
    await this.#checkRoom();
    const stage = join(folder, `.stage-${process.pid}`);
    try {
      const bytes = await this.#fill(stage, tensorflow);
      const built = await this.#addon(stage, compiler);
      onLine(built);
      const record = nativeRecord.parse({
        ...{ format: 1, tensorflow, device: this.#device, wheels: this.#wheels, bytes, installedAt: new Date().toISOString() },
        addon: { package: TFJS_NODE.name, version: TFJS_NODE.version, compiler: compiler?.version ?? `built elsewhere (${basename(this.#options.addon ?? '')})` },
      } satisfies NativeRecord);
      await writeFile(join(stage, 'engine.json'), `${JSON.stringify(record, null, 2)}\n`);
      this.#options.signal.throwIfAborted();
      await rename(stage, place);
      await rm(this.#downloads, { recursive: true, force: true });
      return { name, record };
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
  }

  /** The wheel's own where one is given. */
  #versionOf(wheel: string | null): string {
    if (wheel === null) return this.#options.tensorflow;
    const name = wheelName(basename(wheel));
    if (!existsSync(wheel)) throw new BadWheel(wheel, 'which is not there');
    if (name === null) throw new BadWheel(wheel, 'whose name is not that of a wheel');
    const expected = this.#packageName();
    if (name.package !== expected) throw new BadWheel(wheel, `a wheel of ${name.package}`, `one of ${expected}${this.#options.gpu ? '' : ' (of tensorflow with --gpu)'}`);
    if (!runsHere(basename(wheel))) throw new BadWheel(wheel, `a wheel for ${name.platform}`, `one for ${process.platform} on ${process.arch}`);
    return name.version;
  }

  /** There is no tensorflow-cpu for arm64: what is called tensorflow is without CUDA there. */
  #packageName(): string {
    return this.#options.gpu || process.arch === 'arm64' ? 'tensorflow' : 'tensorflow-cpu';
  }

  async #checkRoom(): Promise<void> {
    const wheels = this.#options.gpu ? GPU_WHEELS_BYTES : CPU_WHEEL_BYTES;
    const needed = wheels * UNPACKED_RATIO + (this.#options.wheel === null ? wheels : 0);
    const { bavail, bsize } = await statfs(this.#options.folder);
    if (bavail * bsize >= needed) return;
    throw new NoRoom(`found ${shownBytes(bavail * bsize)} free at ${this.#options.folder}, expected about ${shownBytes(needed)}; make room, or install into another home with --home DIR`);
  }

  /** What an installation or a removal that was killed has left; the lock says that none runs. `wanted` has no record that can be read. */
  #clearRuins(wanted: string): void {
    const { folder } = this.#options;
    const isRuin = (name: string): boolean => name === wanted || name.startsWith('.stage-') || (name.startsWith('tensorflow-') && !existsSync(join(folder, name, 'engine.json')));
    for (const name of readdirSync(folder)) if (isRuin(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }

  /** Libraries, headers and sources; returns the libraries' bytes. */
  async #fill(stage: string, tensorflow: string): Promise<number> {
    const site = join(stage, 'site');
    const main = await this.#mainWheel(tensorflow);
    const { bytes: libraries, requirements } = await this.#unpackMain(main, site);
    let bytes = libraries;
    for (const requirement of requirements) {
      const wheel = await this.#cudaWheel(requirement);
      bytes += await this.#unpack(wheel, site, (name) => /^nvidia\/[^/]+\/lib\/.*\.so/.test(name));
    }
    if (this.#options.addon === null) {
      for (const wanted of [TFJS_NODE, NODE_API_HEADERS]) await unpackTarball(await this.#tarball(wanted), wanted, join(stage, 'build', basename(wanted.name)));
    }
    await this.#javascript(join(stage, 'tfjs-node'));
    return bytes;
  }

  /** For --engine eager. Whoever brings his addon may do without: graph does. */
  async #javascript(into: string): Promise<void> {
    try {
      await unpackTarball(await this.#tarball(TFJS_NODE_JAVASCRIPT), TFJS_NODE_JAVASCRIPT, into);
    } catch (error) {
      if (this.#options.addon === null || !(error instanceof DownloadFailed)) throw error;
      this.#options.onLine(`left out what --engine eager needs: ${error.message}`);
    }
  }

  async #mainWheel(tensorflow: string): Promise<string> {
    if (this.#options.wheel !== null) return this.#options.wheel;
    const name = this.#packageName();
    const all = await this.#indexed(name);
    const versions = [...new Set(all.flatMap(({ file }) => wheelName(file)?.version ?? []))].sort(newestFirst);
    const fitting = all.filter(({ file }) => wheelName(file)?.version === tensorflow).sort((a, b) => (a.bytes ?? 0) - (b.bytes ?? 0) || a.file.localeCompare(b.file));
    const chosen = fitting[0];
    if (chosen === undefined) {
      const there = versions.filter((version) => /^[\d.]+$/.test(version)).slice(0, 8);
      throw new BadInput(`--tf: found ${tensorflow}, of which the index has no ${name} for ${process.platform} ${process.arch}; expected one of ${there.length === 0 ? 'those that it has (none)' : there.join(', ')}`);
    }
    return this.#fetchWheel(chosen);
  }

  async #unpackMain(file: string, site: string): Promise<{ bytes: number; requirements: Requirement[] }> {
    const wheel = await Wheel.open(file);
    try {
      const [library, framework] = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];
      for (const needed of [library, framework]) if (!wheel.names.includes(needed)) throw new BadWheel(file, `in which there is no ${needed}`);
      const headers = /^tensorflow\/include\/(tensorflow\/c\/|(tensorflow\/core|tsl|tensorflow\/tsl|external\/local_tsl\/tsl)\/platform\/ctstring|(external\/local_xla\/)?xla\/tsl\/c\/)/;
      const wants = (name: string): boolean => name === library || name === framework || headers.test(name);
      const requirements = this.#options.gpu ? cudaRequirements(await wheel.metadata('Requires-Dist')) : [];
      if (this.#options.gpu && requirements.length === 0) throw new BadWheel(file, 'which names no CUDA packages (extra and-cuda)', 'TensorFlow 2.14 or newer');
      return { bytes: await this.#unpackFrom(wheel, site, wants), requirements };
    } finally {
      wheel.close();
    }
  }

  async #unpack(file: string, site: string, wants: (name: string) => boolean): Promise<number> {
    const wheel = await Wheel.open(file);
    try {
      return await this.#unpackFrom(wheel, site, wants);
    } finally {
      wheel.close();
    }
  }

  async #unpackFrom(wheel: Wheel, into: string, wants: (name: string) => boolean): Promise<number> {
    const { signal, onProgress } = this.#options;
    const name = basename(wheel.file);
    const bytes = await wheel.unpack({ wants, into, signal, onProgress: (done, total) => onProgress(`unpacking ${name}: ${percent(done, total)}`) });
    this.#options.onLine(`unpacked ${name}: ${shownBytes(bytes)}`);
    if (!this.#wheels.some(({ file }) => file === name)) {
      onProgress(`hashing ${name}`);
      this.#wheels.push({ file: name, sha256: await digestOf(wheel.file, createHash('sha256'), signal) });
    }
    return bytes;
  }

  /** The newest that TensorFlow takes: beside the given wheel, else of the index. */
  async #cudaWheel({ name, conditions }: Requirement): Promise<string> {
    const fits = (file: string): boolean => {
      const read = wheelName(file);
      return read?.package === name && satisfies(read.version, conditions) && runsHere(file);
    };
    const byVersion = (a: string, b: string): number => newestFirst(wheelName(a)?.version ?? '', wheelName(b)?.version ?? '');
    const beside = this.#beside().filter(fits).sort(byVersion)[0];
    if (beside !== undefined) return join(dirname(this.#options.wheel ?? ''), beside);
    const chosen = (await this.#indexed(name)).filter(({ file }) => fits(file)).sort((a, b) => byVersion(a.file, b.file))[0];
    if (chosen === undefined) throw new DownloadFailed(`the index has no ${name} ${conditions.join(', ')} for ${process.platform} ${process.arch}; put its wheel beside the one of --wheel`);
    return this.#fetchWheel(chosen);
  }

  /** Files in the folder of the wheel that was given. */
  #beside(): string[] {
    return this.#options.wheel === null ? [] : readdirSync(dirname(this.#options.wheel));
  }

  async #indexed(name: string): Promise<IndexedWheel[]> {
    this.#options.onProgress(`looking for ${name}`);
    this.#sources ??= await packageSources();
    return wheelsOf(this.#sources.index, name, this.#options.signal);
  }

  async #fetchWheel({ file: name, url, bytes, sha256 }: IndexedWheel): Promise<string> {
    const file = join(this.#downloads, name);
    const began = performance.now();
    await this.#download({ url, source: this.#sources?.index ?? url, file, bytes, hash: { algorithm: 'sha256', digest: sha256 } });
    this.#wheels.push({ file: name, sha256 });
    this.#options.onLine(`fetched ${name}: ${bytes === null ? '' : `${shownBytes(bytes)} `}in ${Math.round((performance.now() - began) / 1_000)} s`);
    return file;
  }

  /** Of npm; where it lies beside the given wheel, from there. Its hash is known beforehand. */
  async #tarball(wanted: NpmPackage): Promise<string> {
    const digest = Buffer.from(wanted.sha512, 'base64').toString('hex');
    const beside = this.#beside().find((file) => tarballNames(wanted).includes(file));
    if (beside !== undefined) {
      const file = join(dirname(this.#options.wheel ?? ''), beside);
      if ((await digestOf(file, createHash('sha512'), this.#options.signal)) === digest) return file;
      throw new BadInput(`${file}: found another content than that of ${wanted.name} ${wanted.version}; expected it as npm pack ${wanted.name}@${wanted.version} fetches it`);
    }
    this.#sources ??= await packageSources();
    const { registry } = this.#sources;
    const file = join(this.#downloads, tarballNames(wanted)[0] ?? '');
    try {
      await this.#download({ url: tarballUrl(registry, wanted), source: registry, file, bytes: null, hash: { algorithm: 'sha512', digest } });
    } catch (error) {
      if (!(error instanceof DownloadFailed)) throw error;
      throw new DownloadFailed(`${error.message}; without a network, put ${basename(file)} (npm pack ${wanted.name}@${wanted.version}) beside the wheel`, { cause: error });
    }
    return file;
  }

  #download(wanted: Omit<Parameters<typeof download>[0], 'onProgress' | 'signal' | 'remedy'>): Promise<void> {
    const { signal, onProgress } = this.#options;
    const name = basename(wanted.file);
    return download({ ...wanted, signal, remedy: 'PIP_INDEX_URL and the npm registry, or fetch it elsewhere and give it with --wheel FILE', onProgress: (done, total) => onProgress(`fetching ${name}: ${total === null ? shownBytes(done) : `${percent(done, total)} of ${shownBytes(total)}`}`) });
  }

  /** Built or brought; then what only building needs goes. Returns what to say of it. */
  async #addon(stage: string, compiler: Compiler | null): Promise<string> {
    const addon = join(stage, 'addon', 'tfjs_binding.node');
    const tensorflow = join(stage, 'site', 'tensorflow');
    const build = join(stage, 'build');
    const began = performance.now();
    if (compiler === null) {
      await mkdir(dirname(addon), { recursive: true });
      await copyFile(this.#options.addon ?? '', addon);
    } else {
      this.#options.onProgress('building the addon');
      const folder = (wanted: NpmPackage, within: string): string => join(build, basename(wanted.name), within);
      await buildAddon({ compiler, sources: folder(TFJS_NODE, 'binding'), headers: folder(NODE_API_HEADERS, 'include'), device: this.#device, tensorflow, addon, signal: this.#options.signal });
    }
    await rm(build, { recursive: true, force: true });
    await rm(join(tensorflow, 'include'), { recursive: true, force: true });
    return compiler === null ? 'took the addon that was given' : `built the addon with ${compiler.command} in ${Math.round((performance.now() - began) / 1_000)} s`;
  }
}

function percent(done: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} %`;
}
