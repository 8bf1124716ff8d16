/** What a training child does: one order at a time, from the agent's messages to its own. */
import { isClassifier, isProgram, type EvaluatedPart } from '../../proto/work.js';
import type { Evaluation, TrainedEpoch, Trainer } from './trainer.js';
import { StageControl } from './control.js';
import { epochLine } from './epoch-line.js';
import { DONE, outcomeOf } from './failure.js';
import { HandOver, littleEndian } from './hand-over.js';
import { ChildOutbox } from './outbox.js';
import type { EvaluateOrder, FromChild, Order, ToChild, TrainOrder } from './protocol.js';
import { evaluateParts, runStage, type StageEnd, type StageReports } from './stage.js';
import { SyntheticTrainer } from './synthetic.js';

/** Trainers whose state may stay in memory from one order to the next. */
export interface WarmTrainers {
  /** Brings the state that the order begins with; throws errors with the code of their class. */
  prepare(order: Order): Promise<Trainer>;
  /** The state in memory is of no further use. */
  forget(): void;
}

export class TrainingChild {
  readonly #outbox: ChildOutbox;
  readonly #loadWarm: () => Promise<WarmTrainers>;
  readonly #print: (line: string) => void;
  #warm: WarmTrainers | null = null;
  #current: { readonly attempt: string; readonly control: StageControl } | null = null;

  /** `loadWarm` brings in the engine, which is slow: it is called when an image classifier is first asked for. `print`: a line for the attempt's log. */
  constructor(send: (messages: readonly FromChild[]) => void, loadWarm: () => Promise<WarmTrainers>, print: (line: string) => void) {
    this.#print = print;
    this.#outbox = new ChildOutbox(send);
    this.#loadWarm = loadWarm;
  }

  receive(messages: readonly ToChild[]): void {
    for (const message of messages) {
      if (message.kind === 'train' || message.kind === 'evaluate') void this.#run(message);
      // Words about an order that was finished before they came are of no use any more.
      else if (message.attempt === this.#current?.attempt) this.#current.control.receive(message);
    }
  }

  /** Never rejects: whatever goes wrong is the order's outcome. */
  async #run(order: Order): Promise<void> {
    let end: StageEnd;
    try {
      end = order.kind === 'train' ? await this.#train(order) : await this.#evaluate(order);
    } catch (error) {
      end = { outcome: outcomeOf(error), holds: null };
    }
    if (end.holds === null) this.#warm?.forget();
    this.#current = null;
    this.#outbox.push({ kind: 'finished', attempt: order.attempt, ...end });
    this.#outbox.flush();
  }

  async #train(order: TrainOrder): Promise<StageEnd> {
    const { work } = order;
    const control = new StageControl(work.awaitFrom, work.keep);
    this.#current = { attempt: order.attempt, control };
    const trainer = await this.#trainerFor(order);
    const end = await runStage(work, trainer, control, this.#reportsOf(order), () => performance.now());
    await trainer.close?.();
    return end;
  }

  async #evaluate(order: EvaluateOrder): Promise<StageEnd> {
    const trainer = await this.#trainerFor(order);
    await evaluateParts(trainer, order.work.epoch, order.work.parts, this.#reportsOf(order));
    return { outcome: DONE, holds: order.work.epoch };
  }

  async #trainerFor(order: Order): Promise<Trainer> {
    const { trajectory } = order.work;
    if (trajectory.trainable === 'synthetic') return new SyntheticTrainer(trajectory);
    if (isProgram(trajectory)) {
      if (order.kind !== 'train') throw new TypeError(`a ${trajectory.trainable} makes no predictions`);
      return (await import('./programs.js')).openProgram(order, trajectory);
    }
    if (trajectory.trainable === 'classical') return (await import('./classical.js')).classicalTrainer(order, trajectory);
    this.#warm ??= await this.#loadWarm();
    return this.#warm.prepare(order);
  }

  #reportsOf({ attempt, folder, prefix, work: { trajectory } }: Order): StageReports {
    const files = new HandOver(folder, prefix);
    const outbox = this.#outbox;
    return {
      epoch: (epoch: number, trained: TrainedEpoch) => {
        // Programs print for themselves, and nobody reads of formulas.
        if (isClassifier(trajectory)) this.#print(epochLine(epoch, trained));
        outbox.push({ kind: 'epoch', attempt, epoch, ...trained });
      },
      progress: (epoch, step, steps, loss) => outbox.push({ kind: 'progress', attempt, epoch, step, steps, loss }),
      state: async (epoch, state) => outbox.push({ kind: 'state', attempt, epoch, path: await files.write(`${epoch}.state`, state) }),
      evaluation: async (epoch: number, part: EvaluatedPart, { metrics, confusion, probabilities }: Evaluation) => {
        const path = await files.write(`${epoch}.${part}`, littleEndian(probabilities));
        outbox.push({ kind: 'evaluated', attempt, epoch, part, metrics, confusion, path });
      },
      flush: () => outbox.flush(),
    };
  }
}
