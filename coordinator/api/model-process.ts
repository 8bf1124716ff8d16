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
import type { EnsembleView } from './analysis-views.js';
import type { LayersView, PredictionView } from './model-views.js';

/** What is asked, and what is answered. */
export interface ModelQuestions {
  readonly layers: { readonly asked: { readonly trajectory: ImageTrajectory }; readonly answer: LayersView };
  /** A tar file for whoever asks, to be removed by them. */
  readonly bundle: { readonly asked: { readonly view: EnsembleView }; readonly answer: { readonly tar: string } };
  readonly predict: { readonly asked: { readonly view: EnsembleView; readonly image: Uint8Array }; readonly answer: PredictionView };
}

export type ModelQuestion = { [kind in keyof ModelQuestions]: { readonly kind: kind; readonly id: number } & ModelQuestions[kind]['asked'] }[keyof ModelQuestions];

export type ModelAnswer =
  | { readonly id: number; readonly answer: ModelQuestions[keyof ModelQuestions]['answer'] }
  /** `code`: of docs/errors.md; null for what nobody foresaw. */
  | { readonly id: number; readonly code: string | null; readonly message: string };

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
/** A bundle of many large models. */
const LIMIT_MS = 300_000;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export interface ModelProcessOptions {
  /** Where it keeps decoded statistics and bundles. */
  readonly home: string;
  /** As the coordinator's own: a folder, or s3://… */
  readonly blobs: string;
}

export class ModelProcess {
  readonly #options: ModelProcessOptions;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | null = null;
  #idle: NodeJS.Timeout | null = null;
  #last = 0;

  constructor(options: ModelProcessOptions) {
    this.#options = options;
  }

  /** Rejects with the process's own errors under their codes, and ModelProcessEnded. */
  async ask<Kind extends keyof ModelQuestions>(kind: Kind, asked: ModelQuestions[Kind]['asked']): Promise<ModelQuestions[Kind]['answer']> {
    const child = this.#started();
    this.#last += 1;
    const id = this.#last;
    if (this.#idle !== null) clearTimeout(this.#idle);
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    try {
      return await new Promise<ModelQuestions[Kind]['answer']>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        child.send({ ...asked, kind, id });
      });
    } finally {
      clearTimeout(limit);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.stop(), IDLE_MS).unref();
    }
  }

  /** What was asked and is not answered is refused. */
  stop(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#child?.kill('SIGKILL');
  }

  #started(): ChildProcess {
    if (this.#child !== null) return this.#child;
    const { home, blobs } = this.#options;
    const child = fork(join(packageRoot(), 'dist', 'cli', 'models', 'main.js'), ['--home', home, '--blobs', blobs], { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
    this.#child = child;
    child.on('message', (message) => this.#answered(message as ModelAnswer));
    const gone = (how: string): void => {
      if (this.#child !== child) return;
      this.#child = null;
      for (const { reject } of this.#waiting.values()) reject(new ModelProcessEnded(how));
    };
    child.on('error', (error) => gone(error.message));
    child.on('exit', (code, signal) => gone(signal ?? `exit code ${code ?? 0}`));
    return child;
  }

  #answered(message: ModelAnswer): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ('answer' in message) waiting.resolve(message.answer as never);
    else waiting.reject(message.code === null ? new Error(message.message) : new ModelRefused(message.code, message.message));
  }
}
