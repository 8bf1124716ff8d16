/**
 * The process that opens models for the page: it knows layers and engines, which the coordinator does not,
 * and takes seconds where the coordinator has leases to renew. It starts with the first question, answers
 * one at a time, and ends when nobody has asked for a while.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { CodedError } from '../../proto/coded-error.js';
import { packageRoot } from '../../proto/package-root.js';
import type { ImageTrajectory } from '../../proto/work.js';
import { TooManyRequests } from '../access/errors.js';
import type { EnsembleView } from './analysis-views.js';
import type { LayersView, PredictionView } from './model-views.js';

/** What is asked, and what is answered. */
export interface ModelQuestions {
  readonly layers: { readonly asked: { readonly trajectory: ImageTrajectory }; readonly answer: LayersView };
  /** A tar file for whoever asks, to be removed by them. */
  readonly bundle: { readonly asked: { readonly view: EnsembleView }; readonly answer: { readonly tar: string } };
  readonly predict: { readonly asked: { readonly view: EnsembleView; readonly image: Uint8Array }; readonly answer: PredictionView };
}

export type ModelQuestion = { [kind in keyof ModelQuestions]: { readonly kind: kind } & ModelQuestions[kind]['asked'] }[keyof ModelQuestions];

/** To the one question that is open. */
export type ModelAnswer =
  | { readonly answer: ModelQuestions[keyof ModelQuestions]['answer'] }
  /** `code`: of docs/errors.md; null for what nobody foresaw. */
  | { readonly code: string | null; readonly message: string };

/** The process that opens models ended before it answered. */
export class ModelProcessEnded extends CodedError {
  readonly code = 'ModelProcessEnded';
  constructor(how: string) {
    super(`the process that opens models ended (${how}); ask again, and look at the coordinator's log if it ends again`);
  }
}

/** What the process said under a code of its own. */
class ModelRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const IDLE_MS = 300_000;
/** Of one question, from when its turn has come: a bundle of many large models. */
const LIMIT_MS = 300_000;
/** Questions that wait for their turn; each may hold an image of megabytes. */
const MOST_WAITING = 8;
const RETRY_SECONDS = 10;

interface Waiting {
  readonly question: ModelQuestion;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export interface ModelProcessOptions {
  /** Where it keeps decoded statistics and bundles. */
  readonly home: string;
  /** As the coordinator's own: a folder, or s3://… */
  readonly blobs: string;
  /** Starts the process; that of cli/models where it is left out. */
  readonly start?: () => ChildProcess;
}

export class ModelProcess {
  readonly #start: () => ChildProcess;
  /** In the order in which they came. */
  readonly #waiting: Waiting[] = [];
  /** What the process was asked and has not answered. */
  #open: Waiting | null = null;
  #child: ChildProcess | null = null;
  /** Ends the process that is at a question for too long, or at none. */
  #timer: NodeJS.Timeout | null = null;

  constructor({ home, blobs, start }: ModelProcessOptions) {
    this.#start = start ?? (() => fork(join(packageRoot(), 'dist', 'cli', 'models', 'main.js'), ['--home', home, '--blobs', blobs], { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] }));
  }

  /** Rejects with the process's own errors under their codes, ModelProcessEnded, and TooManyRequests where too many wait. */
  ask<Kind extends keyof ModelQuestions>(kind: Kind, asked: ModelQuestions[Kind]['asked']): Promise<ModelQuestions[Kind]['answer']> {
    return new Promise<ModelQuestions[Kind]['answer']>((resolve, reject) => {
      if (this.#waiting.length >= MOST_WAITING) throw new TooManyRequests(RETRY_SECONDS);
      this.#waiting.push({ question: { ...asked, kind } as ModelQuestion, resolve, reject });
      this.#next();
    });
  }

  /** What was asked and is not answered is refused. */
  stop(): void {
    const refused = this.#waiting.splice(0);
    this.#end('it was stopped');
    for (const { reject } of refused) reject(new ModelProcessEnded('it was stopped'));
  }

  #next(): void {
    if (this.#open !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      if (this.#child !== null) this.#endAfter(IDLE_MS, 'nobody asked for a while');
      return;
    }
    this.#open = next;
    try {
      const child = (this.#child ??= this.#started());
      this.#endAfter(LIMIT_MS, `it took longer than ${LIMIT_MS / 60_000} min`);
      child.send(next.question);
    } catch (error) {
      // No process can be started on a box without memory, say, and none takes what has no channel any more.
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #started(): ChildProcess {
    const child = this.#start();
    // Of one that was ended nothing is heard any more: another may be at work.
    const isOurs = (): boolean => this.#child === child;
    child.on('message', (message) => {
      if (isOurs()) this.#answered(message as ModelAnswer);
    });
    child.on('error', (error) => {
      if (isOurs()) this.#end(error.message);
    });
    child.on('exit', (code, signal) => {
      if (isOurs()) this.#end(signal ?? `exit code ${code ?? 0}`);
    });
    return child;
  }

  #answered(message: ModelAnswer): void {
    const asked = this.#open;
    if (asked === null) return;
    this.#open = null;
    if ('answer' in message) asked.resolve(message.answer as never);
    else asked.reject(message.code === null ? new Error(message.message) : new ModelRefused(message.code, message.message));
    this.#next();
  }

  #endAfter(ms: number, why: string): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(why), ms).unref();
  }

  /** The question that is open fails; those that wait go to another process. */
  #end(how: string): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const [child, asked] = [this.#child, this.#open];
    this.#child = null;
    this.#open = null;
    child?.kill('SIGKILL');
    asked?.reject(new ModelProcessEnded(how));
    this.#next();
  }
}
