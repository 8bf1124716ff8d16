import { SupervisedChild, type ChildExit } from './child-process.js';
import { OomKills } from './oom-kills.js';
import type { HeldState, SlotFacts } from './slot-choice.js';

/** What an attempt that runs in a slot hears of the slot's child. */
export interface ChildListener {
  messages(messages: readonly unknown[]): void;
  exited(exit: ChildExit): void;
}

/** What a child is started with, so that it can train on one engine. */
export interface ChildSetup {
  /** A child serves work of the same name only: a process holds one engine. */
  readonly engine: string;
  readonly args: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** Of a child for one attempt alone: it ends with it, and so does everything that carries this mark. */
  readonly mark?: string;
}

export interface SlotOptions {
  /** The training child's JavaScript file. */
  readonly module: string;
  readonly folder: string;
}

/** A count of the kernel's kills that is no older serves the next attempt in the same child too: reading it takes longer than a short stage. */
const KILLS_AGE_MS = 1_000;

/** Runs at most one attempt at a time, in at most one child, which stays warm between attempts. */
export class Slot implements SlotFacts {
  readonly index: number;
  busy = false;
  held: HeldState | null = null;
  /** The decoded images that its child has open. */
  pixels: string | null = null;
  readonly #options: SlotOptions;
  #child: SupervisedChild | null = null;
  #listener: ChildListener | null = null;
  #engine: string | null = null;
  #kills: { readonly pid: number; readonly at: number; readonly since: Promise<OomKills | null> } | null = null;

  constructor(index: number, options: SlotOptions) {
    this.index = index;
    this.#options = options;
  }

  get hasChild(): boolean {
    return this.#child?.alive === true;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** False where a child is there that was started for another engine: end it first. */
  serves({ engine }: ChildSetup): boolean {
    return !this.hasChild || this.#engine === engine;
  }

  /** From now on the child speaks to this listener; the child is started if there is none. */
  listen(listener: ChildListener, { engine, args, environment }: ChildSetup): SupervisedChild {
    this.#listener = listener;
    if (this.#child?.alive === true) return this.#child;
    const child = new SupervisedChild(
      // --expose-gc: a model's memory that was let go is returned before the next one is taken.
      { module: this.#options.module, folder: this.#options.folder, execArgv: ['--expose-gc'], args, environment },
      (messages) => {
        if (this.#child === child) this.#listener?.messages(messages);
      },
    );
    this.#child = child;
    this.#engine = engine;
    this.held = null;
    this.pixels = null;
    void child.exited.then((exit) => this.#exited(child, exit));
    return child;
  }

  unlisten(): void {
    this.#listener = null;
  }

  /** Of the kernel, in the group of the child, from about now on; null where nothing is counted. */
  oomKills(pid: number): Promise<OomKills | null> {
    const now = performance.now();
    if (this.#kills?.pid !== pid || now - this.#kills.at > KILLS_AGE_MS) this.#kills = { pid, at: now, since: OomKills.since(pid) };
    return this.#kills.since;
  }

  /** Ends the child and its group; settles when they are gone. The listener hears of the exit as of any other. */
  async endChild(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.kill();
    await child.exited;
  }

  #exited(child: SupervisedChild, exit: ChildExit): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.held = null;
    this.#listener?.exited(exit);
  }
}
